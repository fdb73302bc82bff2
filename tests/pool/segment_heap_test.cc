// The segment heap from whole images: keys without symbols, subsegments, and what is said of damage in them.
#include "parser/pool/segment_heap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "parser/pool/segment_page.h"
#include "tests/pool/opened_image.h"

namespace poolblame {
namespace {

using test::FromRecipe;
using test::Opened;
using test::Scan;

class EveryBuild : public ::testing::TestWithParam<int> {
 protected:
  static std::string Recipe(const std::string& words) {
    return "windows=" + std::to_string(GetParam()) + " machine=x64 activity=300 " + words;
  }
};

TEST_P(EveryBuild, TheKeyIsTheImagesOwn) {
  for (const char* container : {"full", "bitmap", "summary", "kernel-bitmap"}) {
    const Opened opened = FromRecipe(Recipe("fault=none pages=160 seed=3 container=" + std::string(container)));
    const PoolCensus census = Scan(opened);
    ASSERT_NE(census.segment_heap, nullptr) << container;
    EXPECT_EQ(census.segment_heap->heap_key()->key, opened.truth.heap_key) << container;
    EXPECT_GT(census.segment_heap->heap_key()->margin(), 0U) << container;
  }
}

TEST_P(EveryBuild, LowerBitsOfTheLfhKeyAreSolvedFromGeometry) {
  const Opened opened = FromRecipe(Recipe("fault=none seed=4 container=full pages=400"));
  const PoolCensus census = Scan(opened);
  ASSERT_NE(census.segment_heap, nullptr);
  ASSERT_TRUE(census.segment_heap->lfh_key());
  EXPECT_EQ(census.segment_heap->lfh_key()->key, opened.truth.lfh_key & 0xFFFFFFFF);
}

TEST_P(EveryBuild, HealthyPoolHasNothingToSay) {
  const PoolCensus census = Scan(FromRecipe(Recipe("fault=none pages=160 seed=5 container=full")));
  EXPECT_TRUE(census.findings.empty());
  EXPECT_TRUE(census.not_judged.empty());
  EXPECT_GT(census.pool_pages, 30U);
  EXPECT_GT(census.allocated, census.free);
}

TEST_P(EveryBuild, BlocksOfAPageLieBehindEachOther) {
  const Opened opened = FromRecipe(Recipe("fault=none pages=160 seed=6 container=full"));
  const PoolCensus census = Scan(opened);
  ASSERT_NE(census.segment_heap, nullptr);
  const AddressSpace space(*opened.image);
  for (const PageRange& range : census.segment_heap->ranges()) {
    if (range.kind != RangeKind::kVs) continue;
    const auto subsegment = census.segment_heap->ReadVs(space, range);
    ASSERT_TRUE(subsegment);
    std::uint32_t end = kVsFirstChunk;
    for (const VsChunk& chunk : subsegment->chunks) {
      EXPECT_EQ(chunk.offset, end);
      end += chunk.size;
    }
    EXPECT_EQ(end, subsegment->bytes.size());
  }
}

TEST_P(EveryBuild, AnOverrunsVictimIsFoundInEitherBackend) {
  for (const char* backend : {"vs", "lfh"}) {
    const Opened opened =
        FromRecipe(Recipe("fault=overrun bytes=24 content=random victim=allocated container=full pages=200 "
                          "seed=8 backend=" +
                          std::string(backend)));
    const PoolCensus census = Scan(opened);
    ASSERT_EQ(census.findings.size(), 1U) << backend;
    const PoolPage& page = census.findings[0];
    EXPECT_EQ(page.backend, backend == std::string("vs") ? PoolBackend::kVs : PoolBackend::kLfh);
    const auto damaged = std::find_if(page.blocks.begin(), page.blocks.end(),
                                      [](const PoolBlock& block) { return block.header_damaged(); });
    ASSERT_NE(damaged, page.blocks.end()) << backend;
    EXPECT_EQ((*page.address + damaged->offset).value, opened.truth.victim_header) << backend;
  }
}

INSTANTIATE_TEST_SUITE_P(Windows, EveryBuild, ::testing::Values(18362, 19041, 22000, 22621, 26100));

TEST(SegmentHeap, ATriageDumpIsReadByItsPagesAlone) {
  for (const char* backend : {"vs", "lfh"}) {
    const Opened opened = FromRecipe(
        "windows=19041 fault=overrun bytes=24 content=string container=triage seed=3 backend=" + std::string(backend));
    const PoolCensus census = Scan(opened);
    ASSERT_NE(census.segment_heap, nullptr) << backend;
    EXPECT_TRUE(census.segment_heap->by_pages_alone());
    ASSERT_EQ(census.findings.size(), 1U) << backend;
    const PoolPage& page = census.findings[0];
    const auto damaged = std::find_if(page.blocks.begin(), page.blocks.end(),
                                      [](const PoolBlock& block) { return block.header_damaged(); });
    ASSERT_NE(damaged, page.blocks.end()) << backend;
    EXPECT_EQ((*page.address + damaged->offset).value, opened.truth.victim_header) << backend;
  }
}

TEST(SegmentHeap, AKeyFromATriageDumpIsTheImagesOwnOrNone) {
  std::uint32_t found = 0;
  for (int seed = 0; seed < 12; ++seed) {
    const Opened opened =
        FromRecipe("windows=22621 backend=vs fault=overrun bytes=9 pages=200 activity=300 container=triage seed=" +
                   std::to_string(seed));
    const PoolCensus census = Scan(opened);
    if (census.segment_heap == nullptr || !census.segment_heap->heap_key()) continue;
    ++found;
    EXPECT_EQ(census.segment_heap->heap_key()->key, opened.truth.heap_key) << seed;
  }
  EXPECT_GE(found, 10U);
}

// One dword of 2,028 blocks' old bytes happens to be printable, in a free slot behind one that somebody had.
TEST(SegmentHeap, OldBytesThatLookLikeATagAreNoLostHeader) {
  const PoolCensus census = Scan(FromRecipe(
      "windows=22000 fault=none pages=318 activity=508 after=32 backend=lfh large=4 payload=rich seed=225542588"));
  EXPECT_GT(census.pool_blocks, 2000U);
  EXPECT_TRUE(census.findings.empty());
}

/// The write went into a slot's payload; a free slot elsewhere keeps old memory that begins with zeros.
TEST(SegmentHeap, OldMemoryThatBeginsWithZerosIsNoDamagedHeader) {
  const PoolCensus census =
      Scan(FromRecipe("windows=19041 machine=x64 container=full fault=wild-write content=continue pages=362 "
                      "activity=259 backend=lfh payload=rich seed=1626121679"));
  EXPECT_TRUE(census.findings.empty());
}

}  // namespace
}  // namespace poolblame
