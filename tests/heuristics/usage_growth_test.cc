#include "heuristics/usage_growth.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace poolblame {
namespace {

constexpr std::uint64_t kHour = std::uint64_t{3600} * 10'000'000;
constexpr std::uint64_t kBoot = 0x01D90000'00000000;

/// One image, tag by tag; of a tracker's counts, or of blocks alone.
class SampleBuilder {
 public:
  explicit SampleBuilder(std::uint64_t hours) {
    sample_.name = "after " + std::to_string(hours) + " h";
    sample_.origin.up_time = hours * kHour;
    sample_.origin.system_time = kBoot + hours * kHour;
    sample_.kernel_base = VirtAddr{0xFFFFF80000000000};
  }
  SampleBuilder& Tag(const std::string& tag, std::uint64_t allocs, std::uint64_t frees) {
    UsageRow row;
    row.tag = PoolTag::FromText(tag);
    row.type = UsageType::kNonPaged;
    row.blocks = allocs - frees;
    row.block_bytes = 100 * row.blocks;
    row.tracked = TrackerCount{allocs, frees, static_cast<std::int64_t>(allocs - frees), row.block_bytes};
    row.by_tracker = true;
    sample_.usage.rows.push_back(row);
    sample_.usage.source = UsageSource::kTracker;
    return *this;
  }
  SampleBuilder& Blocks(const std::string& tag, std::uint64_t blocks) {
    UsageRow row;
    row.tag = PoolTag::FromText(tag);
    row.blocks = blocks;
    row.block_bytes = 100 * blocks;
    sample_.usage.rows.push_back(row);
    return *this;
  }
  UsageSample Build() const { return sample_; }

 private:
  UsageSample sample_;
};

const GrowthRow* RowOf(const Growth& growth, const std::string& tag) {
  for (const GrowthRow& row : growth.rows)
    if (row.tag == PoolTag::FromText(tag)) return &row;
  return nullptr;
}

TEST(UsageGrowth, ALeakComesBeforeWhatIsBusyAndWhatFills) {
  const std::vector<UsageSample> samples = {
      SampleBuilder(1).Tag("Leak", 10, 2).Tag("Busy", 5000, 4950).Tag("Cach", 300, 100).Tag("Gone", 50, 10).Build(),
      SampleBuilder(3).Tag("Leak", 70, 2).Tag("Busy", 99000, 98800).Tag("Cach", 900, 460).Tag("Gone", 60, 40).Build()};
  const Growth growth = RankGrowth(samples);
  ASSERT_FALSE(growth.rows.empty());
  EXPECT_EQ(growth.rows[0].tag.text(), "Leak");
  EXPECT_TRUE(growth.rows[0].suspect);
  EXPECT_EQ(growth.rows[0].allocs, 60U);
  EXPECT_EQ(growth.rows[0].frees, 0U);
  EXPECT_EQ(growth.rows[0].bytes, 6000);
  EXPECT_DOUBLE_EQ(*growth.hours, 2);
  EXPECT_DOUBLE_EQ(*growth.rows[0].bytes_per_hour, 3000);
  EXPECT_FALSE(RowOf(growth, "Busy")->suspect);
  EXPECT_FALSE(RowOf(growth, "Cach")->suspect);
  EXPECT_EQ(RowOf(growth, "Gone"), nullptr) << "it shrank";
  ASSERT_EQ(growth.notes.size(), 1U) << "two images are few";
}

TEST(UsageGrowth, AFewBlocksMoreAreChance) {
  const Growth growth = RankGrowth({SampleBuilder(1).Tag("Few ", 100, 90).Build(),  //
                                    SampleBuilder(2).Tag("Few ", 112, 90).Build()});
  EXPECT_FALSE(growth.rows.at(0).suspect);
}

TEST(UsageGrowth, WhatShrankInBetweenIsNoSuspect) {
  const Growth growth =
      RankGrowth({SampleBuilder(1).Tag("Wave", 100, 50).Build(),  //
                  SampleBuilder(2).Tag("Wave", 120, 80).Build(), SampleBuilder(3).Tag("Wave", 220, 80).Build()});
  EXPECT_EQ(growth.rows.at(0).steps_up, 1U);
  EXPECT_EQ(growth.rows.at(0).steps, 2U);
  EXPECT_FALSE(growth.rows.at(0).suspect);
  EXPECT_TRUE(growth.notes.empty());
}

TEST(UsageGrowth, ImagesAreOrderedByTheirOwnUptimes) {
  const std::vector<UsageSample> samples = {SampleBuilder(5).Tag("Leak", 200, 0).Build(),
                                            SampleBuilder(1).Tag("Leak", 10, 0).Build(),
                                            SampleBuilder(3).Tag("Leak", 100, 0).Build()};
  const Growth growth = RankGrowth(samples);
  EXPECT_EQ(growth.samples[0]->name, "after 1 h");
  EXPECT_EQ(growth.samples[2]->name, "after 5 h");
  EXPECT_EQ(growth.rows.at(0).blocks, 190);
}

TEST(UsageGrowth, ACounterThatWentRoundStillCounts) {
  const Growth growth = RankGrowth({SampleBuilder(1).Tag("Wrap", 0xFFFFFFF0, 0xFFFFFF00).Build(),
                                    SampleBuilder(2).Tag("Wrap", 0x1'00000110 & 0xFFFFFFFF, 0).Build()});
  EXPECT_EQ(growth.rows.at(0).allocs, 0x120U);
  EXPECT_EQ(growth.rows.at(0).frees, 0x100U);
}

TEST(UsageGrowth, BlocksAloneRankAndAccuseNobody) {
  const Growth growth = RankGrowth({SampleBuilder(1).Blocks("Leak", 10).Blocks("Many", 1000).Build(),
                                    SampleBuilder(2).Blocks("Leak", 90).Blocks("Many", 1080).Build()});
  EXPECT_EQ(growth.rows.at(0).tag.text(), "Leak");
  EXPECT_FALSE(growth.rows[0].suspect);
  EXPECT_FALSE(growth.rows[0].tracked);
  EXPECT_EQ(growth.notes.size(), 2U);
}

TEST(UsageGrowth, AnotherBootIsToldByItsClockOrItsKernel) {
  const UsageSample first = SampleBuilder(1).Build();
  UsageSample later = SampleBuilder(30).Build();
  EXPECT_TRUE(MayBeOneBoot(first, later));
  *later.origin.system_time += kMostClockChange;
  EXPECT_TRUE(MayBeOneBoot(first, later)) << "the clock was set";
  *later.origin.system_time += 1;
  EXPECT_FALSE(MayBeOneBoot(first, later));
  later = SampleBuilder(30).Build();
  later.kernel_base = VirtAddr{0xFFFFF80000001000};
  EXPECT_FALSE(MayBeOneBoot(first, later));
  later.kernel_base.reset();
  later.origin = {};
  EXPECT_TRUE(MayBeOneBoot(first, later)) << "nothing rules it out";
}

}  // namespace
}  // namespace poolblame
