// The debugger data block: plain, encoded, cut and lying.
#include "parser/kernel/debugger_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "tests/kernel/fake_memory.h"

namespace poolblame {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr VirtAddr kKernel{0xFFFFF80133800000};
constexpr VirtAddr kCode = kKernel + 0xFC0;  // the sequence crosses a page border
constexpr VirtAddr kBlock = kKernel + 0x2340;
constexpr VirtAddr kFlag = kKernel + 0x35D8;
constexpr VirtAddr kNever = kKernel + 0x3600;
constexpr VirtAddr kAlways = kKernel + 0x3608;
constexpr std::uint64_t kNeverValue = 0x8C5A3F21D4E6B709;
constexpr std::uint64_t kAlwaysValue = 0x00F1E2D3C4B5A697;
constexpr std::uint32_t kBlockSize = 0x360;

std::uint64_t Swap(std::uint64_t v) {
  std::uint64_t swapped = 0;
  for (int i = 0; i < 8; ++i) swapped = (swapped << 8) | ((v >> (8 * i)) & 0xFF);
  return swapped;
}
/// The inverse of the transform, as the kernel applies it at boot.
std::uint64_t Encode(std::uint64_t plain, std::uint64_t never = kNeverValue, std::uint64_t always = kAlwaysValue,
                     VirtAddr flag = kFlag) {
  return std::rotr(Swap(plain ^ always) ^ flag.value, static_cast<int>(never & 63)) ^ never;
}

enum class Form { kPlain, kEncoded };

FakeMemory BlockInMemory(Form form) {
  FakeMemory memory(Machine::kX64, kKernel, 4);
  const auto put = [&](std::uint64_t offset, std::uint64_t value) {
    memory.Put(kBlock + offset, form == Form::kEncoded ? Encode(value) : value, 8);
  };
  for (std::uint64_t offset = 0; offset < kBlockSize; offset += 8) put(offset, 0);
  put(0x10, (std::uint64_t{kBlockSize} << 32) | kDebuggerBlockTag);
  put(0x18, kKernel.value);
  put(0x48, kKernel.value + 0x3700);
  put(0x1C0, kKernel.value + 0x3800);
  return memory;
}

/// cmp byte ptr [flag], 0; mov rax, [never]; xor rcx, [always]; bswap rax.
void PutDecoder(FakeMemory& memory, VirtAddr flag, VirtAddr never, VirtAddr always) {
  memory.PutBytes(kCode, {0x80, 0x3D}).Put(kCode + 2, flag - (kCode + 7), 4).Put(kCode + 6, 0, 1);
  memory.PutBytes(kCode + 0x20, {0x48, 0x8B, 0x05}).Put(kCode + 0x23, never - (kCode + 0x27), 4);
  memory.PutBytes(kCode + 0x60, {0x48, 0x33, 0x0D}).Put(kCode + 0x63, always - (kCode + 0x67), 4);
  memory.PutBytes(kCode + 0x80, {0x48, 0x0F, 0xC8});
  memory.Put(kNever, kNeverValue, 8).Put(kAlways, kAlwaysValue, 8);
}

TEST(DecodeDebuggerBlock, WordsComputedApartFromThisCode) {
  const std::array<std::uint64_t, 3> encoded = {0x1fcc8267af96606c, 0xe04bb1a615a69d93, 0x1fee13c72f96606c};
  EXPECT_THAT(DecodeDebuggerBlock(encoded, 0x8C5A3F21D4E6B709, 0x00F1E2D3C4B5A697, 0xFFFFF80133B4C5D8),
              ElementsAre(0xFFFFF80133C12345, 0x3604742444B, 0xFFFFF80133800000));
}

TEST(DecodeDebuggerBlock, UndoesTheEncodingForAnyRotation) {
  for (std::uint64_t turn = 0; turn < 64; ++turn) {
    const std::uint64_t never = (kNeverValue & ~std::uint64_t{0x3F}) | turn;
    const std::array<std::uint64_t, 1> word = {Encode(0x123456789ABCDEF0, never)};
    EXPECT_THAT(DecodeDebuggerBlock(word, never, kAlwaysValue, kFlag.value), ElementsAre(0x123456789ABCDEF0));
  }
}

TEST(ReadDebuggerBlock, Plain) {
  FakeMemory memory = BlockInMemory(Form::kPlain);
  std::vector<std::string> notes;
  const auto block = ReadDebuggerBlock(memory.Space(), kBlock, std::nullopt, notes);
  ASSERT_TRUE(block);
  EXPECT_EQ(block->KernBase, kKernel.value);
  EXPECT_EQ(block->PsLoadedModuleList, kKernel.value + 0x3700);
  EXPECT_EQ(block->NonPagedPoolDescriptor, kKernel.value + 0x3800);
  EXPECT_THAT(notes, IsEmpty());
}

TEST(ReadDebuggerBlock, FieldsBehindItsSizeReadAsZero) {
  FakeMemory memory = BlockInMemory(Form::kPlain);
  memory.Put(kBlock + 0x14, kMinDebuggerBlockSize, 4).Put(kBlock + 0x220, 0x1234, 8);
  std::vector<std::string> notes;
  const auto block = ReadDebuggerBlock(memory.Space(), kBlock, std::nullopt, notes);
  ASSERT_TRUE(block);
  EXPECT_EQ(block->MmUnloadedDrivers, 0u);
  EXPECT_EQ(block->NonPagedPoolDescriptor, kKernel.value + 0x3800);
}

TEST(ReadDebuggerBlock, EncodedIsDecodedWithWhatTheCodeRefersTo) {
  FakeMemory memory = BlockInMemory(Form::kEncoded);
  PutDecoder(memory, kFlag, kNever, kAlways);
  std::vector<std::string> notes;
  const auto block = ReadDebuggerBlock(memory.Space(), kBlock, ImageRange{kKernel, 0x4000}, notes);
  ASSERT_TRUE(block);
  EXPECT_EQ(block->KernBase, kKernel.value);
  EXPECT_EQ(block->NonPagedPoolDescriptor, kKernel.value + 0x3800);
  EXPECT_THAT(notes, IsEmpty());
}

/// lea rcx, [block], between the loads.
void PutAddressOf(FakeMemory& memory, VirtAddr block) {
  memory.PutBytes(kCode + 0x40, {0x48, 0x8D, 0x0D}).Put(kCode + 0x43, block - (kCode + 0x47), 4);
}

TEST(FindEncodedBlock, TheCodeThatHasTheKeysNamesIt) {
  FakeMemory memory = BlockInMemory(Form::kEncoded);
  PutDecoder(memory, kFlag, kNever, kAlways);
  EXPECT_FALSE(FindEncodedBlock(memory.Space(), {kKernel, 0x4000})) << "nobody says where it is";
  PutAddressOf(memory, kBlock);
  const auto block = FindEncodedBlock(memory.Space(), {kKernel, 0x4000});
  ASSERT_TRUE(block);
  EXPECT_EQ(block->KernBase, kKernel.value);
  EXPECT_EQ(block->NonPagedPoolDescriptor, kKernel.value + 0x3800);
}

TEST(FindEncodedBlock, ABlockOfAnotherKernelIsNotTaken) {
  FakeMemory memory = BlockInMemory(Form::kEncoded);
  PutDecoder(memory, kFlag, kNever, kAlways);
  PutAddressOf(memory, kBlock);
  memory.Put(kBlock + 0x18, Encode(kKernel.value + 0x1000), 8);
  EXPECT_FALSE(FindEncodedBlock(memory.Space(), {kKernel, 0x4000}));
}

TEST(ReadDebuggerBlock, WithoutTheRightCodeItStaysEncodedAndSaysSo) {
  FakeMemory memory = BlockInMemory(Form::kEncoded);
  PutDecoder(memory, kFlag + 8, kNever, kAlways);  // another flag than the block was encoded with
  std::vector<std::string> notes;
  EXPECT_FALSE(ReadDebuggerBlock(memory.Space(), kBlock, ImageRange{kKernel, 0x4000}, notes));
  EXPECT_THAT(notes, ElementsAre(HasSubstr("encoded or damaged")));
}

TEST(ReadDebuggerBlock, AbsentOrCutIsANote) {
  FakeMemory memory = BlockInMemory(Form::kPlain);
  memory.Put(kKernel + 0x3FE0 + 0x10, (std::uint64_t{kBlockSize} << 32) | kDebuggerBlockTag, 8);
  std::vector<std::string> notes;
  EXPECT_FALSE(ReadDebuggerBlock(memory.Space(), kKernel + 0x100000, std::nullopt, notes));
  EXPECT_FALSE(ReadDebuggerBlock(memory.Space(), kKernel + 0x3FE0, std::nullopt, notes));
  EXPECT_THAT(notes, ElementsAre(HasSubstr("not in the image"), HasSubstr("only partly")));
}

TEST(ParseDebuggerBlock, RefusesSizesNoWindowsHas) {
  std::array<std::uint8_t, 0x400> bytes{};
  const auto with = [&](std::uint32_t tag, std::uint32_t size) {
    for (unsigned i = 0; i < 4; ++i) {
      bytes[0x10 + i] = static_cast<std::uint8_t>(tag >> (8 * i));
      bytes[0x14 + i] = static_cast<std::uint8_t>(size >> (8 * i));
    }
    return ParseDebuggerBlock({bytes.data(), bytes.size()}).has_value();
  };
  EXPECT_TRUE(with(kDebuggerBlockTag, 0x290));
  EXPECT_TRUE(with(kDebuggerBlockTag, 0x1000));  // longer than what is there: the rest is zero
  EXPECT_FALSE(with(kDebuggerBlockTag, 0x200));
  EXPECT_FALSE(with(kDebuggerBlockTag, 0x1008));
  EXPECT_FALSE(with(kDebuggerBlockTag, 0x291));
  EXPECT_FALSE(with(kDebuggerBlockTag + 1, 0x290));
  for (std::size_t length = 0; length < 0x18; ++length) EXPECT_FALSE(ParseDebuggerBlock({bytes.data(), length}));
}

}  // namespace
}  // namespace poolblame
