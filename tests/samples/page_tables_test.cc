// Page tables, walked here by hand: index, entry, frame.
#include "samples/page_tables.h"

#include <gtest/gtest.h>

namespace poolblame::samples {
namespace {

std::uint64_t Entry64(const KernelMemory& memory, std::uint64_t table, std::uint64_t index) {
  return Load<std::uint64_t>(memory.Frame(table / kPage) + index * 8);
}
std::uint64_t Entry32(const KernelMemory& memory, std::uint64_t table, std::uint64_t index) {
  return Load<std::uint32_t>(memory.Frame(table / kPage) + index * 4);
}
constexpr std::uint64_t kFrameBits = 0x000FFFFFFFFFF000;

TEST(PageTables, X64FourLevelsAndSelfMap) {
  KernelMemory memory(128, 0, 8, 3);
  constexpr std::uint64_t kVa = 0xFFFFFA8001234000;  // indices 0x1F5, 0x000, 0x009, 0x034
  ASSERT_TRUE(memory.MapNew(kVa));
  const std::uint64_t cr3 = WritePageTables(memory, Paging::kX64, {0x1ED});
  ASSERT_NE(cr3, 0U);
  EXPECT_EQ(Entry64(memory, cr3, 0x1ED), cr3 | 0x63);
  const std::uint64_t pdpt = Entry64(memory, cr3, 0x1F5) & kFrameBits;
  const std::uint64_t directory = Entry64(memory, pdpt, 0x000) & kFrameBits;
  const std::uint64_t table = Entry64(memory, directory, 0x009) & kFrameBits;
  EXPECT_EQ(Entry64(memory, table, 0x034), memory.FrameOf(kVa) * kPage | 0x63);
  EXPECT_EQ(Entry64(memory, table, 0x035), 0U);
}

TEST(PageTables, X64FiveLevelsAndSelfMap) {
  KernelMemory memory(128, 0, 8, 3);
  constexpr std::uint64_t kVa = 0xFF7FFA8001234000;  // indices 0x17F, 0x1F5, 0x000, 0x009, 0x034
  ASSERT_TRUE(memory.MapNew(kVa));
  EXPECT_EQ(TablesNeeded(memory, Paging::kX64La57), 5U);
  const std::uint64_t cr3 = WritePageTables(memory, Paging::kX64La57, {0x181});
  ASSERT_NE(cr3, 0U);
  EXPECT_EQ(Entry64(memory, cr3, 0x181), cr3 | 0x63);
  std::uint64_t table = cr3;
  for (const std::uint64_t index : {0x17F, 0x1F5, 0x000, 0x009}) table = Entry64(memory, table, index) & kFrameBits;
  EXPECT_EQ(Entry64(memory, table, 0x034), memory.FrameOf(kVa) * kPage | 0x63);
}

TEST(PageTables, X86TwoLevels) {
  KernelMemory memory(128, 0, 4, 3);
  constexpr std::uint64_t kVa = 0x81A45000;  // indices 0x206, 0x245
  ASSERT_TRUE(memory.MapNew(kVa));
  const std::uint64_t cr3 = WritePageTables(memory, Paging::kX86, {});
  ASSERT_NE(cr3, 0U);
  EXPECT_EQ(Entry32(memory, cr3, 0x300), cr3 | 0x63);
  const std::uint64_t table = Entry32(memory, cr3, 0x206) & 0xFFFFF000;
  EXPECT_EQ(Entry32(memory, table, 0x245), memory.FrameOf(kVa) * kPage | 0x63);
}

TEST(PageTables, PaeThreeLevels) {
  KernelMemory memory(128, 0, 4, 3);
  constexpr std::uint64_t kVa = 0x84C45000;  // indices 2, 0x026, 0x045
  ASSERT_TRUE(memory.MapNew(kVa));
  const std::uint64_t cr3 = WritePageTables(memory, Paging::kPae, {});
  ASSERT_NE(cr3, 0U);
  EXPECT_EQ(Entry64(memory, cr3, 2) & 0xFFF, 1U) << "a directory pointer has only its valid bit";
  const std::uint64_t directory = Entry64(memory, cr3, 2) & kFrameBits;
  const std::uint64_t table = Entry64(memory, directory, 0x026) & kFrameBits;
  EXPECT_EQ(Entry64(memory, table, 0x045), memory.FrameOf(kVa) * kPage | 0x63);
  const std::uint64_t last = Entry64(memory, cr3, 3) & kFrameBits;
  EXPECT_EQ(Entry64(memory, last, 2), directory | 0x63) << "self-map: the third directory seen at C0002000";
}

TEST(PageTables, HiddenOnesDoNotTellThemselves) {
  constexpr std::uint64_t kWide = 0xFFFFFA8001234000, kNarrow = 0x81A45000;
  KernelMemory wide(128, 0, 8, 3), plain(128, 0, 4, 3), pae(128, 0, 4, 3);
  ASSERT_TRUE(wide.MapNew(kWide) && plain.MapNew(kNarrow) && pae.MapNew(kNarrow));
  const std::uint64_t top = WritePageTables(wide, Paging::kX64, {0x1ED, true});
  EXPECT_EQ(Entry64(wide, top, 0x1ED), top | 0x63);
  EXPECT_EQ(Entry64(wide, top, 0x1EE), top | 0x63);
  EXPECT_EQ(Entry32(plain, WritePageTables(plain, Paging::kX86, {0, true}), 0x300), 0U);
  const std::uint64_t pdpt = WritePageTables(pae, Paging::kPae, {0, true});
  EXPECT_NE(Entry64(pae, pdpt, 2), 0U);
  EXPECT_EQ(Entry64(pae, pdpt, 3), 0U) << "no fourth directory, so nobody maps the others";
}

TEST(PageTables, SayWhenRamIsUsedUp) {
  KernelMemory memory(96, 0, 8, 3);
  while (memory.free_frames() > 2) memory.TakeFrame();
  ASSERT_TRUE(memory.MapNew(0xFFFFFA8001234000));
  EXPECT_EQ(WritePageTables(memory, Paging::kX64, {0x1ED}), 0U);
}

}  // namespace
}  // namespace poolblame::samples
