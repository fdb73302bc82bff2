// Triage dumps: virtual ranges and tables, for both widths and both x86 strides.
#include <gmock/gmock.h>

#include "parser/image/address_space.h"
#include "tests/image/open.h"

namespace poolblame::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::uint8_t> Filled(std::size_t size, std::uint8_t value) {
  return std::vector<std::uint8_t>(size, value);
}

TestTriage Triage64() {
  TestTriage triage;
  triage.blocks = {{0xFFFFF80012345800, Filled(0x800, 0xB1)},  // these two make a whole page together
                   {0xFFFFF80012345000, Filled(0x800, 0xB0)},
                   {0xFFFFFA8000010000, Filled(0x1000, 0xB2)},
                   {0xFFFFFA8000010010, Filled(0x20, 0xB3)}};  // overlaps, comes later
  triage.stack = {0xFFFFF88000ABC7F0, Filled(0x300, 0x57)};
  triage.data_page = {0xFFFFFA8000020000, Filled(0x1000, 0xDA)};
  triage.debugger_data = Filled(0x340, 0xDB);
  triage.debugger_data_address = 0xFFFFF800027E50A0;
  return triage;
}

TestTriage Triage32() {
  TestTriage triage;
  triage.blocks = {{0x81234000, Filled(0x1000, 0xB1)}, {0x8055A000, Filled(0x120, 0xB2)}};
  triage.stack = {0xF8A2C7F0, Filled(0x300, 0x57)};
  triage.data_page = {0xE1020000, Filled(0x1000, 0xDA)};
  triage.debugger_data = Filled(0x290, 0xDB);
  triage.debugger_data_address = 0x80545CE0;
  return triage;
}

int ByteAt(const AddressSpace& space, std::uint64_t address) {
  std::uint8_t byte = 0;
  return space.Read(VirtAddr{address}, {&byte, 1}) == Presence::kPresent ? byte : -1;
}

TEST(TriageDump, X64RangesAndTables) {
  const OpenedImage opened = Open(TriageDump64(Triage64()));
  const ImageFacts& facts = opened.image.facts();
  EXPECT_EQ(facts.container, "pagedu64-triage");
  EXPECT_EQ(facts.machine, Machine::kX64);
  EXPECT_FALSE(facts.truncated);
  EXPECT_THAT(facts.notes, IsEmpty());
  EXPECT_EQ(facts.directory_table_base, std::nullopt);
  ASSERT_TRUE(facts.triage);
  EXPECT_EQ(facts.triage->driver_count, 2u);
  EXPECT_EQ(opened.file[facts.triage->driver_list.value], 0xD0);
  EXPECT_EQ(facts.triage->string_pool_size, 64u);
  EXPECT_EQ(opened.file[facts.triage->string_pool.value], 0x55);
  EXPECT_EQ(facts.triage->debugger_data_size, 0x340u);
  EXPECT_EQ(opened.file[facts.triage->debugger_data.value], 0xDB);
  EXPECT_NE(facts.triage->unloaded_drivers, FileOffset{0});
  EXPECT_TRUE(opened.image.pages().empty());
  EXPECT_THAT(opened.image.virtual_ranges().WholePages(),
              ElementsAre(VirtAddr{0xFFFFF80012345000}, VirtAddr{0xFFFFFA8000010000}, VirtAddr{0xFFFFFA8000020000}));
}

TEST(TriageDump, X64AddressSpace) {
  const OpenedImage opened = Open(TriageDump64(Triage64()));
  const AddressSpace space(opened.image);
  EXPECT_TRUE(space.can_translate());
  EXPECT_EQ(ByteAt(space, 0xFFFFF80012345000), 0xB0);
  EXPECT_EQ(ByteAt(space, 0xFFFFF80012345800), 0xB1);
  EXPECT_EQ(ByteAt(space, 0xFFFFFA8000010010), 0xB2);  // the first block keeps the place
  EXPECT_EQ(ByteAt(space, 0xFFFFF88000ABC7F0), 0x57);
  EXPECT_EQ(ByteAt(space, 0xFFFFF88000ABC7EF), -1);
  EXPECT_EQ(ByteAt(space, 0xFFFFFA8000020FFF), 0xDA);
  EXPECT_EQ(ByteAt(space, 0xFFFFF800027E50A0), 0xDB);
  const PageBytes joined = space.Page(VirtAddr{0xFFFFF80012345123});
  EXPECT_EQ(joined.presence, Presence::kPresent);
  ASSERT_EQ(joined.bytes.size(), 4096u);
  EXPECT_EQ(joined.bytes[0x7FF], 0xB0);
  EXPECT_EQ(joined.bytes[0x800], 0xB1);
  EXPECT_EQ(space.Page(VirtAddr{0xFFFFF88000ABC000}).presence, Presence::kNotInDump);
  EXPECT_EQ(space.Translate(VirtAddr{0xFFFFF8FFFFFFF000}).presence, Presence::kNotInDump);
}

