// Physical page -> kernel address: small and large pages, shared tables, self-maps, loops.
#include "parser/image/reverse_map.h"

#include <gmock/gmock.h>

#include <chrono>

#include "parser/image/mapped_pages.h"
#include "tests/image/open.h"

namespace poolblame::testing {
namespace {

constexpr std::uint64_t kPool = 0xFFFFFA8001200000;

OpenedImage OpenX64(const PhysicalMemory& memory) {
  return Open(FullDump64(memory, RunsOf(memory), {.table_base = 0x10000}));
}

TEST(ReverseMap, FindsTheLowestKernelAddress) {
  PhysicalMemory memory;
  PageTables tables(memory, TableKind::kX64, 0x10);
  tables.Map(kPool + 0x5000, 0x80).Map(kPool + 0x1000, 0x80).Map(kPool, 0x81).Map(0x401000, 0x82);
  for (const std::uint64_t pfn : std::initializer_list<std::uint64_t>{0x80, 0x81, 0x82, 0x83}) memory.Add(pfn, 1);
  const OpenedImage opened = OpenX64(memory);
  const ReverseMap map = ReverseMap::Build(AddressSpace(opened.image), {0x80, 0x81, 0x82, 0x83});
  EXPECT_EQ(map.Find(0x80), VirtAddr{kPool + 0x1000});
  EXPECT_EQ(map.Find(0x81), VirtAddr{kPool});
  EXPECT_EQ(map.Find(0x82), std::nullopt);  // user half only
  EXPECT_EQ(map.Find(0x83), std::nullopt);  // mapped nowhere
  EXPECT_EQ(map.Find(0x84), std::nullopt);  // never asked for
}

TEST(ReverseMap, KnowsEachPageOfALargePage) {
  PhysicalMemory memory;
  PageTables tables(memory, TableKind::kX64, 0x10);
  tables.Set(kPool, 21, 0x600000 | 0xE3);
  std::vector<Pfn> wanted;
  for (Pfn pfn = 0x5FF; pfn <= 0x800; ++pfn) wanted.push_back(pfn);
  const OpenedImage opened = OpenX64(memory);
  const ReverseMap map = ReverseMap::Build(AddressSpace(opened.image), wanted);
  EXPECT_EQ(map.Find(0x5FF), std::nullopt);
  for (Pfn pfn = 0x600; pfn < 0x800; ++pfn) EXPECT_EQ(map.Find(pfn), VirtAddr{kPool + (pfn - 0x600) * 0x1000});
  EXPECT_EQ(map.Find(0x800), std::nullopt);
}

TEST(ReverseMap, CountsTransitionPagesAsMapped) {
  PhysicalMemory memory;
  PageTables(memory, TableKind::kX64, 0x10).Set(kPool, 12, 0x80000 | 0x800 | 0x80);
  const OpenedImage opened = OpenX64(memory);
  EXPECT_EQ(ReverseMap::Build(AddressSpace(opened.image), {0x80}).Find(0x80), VirtAddr{kPool});
}

TEST(ReverseMap, DoesNotTakePageTablesForPages) {
  const struct {
    TableKind kind;
    std::uint64_t address;
  } cases[] = {{TableKind::kX86, 0xE1234000}, {TableKind::kPae, 0xE1234000}, {TableKind::kX64, kPool}};
  for (const auto& test : cases) {
    PhysicalMemory memory;
    PageTables tables(memory, test.kind, 0x10);
    tables.MapSelf().Map(test.address, 0x80);
    memory.Add(0x80, 1);
    std::vector<Pfn> wanted;
    for (const auto& [pfn, page] : memory.pages()) wanted.push_back(pfn);
    const TestHeader header{.table_base = 0x10000, .pae = test.kind == TableKind::kPae};
    const OpenedImage opened = test.kind == TableKind::kX64 ? Open(FullDump64(memory, RunsOf(memory), header))
                                                            : Open(FullDump32(memory, RunsOf(memory), header));
    const ReverseMap map = ReverseMap::Build(AddressSpace(opened.image), wanted);
    for (const Pfn pfn : wanted) {
      EXPECT_EQ(map.Find(pfn), pfn == 0x80 ? std::optional(VirtAddr{test.address}) : std::nullopt) << pfn;
    }
  }
}

TEST(ReverseMap, SharedTablesAreFollowedOnce) {
  PhysicalMemory memory;
  PageTables tables(memory, TableKind::kX64, 0x10);
  tables.Map(kPool, 0x80);
  const std::uint64_t shared = tables.TableOf(kPool, 12);
  tables.Set(kPool + 0x40000000, 21, shared * 4096 | 0x63);
  const OpenedImage opened = OpenX64(memory);
  EXPECT_EQ(ReverseMap::Build(AddressSpace(opened.image), {0x80}).Find(0x80), VirtAddr{kPool});
}

TEST(ReverseMap, HostileTablesEndSoon) {
  // Every entry of every table leads to the same four tables, and the last ones to each other's pages: followed
  // blindly, 512 * 512 * 512 * 256 pages.
  PhysicalMemory memory;
  for (std::uint64_t table = 0x10; table < 0x14; ++table)
    for (std::uint64_t i = 0; i < 512; ++i)
      memory.Write(table * 4096 + i * 8, (0x10 + (i + table) % 4) * 4096 | 0x63, 8);
  // And a table of nothing but 1 GiB pages over the whole image.
  for (std::uint64_t i = 0; i < 512; ++i) memory.Write(0x20000 + i * 8, 0xE3, 8);
  memory.Write(0x10000 + 300 * 8, 0x20063, 8);
  const OpenedImage opened = OpenX64(memory);
  std::vector<Pfn> wanted;
  for (Pfn pfn = 0x1000; pfn < 0x11000; ++pfn) wanted.push_back(pfn);
  const auto start = std::chrono::steady_clock::now();
  const ReverseMap map = ReverseMap::Build(AddressSpace(opened.image), wanted);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
  EXPECT_NE(map.Find(0x1000), std::nullopt);
}

TEST(PagesOfKernelSpace, AscendEachOnce) {
  PhysicalMemory memory;
  PageTables tables(memory, TableKind::kX64, 0x10);
  tables.MapSelf().Map(kPool, 0x90).Map(kPool + 0x1000, 0x80).Map(kPool + 0x2000, 0x81).Map(kPool + 0x3000, 0x90);
  tables.Map(kPool + 0x4000, 0x82);
  tables.Map(0x10000, 0x99);  // a program's
  const OpenedImage opened = OpenX64(memory);
  const std::vector<PfnRange> pages = PagesOfKernelSpace(AddressSpace(opened.image));
  ASSERT_EQ(pages.size(), 2u);
  EXPECT_EQ(pages[0].first, 0x80u);
  EXPECT_EQ(pages[0].end, 0x83u);
  EXPECT_EQ(pages[1].first, 0x90u);
  EXPECT_EQ(pages[1].end, 0x91u);
}

TEST(ReverseMap, IsEmptyWithoutPageTables) {
  OpenOptions options;
  options.base = VirtAddr{kPool};
  const OpenedImage opened = Open(Bytes().Resize(0x1000).U8(0, 1), options);
  EXPECT_EQ(ReverseMap::Build(AddressSpace(opened.image), {0}).Find(0), std::nullopt);
}

}  // namespace
}  // namespace poolblame::testing
