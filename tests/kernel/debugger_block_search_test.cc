// The debugger data block in memory that nobody describes: the true one, stale ones, and bytes that only look alike.
#include "parser/kernel/debugger_block_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "parser/kernel/system.h"
#include "tests/image/memory_builder.h"

namespace poolblame {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using testing::PageTables;
using testing::PhysicalMemory;
using testing::TableKind;

constexpr std::uint64_t kHeaderPfn = 0x50, kDataPfn = 0x51, kStalePfn = 0x20;
constexpr std::uint64_t kBlockAt = 0xA0, kListAt = 0x800, kLabAt = 0x900;

/// A kernel of two pages in raw memory: its header, and its data with the block.
class BareKernel {
 public:
  explicit BareKernel(bool x64) : x64_(x64), base_(x64 ? 0xFFFFF80002800000 : 0x82800000) {
    PageTables(memory, x64 ? TableKind::kX64 : TableKind::kX86, 1)
        .MapSelf()
        .Map(base_, kHeaderPfn)
        .Map(base_ + 0x1000, kDataPfn);
    memory.Write(kHeaderPfn * 4096, 0x5A4D, 2);  // `MZ`
    PutBlock(kDataPfn, kBlockAt);
    memory.Write(Data(kListAt), base_ + 0x1000 + kListAt, x64 ? 8 : 4);
    PutLab("7601.17514.amd64fre");
  }

  void PutBlock(std::uint64_t pfn, std::uint64_t offset) {
    const std::uint64_t block = pfn * 4096 + offset;
    memory.Write(block + 0x10, 0x4742444B, 4);
    memory.Write(block + 0x14, 0x340, 4);
    memory.Write(block + 0x18, Extended(base_), 8);
    memory.Write(block + 0x48, Extended(base_ + 0x1000 + kListAt), 8);
    memory.Write(block + 0x208, Extended(base_ + 0x1000 + kLabAt), 8);
  }
  void PutLab(const std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) memory.Write(Data(kLabAt) + i, static_cast<std::uint8_t>(text[i]), 1);
  }

  /// The block's physical address plus `offset`.
  [[nodiscard]] static std::uint64_t Block(std::uint64_t offset) { return Data(kBlockAt) + offset; }
  [[nodiscard]] VirtAddr block_address() const { return VirtAddr{base_ + 0x1000 + kBlockAt}; }

  Image Open() {
    file_.clear();
    for (const auto& [pfn, page] : memory.pages()) {
      file_.resize(pfn * 4096);
      file_.insert(file_.end(), page.begin(), page.end());
    }
    return std::move(Image::FromBytes({file_.data(), file_.size()}, "bare", {}).value());
  }
  std::optional<VirtAddr> Find() {
    const Image image = Open();
    return FindDebuggerBlock(AddressSpace(image));
  }

  PhysicalMemory memory;

 private:
  [[nodiscard]] static std::uint64_t Data(std::uint64_t offset) { return kDataPfn * 4096 + offset; }
  /// As the block holds addresses: x86 ones sign-extended.
  [[nodiscard]] std::uint64_t Extended(std::uint64_t address) const {
    return x64_ ? address : address | 0xFFFFFFFF00000000;
  }

  bool x64_;
  std::uint64_t base_;
  std::vector<std::uint8_t> file_;
};

TEST(DebuggerBlockSearch, TheKernelsBlockIsFoundAndSaysTheBuild) {
  for (const bool x64 : {true, false}) {
    BareKernel kernel(x64);
    EXPECT_EQ(kernel.Find(), kernel.block_address());
    const Image image = kernel.Open();
    const System system = ReadSystem(AddressSpace(image));
    EXPECT_EQ(system.build, 7601u);
    EXPECT_EQ(system.os, "Windows 7 / Server 2008 R2");
    EXPECT_TRUE(system.kernel_image_base);
    EXPECT_THAT(system.notes, Contains(HasSubstr("the debugger data block was found by its tag, at 0x")));
  }
}

TEST(DebuggerBlockSearch, StaleCopiesArePassedBy) {
  BareKernel kernel(true);
  kernel.PutBlock(kStalePfn, 0x100);  // of an earlier boot: nobody maps it
  kernel.PutBlock(kHeaderPfn, 0x200);
  kernel.memory.Write(kHeaderPfn * 4096 + 0x218, 0xFFFFF80002900000, 8);  // mapped, but of another kernel
  EXPECT_EQ(kernel.Find(), kernel.block_address());
}

TEST(DebuggerBlockSearch, WhatIsNoBlockIsNotTaken) {
  const struct {
    std::uint64_t offset, value;
    const char* what;
  } cases[] = {
      {0x10, 0x4742444C, "tag"},
      {0x14, 0x100, "size too small"},
      {0x14, 0x2000, "size too large"},
      {0x14, 0x341, "size of no whole words"},
      {0x18, 0x1000, "kernel in user space"},
      {0x18, 0xFFFFF80002801000, "kernel without a header"},
      {0x48, 0xFFFFF80012345678, "list that is not there"},
  };
  for (const auto& test : cases) {
    BareKernel kernel(true);
    kernel.memory.Write(BareKernel::Block(test.offset), test.value, test.offset < 0x18 ? 4 : 8);
    EXPECT_FALSE(kernel.Find()) << test.what;
  }
}

TEST(DebuggerBlockSearch, ATagInTheLastBytesOfTheImageIsNoBlock) {
  BareKernel kernel(true);
  kernel.memory.Write(BareKernel::Block(0x10), 0, 4);
  kernel.memory.Write((kDataPfn + 1) * 4096 - 8, 0x4742444B | std::uint64_t{0x340} << 32, 8);
  EXPECT_FALSE(kernel.Find());
}

TEST(DebuggerBlockSearch, WithoutPageTablesNothingIsFound) {
  BareKernel kernel(true);
  kernel.memory.Remove(1);
  EXPECT_FALSE(kernel.Find());
}

TEST(DebuggerBlockSearch, BuildsAreReadAsFarAsTheyMakeSense) {
  const struct {
    const char* text;
    std::optional<std::uint32_t> build;
  } cases[] = {
      {"2600.xpsp.080413-2111", 2600}, {"26100.1.amd64fre.ge_release", 26100}, {"1057.nt", std::nullopt},
      {"760100.", std::nullopt},       {"76a1.17514", std::nullopt},           {".7601.", std::nullopt},
  };
  for (const auto& test : cases) {
    BareKernel kernel(true);
    kernel.PutLab(test.text);
    const Image image = kernel.Open();
    EXPECT_EQ(ReadSystem(AddressSpace(image)).build, test.build) << test.text;
  }
}

}  // namespace
}  // namespace poolblame