TEST(TriageDump, X86StrideIsInferred) {
  for (const std::uint64_t stride : std::initializer_list<std::uint64_t>{12u, 16u}) {
    const OpenedImage opened = Open(TriageDump32(Triage32(), stride));
    EXPECT_EQ(opened.image.facts().container, "pagedump-triage");
    EXPECT_THAT(opened.image.facts().notes, IsEmpty()) << stride;
    const AddressSpace space(opened.image);
    EXPECT_EQ(ByteAt(space, 0x81234FFF), 0xB1) << stride;
    EXPECT_EQ(ByteAt(space, 0x8055A11F), 0xB2) << stride;
    EXPECT_EQ(ByteAt(space, 0x8055A120), -1) << stride;
    EXPECT_EQ(ByteAt(space, 0xF8A2C7F0), 0x57) << stride;
    EXPECT_EQ(ByteAt(space, 0xE1020800), 0xDA) << stride;
    EXPECT_EQ(ByteAt(space, 0x80545CE0), 0xDB) << stride;
  }
}

TEST(TriageDump, Arm64Opens) {
  Bytes file = TriageDump64(Triage64());
  file.U32(0x30, 0xAA64);
  const OpenedImage opened = Open(file);
  EXPECT_EQ(opened.image.facts().machine, Machine::kArm64);
  EXPECT_STREQ(MachineName(opened.image.facts().machine), "arm64");
  EXPECT_TRUE(AddressSpace(opened.image).can_translate());
}

TEST(TriageDump, ACutFileKeepsWhatIsThere) {
  Bytes file = TriageDump64(Triage64());
  const std::uint64_t size = file.size();
  file.Resize(size - 1);
  const OpenedImage opened = Open(file);
  EXPECT_TRUE(opened.image.facts().truncated);
  EXPECT_THAT(opened.image.facts().notes, Contains("the triage block says " + std::to_string(size) +
                                                   " bytes, the file has " + std::to_string(size - 1)));
  EXPECT_THAT(opened.image.facts().notes, Contains(HasSubstr("the end mark of the triage dump is not at")));
  EXPECT_EQ(opened.image.virtual_ranges().WholePages().size(), 3u);
}

TEST(TriageDump, LyingCountsAreClamped) {
  Bytes file = TriageDump64(Triage64());
  file.U32(0x2034, 0xFFFFFFFF).U32(0x207C, 0xFFFFFFFF);
  const OpenedImage opened = Open(file);
  EXPECT_TRUE(opened.image.facts().truncated);
  EXPECT_LT(opened.image.facts().triage->driver_count, 100u);
  EXPECT_THAT(opened.image.facts().notes,
              Contains(HasSubstr("the list of data blocks is said to have 4294967295 entries")));
  EXPECT_THAT(opened.image.facts().notes,
              Contains(HasSubstr("the triage driver list is said to have 4294967295 entries")));
  EXPECT_EQ(ByteAt(AddressSpace(opened.image), 0xFFFFFA8000010010), 0xB2);
}

TEST(TriageDump, PartsOutsideTheFileAreNotesWithBothNumbers) {
  Bytes file = TriageDump64(Triage64());
  const std::uint64_t size = file.size();
  file.U32(0x2028, static_cast<std::uint32_t>(size - 0x10)).U32(0x2070, 0xFFFFFFF0);
  const OpenedImage opened = Open(file);
  EXPECT_THAT(opened.image.facts().notes, Contains(HasSubstr("the triage call stack needs 768 bytes at 0x")));
  EXPECT_THAT(opened.image.facts().notes,
              Contains("the debugger data block needs 832 bytes at 0xfffffff0, the file has 0 left"));
  EXPECT_EQ(opened.image.facts().triage->debugger_data, FileOffset{0});
  EXPECT_EQ(opened.image.facts().triage->debugger_data_size, 0u);
}

TEST(TriageDump, ACutTriageBlockIsAnError) {
  Bytes file = TriageDump64(Triage64());
  file.Resize(0x2000 + 0x7F);
  const Error error = ErrorOf(file.vector());
  EXPECT_EQ(error.kind, ErrorKind::kTruncated);
  EXPECT_EQ(error.what, "triage block");
  EXPECT_EQ(error.offset, 0x2000u);
  EXPECT_EQ(error.wanted, 0x80u);
  EXPECT_EQ(error.have, 0x7Fu);
}

}  // namespace
}  // namespace poolblame::testing
