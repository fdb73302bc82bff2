// The page map, the virtual map and the interval sweep below both.
#include <gmock/gmock.h>

#include <random>

#include "parser/image/interval_cover.h"
#include "parser/image/page_map.h"
#include "parser/image/virtual_map.h"

namespace poolblame {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<PageRun> RunsOf(const PageMap& map, std::uint64_t first, std::uint64_t count) {
  std::vector<PageRun> runs;
  map.ForEachRun(first, count, [&](const PageRun& run) { runs.push_back(run); });
  return runs;
}

/// `pages` pages, each filled with its own index.
std::vector<std::uint8_t> PagesByIndex(std::size_t pages) {
  std::vector<std::uint8_t> file(pages * 4096);
  for (std::size_t i = 0; i < file.size(); ++i) file[i] = static_cast<std::uint8_t>(i / 4096);
  return file;
}

TEST(CutOverlaps, TheLowestSourceKeepsThePlace) {
  const std::vector<Interval> pieces = CutOverlaps({{10, 20, 1}, {15, 30, 0}, {5, 40, 2}, {50, 50, 3}, {60, 55, 4}});
  ASSERT_EQ(pieces.size(), 4u);
  EXPECT_EQ(pieces[0].source, 2u);
  EXPECT_EQ(pieces[0].begin, 5u);
  EXPECT_EQ(pieces[1].source, 1u);
  EXPECT_EQ(pieces[1].end, 15u);
  EXPECT_EQ(pieces[2].source, 0u);
  EXPECT_EQ(pieces[2].end, 30u);
  EXPECT_EQ(pieces[3].source, 2u);
  EXPECT_EQ(pieces[3].end, 40u);
}

TEST(CutOverlaps, AgreesWithPaintingByHand) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<Interval> intervals;
    std::vector<std::size_t> painted(100, SIZE_MAX);
    for (std::size_t source = 0; source < 12; ++source) {
      const std::uint64_t begin = random() % 100, end = begin + random() % (101 - begin);
      intervals.push_back({begin, end, source});
      for (std::uint64_t at = begin; at < end; ++at)
        if (painted[at] == SIZE_MAX) painted[at] = source;
    }
    std::vector<std::size_t> cut(100, SIZE_MAX);
    for (const Interval& piece : CutOverlaps(intervals))
      for (std::uint64_t at = piece.begin; at < piece.end; ++at) {
        ASSERT_EQ(cut[at], SIZE_MAX) << "pieces overlap";
        cut[at] = piece.source;
      }
    EXPECT_EQ(cut, painted);
  }
}

TEST(PageMap, RunsAreIndexedAndCut) {
  const std::vector<std::uint8_t> file = PagesByIndex(6);
  const PageMap map =
      PageMap::FromRuns({file.data(), file.size()}, {{0x10, 3, FileOffset{0}}, {0x20, 9, FileOffset{0x3000}}});
  EXPECT_EQ(map.page_count(), 6u);
  EXPECT_EQ(map.highest_pfn(), 0x22u);
  EXPECT_THAT(RunsOf(map, 0, 6), ElementsAre(PageRun{0x10, 3, FileOffset{0}}, PageRun{0x20, 3, FileOffset{0x3000}}));
  EXPECT_THAT(RunsOf(map, 2, 2),
              ElementsAre(PageRun{0x12, 1, FileOffset{0x2000}}, PageRun{0x20, 1, FileOffset{0x3000}}));
  EXPECT_THAT(RunsOf(map, 5, 100), ElementsAre(PageRun{0x22, 1, FileOffset{0x5000}}));
  EXPECT_THAT(RunsOf(map, 6, 1), IsEmpty());
  EXPECT_EQ(map.Page(0x21)[0], 4);
  EXPECT_TRUE(map.Page(0x23).empty());
  EXPECT_TRUE(map.Page(0xF).empty());
  EXPECT_TRUE(map.Page(~Pfn{0}).empty());
}

TEST(PageMap, AnEmptyMapHasNothing) {
  const PageMap map;
  EXPECT_TRUE(map.empty());
  EXPECT_TRUE(map.Page(0).empty());
  EXPECT_THAT(RunsOf(map, 0, 10), IsEmpty());
}

TEST(PageMap, ARunAtTheEndOfAllNumbersIsHarmless) {
  const std::vector<std::uint8_t> file = PagesByIndex(2);
  const PageMap map = PageMap::FromRuns({file.data(), file.size()},
                                        {{~Pfn{0} - 1, 2, FileOffset{0}}, {5, 1, FileOffset{~std::uint64_t{0}}}});
  EXPECT_EQ(map.page_count(), 1u);
  EXPECT_EQ(map.Page(~Pfn{0} - 1).size(), 4096u);
}

