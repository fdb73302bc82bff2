// What the kernel counted against what the walk finds, on images whose allocators kept the counts themselves.
#include "heuristics/usage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "heuristics/block_search.h"
#include "samples/builder.h"
#include "tests/pool/opened_image.h"

namespace poolblame {
namespace {

Usage Count(const std::string& recipe) {
  const auto opened = test::FromRecipe(recipe);
  const AddressSpace space(*opened.image);
  const System system = ReadSystem(space);
  return CountUsage(space, system, ScanPool(space, system, {}), TagDatabase::BuiltIn());
}

const UsageRow* RowOf(const Usage& usage, const std::string& tag, UsageType type) {
  for (const UsageRow& row : usage.rows)
    if (row.tag.text() == tag && row.type == type) return &row;
  return nullptr;
}

class UsageOf : public ::testing::TestWithParam<const char*> {};

TEST_P(UsageOf, ACleanImageIsWhatTheKernelCounted) {
  for (const char* seed : {"3", "4", "5"}) {
    const Usage usage = Count(std::string(GetParam()) + " fault=none tracker=yes pages=400 activity=2000 seed=" + seed);
    ASSERT_EQ(usage.source, UsageSource::kTracker) << usage.why_not_tracker;
    EXPECT_GT(usage.comparison.rows, 40U);
    EXPECT_EQ(usage.comparison.same_count, usage.comparison.rows);
    EXPECT_EQ(usage.comparison.same_bytes, usage.comparison.rows);
  }
}

INSTANTIATE_TEST_SUITE_P(Windows, UsageOf,
                         ::testing::Values("windows=2600 machine=x86", "windows=3790 machine=x64",
                                           "windows=6002 machine=x86", "windows=7601 machine=x64",
                                           "windows=9600 machine=x64", "windows=14393 machine=x86",
                                           "windows=17134 machine=x64", "windows=18362 machine=x64",
                                           "windows=19041 machine=x64 large=2", "windows=22621 machine=x64",
                                           "windows=26100 machine=x64 large=3"),
                         [](const auto& windows) {
                           std::string name = windows.param;
                           std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
                           return name;
                         });

TEST(UsageByBlocks, IsWhatAnImageWithoutATableHas) {
  const Usage usage = Count("windows=7601 machine=x64 fault=none pages=300 activity=800 seed=3");
  EXPECT_EQ(usage.source, UsageSource::kBlocks);
  EXPECT_NE(usage.why_not_tracker, "");
  std::uint64_t blocks = 0, bytes = 0;
  for (const UsageRow& row : usage.rows) {
    blocks += row.blocks;
    bytes += row.bytes();
    EXPECT_FALSE(row.tracked.has_value());
  }
  std::uint64_t in_totals = 0, bytes_in_totals = 0;
  for (const UsageTotal& total : usage.totals) {
    in_totals += total.blocks;
    bytes_in_totals += total.bytes;
  }
  EXPECT_EQ(blocks, in_totals);
  EXPECT_EQ(bytes, bytes_in_totals);
}

// Their tags are in no table: only the code of the image can say whose they are.
TEST(UsageByBlocks, DriversOfTagsInNoTableAreNamedByTheirCode) {
  const auto opened =
      test::FromRecipe("windows=19041 machine=x64 container=full fault=none pages=900 code=yes seed=77");
  const AddressSpace space(*opened.image);
  const System system = ReadSystem(space);
  const PoolCensus census = ScanPool(space, system, {});
  const Usage usage = CountUsage(space, system, census, TagDatabase::BuiltIn());
  std::size_t named = 0;
  for (const UsageRow& row : usage.rows) named += row.owner.source == "module-scan" ? 1 : 0;
  EXPECT_GT(named, 20U);
  const UsageRow* row = RowOf(usage, "VxFc", UsageType::kNonPaged);
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->owner.driver, "vxfilter.sys");
  std::size_t found = 0;
  FindBlocks(space, system, census, TagDatabase::BuiltIn(), {.driver = "vxfilter"}, [&](const FoundBlock& block) {
    EXPECT_EQ(block.owner.driver, "vxfilter.sys");
    ++found;
  });
  EXPECT_GE(found, row->blocks);
}

TEST(UsageByTracker, SessionPoolIsCountedByItsBlocks) {
  const Usage usage = Count("windows=7601 machine=x64 fault=none tracker=yes pages=300 activity=800 seed=3");
  const UsageRow* row = RowOf(usage, "Gla1", UsageType::kSession);
  ASSERT_NE(row, nullptr);
  EXPECT_FALSE(row->by_tracker);
  EXPECT_GT(row->outstanding(), 0);
}

// Lists that leave no mark on their blocks hide frees from the walk, not from the kernel.
TEST(UsageByTracker, UnmarkedListsShowAsMoreFound) {
  const Usage usage =
      Count("windows=3790 machine=x86 fault=none tracker=yes lookaside_marked=no pages=300 activity=1500 seed=3");
  EXPECT_GT(usage.comparison.more_found, 0U);
  EXPECT_EQ(usage.comparison.more_tracked, 0U);
}

TEST(UsageByTracker, DamageOfOneBlockChangesOneTagAtMost) {
  const Usage usage = Count(
      "windows=7601 machine=x64 fault=overrun bytes=4 victim=allocated tracker=yes pages=300 activity=1500 seed=7");
  EXPECT_GE(usage.comparison.same_count + 1, usage.comparison.rows);
}

TEST(UsageByTracker, ALeakIsNotFreed) {
  const Usage usage = Count(
      "windows=7601 machine=x64 fault=none tracker=yes leak=Kgx1 cache=ZbFi busy=Irp pages=600 activity=2000 seed=7");
  const UsageRow* leak = RowOf(usage, "Kgx1", UsageType::kNonPaged);
  const UsageRow* busy = RowOf(usage, "Irp ", UsageType::kNonPaged);
  ASSERT_TRUE(leak != nullptr && busy != nullptr);
  EXPECT_GT(leak->tracked->allocs, 3 * leak->tracked->frees);
  EXPECT_LT(busy->tracked->allocs, 2 * busy->tracked->frees);
}

}  // namespace
}  // namespace poolblame
