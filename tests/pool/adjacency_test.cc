// Who stands below whom: counted on a page written down by hand, and the same for both allocators' real images.
#include "parser/pool/adjacency.h"

#include <gtest/gtest.h>

#include "parser/pool/census_statistics.h"
#include "tests/pool/opened_image.h"
#include "tests/pool/page_builder.h"

namespace poolblame {
namespace {

using test::FromRecipe;
using test::PageBuilder;
using test::Scan;

constexpr Neighbourhood kNonPaged{false, 0}, kPaged{true, 0};

NeighbourCounts Of(const HealthyPages& pages, const char* tag, const Neighbourhood& where = kNonPaged) {
  return pages.tags.at(PoolTag::FromText(tag)).neighbours.In(where);
}

HealthyPages Count(const PageBuilder& page) {
  HealthyPages pages;
  const HeaderReader reader(*FindPoolHeaderLayout("nt6-x64"));
  pages.Add(page.view().data(), {}, std::nullopt, reader, nullptr);
  return pages;
}

TEST(Adjacency, CountsBlocksInUseBelowIntactOnes) {
  const HealthyPages pages = Count(PageBuilder("nt6-x64")
                                       .Block("Aaaa", 0x40)
                                       .Block("Aaaa", 0x40)
                                       .Block("Bbbb", 0x80)
                                       .Free(0x100)
                                       .Block("Cccc", 0x60)
                                       .FillToEnd("Dddd"));
  EXPECT_EQ(Of(pages, "Aaaa"), (NeighbourCounts{2, 1}));
  EXPECT_EQ(Of(pages, "Bbbb"), (NeighbourCounts{1, 0})) << "the block above it is free, and intact";
  EXPECT_EQ(Of(pages, "Cccc"), (NeighbourCounts{1, 0}));
  EXPECT_EQ(Of(pages, "Free"), (NeighbourCounts{0, 0})) << "nobody writes there by right";
  EXPECT_EQ(pages.pairs.pairs.at(kNonPaged), pages.blocks - 1);
}

TEST(Adjacency, PoolsAreCountedApart) {
  const HealthyPages pages =
      Count(PageBuilder("nt6-x64").BusyType(3).Free(0x40).Block("Aaaa", 0x40).Block("Bbbb", 0x80).FillToEnd("Dddd"));
  EXPECT_EQ(Of(pages, "Aaaa", kPaged), (NeighbourCounts{1, 0}));
  EXPECT_EQ(Of(pages, "Aaaa", kNonPaged), (NeighbourCounts{0, 0}));
  EXPECT_EQ(pages.pairs.pairs.at(kPaged), pages.blocks - 1);
}

/// Of all tags in every neighbourhood no more than there are pairs.
void ExpectPartsOfTheWhole(const PoolCensus& census) {
  ASSERT_FALSE(census.pairs.pairs.empty());
  for (const auto& [where, pairs] : census.pairs.pairs) {
    std::uint64_t below = 0;
    for (const auto& [tag, statistics] : census.tags) {
      const NeighbourCounts own = statistics.neighbours.In(where);
      EXPECT_LE(own.below_same, own.below);
      below += own.below;
    }
    EXPECT_LE(below, pairs) << where.slot_size;
  }
}

TEST(Adjacency, IsTheSameForAnyNumberOfThreads) {
  for (const char* windows : {"windows=9600", "windows=22621"}) {
    const auto opened = FromRecipe(std::string(windows) + " machine=x64 fault=none pages=2048 seed=5");
    ScanOptions one, many;
    one.threads = 1;
    many.threads = 8;
    const PoolCensus a = Scan(opened, one), b = Scan(opened, many);
    ExpectPartsOfTheWhole(a);
    EXPECT_EQ(a.pairs.pairs, b.pairs.pairs);
    for (const auto& [tag, statistics] : a.tags)
      for (const auto& [where, pairs] : a.pairs.pairs)
        EXPECT_EQ(statistics.neighbours.In(where), b.tags.at(tag).neighbours.In(where));
  }
}

TEST(Adjacency, SlotsOfOneSizeAreAPopulationOfTheirOwn) {
  const PoolCensus census = Scan(FromRecipe("windows=22621 machine=x64 fault=none pages=1024 seed=5"));
  std::size_t slots = 0;
  for (const auto& [where, pairs] : census.pairs.pairs) slots += where.slot_size != 0 ? 1 : 0;
  EXPECT_GT(slots, 3U);
  EXPECT_TRUE(census.pairs.pairs.contains(kPaged));
}

}  // namespace
}  // namespace poolblame