TEST(PageMap, BitmapAndPlainWalkAgree) {
  std::mt19937 random(11);
  for (const std::uint64_t bits :
       std::initializer_list<std::uint64_t>{1u, 7u, 63u, 64u, 65u, 2047u, 2048u, 2049u, 6000u}) {
    std::vector<std::uint8_t> bitmap((bits + 7) / 8);
    for (auto& byte : bitmap) byte = static_cast<std::uint8_t>(random() & random());
    std::vector<Pfn> stored;
    for (Pfn pfn = 0; pfn < bits; ++pfn)
      if (bitmap[pfn / 8] >> pfn % 8 & 1) stored.push_back(pfn);
    // The file lacks the last two pages and has one page of header before the first.
    const std::uint64_t kept = stored.size() < 2 ? 0 : stored.size() - 2;
    const std::vector<std::uint8_t> file((1 + kept) * 4096 + 5);
    const PageMap map =
        PageMap::FromBitmap({file.data(), file.size()}, {bitmap.data(), bitmap.size()}, bits, FileOffset{4096});
    EXPECT_EQ(PageMap::CountBits({bitmap.data(), bitmap.size()}, bits), stored.size());
    ASSERT_EQ(map.page_count(), kept);
    std::vector<Pfn> listed;
    map.ForEachRun(0, kept, [&](const PageRun& run) {
      EXPECT_EQ(run.offset.value, 4096 * (1 + listed.size()));
      for (std::uint64_t i = 0; i < run.count; ++i) listed.push_back(run.first + i);
    });
    stored.resize(kept);
    EXPECT_EQ(listed, stored);
    EXPECT_EQ(map.highest_pfn(), kept > 0 ? stored.back() : 0);
    for (std::uint64_t i = 0; i < kept; ++i) {
      EXPECT_EQ(map.Page(stored[i]).data(), file.data() + 4096 * (1 + i));
      const auto part = RunsOf(map, i, 1);
      ASSERT_EQ(part.size(), 1u);
      EXPECT_EQ(part[0], (PageRun{stored[i], 1, FileOffset{4096 * (1 + i)}}));
    }
  }
}

TEST(PageMap, TheIndexOfASixtyFourGigabyteBitmapIsSmall) {
  // Not the memory but the promise: 16 Mi pages, every other one stored, found without a list of pages.
  std::vector<std::uint8_t> bitmap((std::uint64_t{1} << 24) / 8, 0x55);
  const std::vector<std::uint8_t> file(3 * 4096);
  const PageMap map = PageMap::FromBitmap({file.data(), file.size()}, {bitmap.data(), bitmap.size()},
                                          std::uint64_t{1} << 24, FileOffset{0});
  EXPECT_EQ(map.page_count(), 3u);
  EXPECT_EQ(map.highest_pfn(), 4u);
  EXPECT_TRUE(map.Page(6).empty());
}

TEST(VirtualMap, JoinsAndKeepsTheFirst) {
  const std::vector<std::uint8_t> a(0x1800, 0xAA), b(0x1000, 0xBB);
  const VirtualMap map(
      {{VirtAddr{0x10800}, {a.data(), a.size()}}, {VirtAddr{0x11800}, {b.data(), b.size()}}, {VirtAddr{0x20000}, {}}});
  ASSERT_EQ(map.ranges().size(), 2u);
  EXPECT_EQ(map.ranges()[1].begin, VirtAddr{0x12000});
  EXPECT_EQ(map.ranges()[1].bytes.size(), 0x800u);
  EXPECT_THAT(map.WholePages(), ElementsAre(VirtAddr{0x11000}));
  std::array<std::uint8_t, 4> out{};
  EXPECT_TRUE(map.Read(VirtAddr{0x11FFE}, out));
  EXPECT_THAT(out, ElementsAre(0xAA, 0xAA, 0xBB, 0xBB));
  EXPECT_FALSE(map.Read(VirtAddr{0x127FE}, out));
  EXPECT_FALSE(map.Read(VirtAddr{0x107FF}, out));
  EXPECT_TRUE(map.BytesAt(VirtAddr{0x12800}).empty());
}

TEST(VirtualMap, ARangeThatWouldWrapIsCut) {
  const std::vector<std::uint8_t> a(0x3000, 0xAA);
  const VirtualMap map({{VirtAddr{0xFFFFFFFFFFFFF000}, {a.data(), a.size()}}});
  ASSERT_EQ(map.ranges().size(), 1u);
  EXPECT_EQ(map.ranges()[0].bytes.size(), 0xFFFu);
  EXPECT_THAT(map.WholePages(), IsEmpty());
  std::array<std::uint8_t, 2> out{};
  EXPECT_FALSE(map.Read(VirtAddr{0xFFFFFFFFFFFFFFFE}, out));
}

}  // namespace
}  // namespace poolblame
