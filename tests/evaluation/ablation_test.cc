// One incident typed by hand: two blocks, and the signals that speak for each.
#include "tests/evaluation/ablation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/evaluation/made_by_hand.h"

namespace poolblame::evaluation {
namespace {

using ::testing::HasSubstr;

Vote Said(Weight weight, const char* signal) { return {weight, 1, {}, "", signal}; }

WeighedHypothesis Of(std::size_t block, bool guilty, std::vector<Vote> votes) {
  WeighedHypothesis row;
  row.incident = 1;
  row.guilty = row.kind_right = guilty;
  row.hypothesis.kind = guilty ? FaultKind::kOverrun : FaultKind::kUnderrun;
  row.hypothesis.role = SuspectRole::kBlock;
  row.hypothesis.block = block;
  row.hypothesis.prior = Weight::kPriorOverrunHeader;
  row.hypothesis.votes = std::move(votes);
  return row;
}

/// What is right rests on off-by-one-nul alone; damage-extent says the same of both; sizes speaks for the wrong one.
Outcome TwoBlocks() {
  Outcome outcome;
  outcome.hypotheses = {
      Of(1, true, {Said(Weight::kOffByOneNul, "off-by-one-nul"), Said(Weight::kDamagePrefix, "damage-extent")}),
      Of(2, false, {Said(Weight::kSmallestOfItsTag, "sizes"), Said(Weight::kDamagePrefix, "damage-extent")})};
  return outcome;
}

const AblationCount& Without(const Ablation& ablation, const std::string& signal) {
  return std::find_if(ablation.rows.begin(), ablation.rows.end(), [&](const auto& row) { return row.signal == signal; })
      ->count;
}

TEST(Ablation, LeavesOutOneSignalAtATime) {
  Ablation ablation;
  ablation.Add(TwoBlocks());
  EXPECT_EQ(ablation.all_on.incidents, 1U);
  EXPECT_EQ(ablation.all_on.block, 1U);
  EXPECT_EQ(ablation.all_on.kind, 1U);
  const AblationCount& needed = Without(ablation, "off-by-one-nul");
  EXPECT_EQ(needed.images, 1U);
  EXPECT_EQ(needed.block, 0U);
  EXPECT_EQ(needed.kind, 0U);
  EXPECT_EQ(needed.lost, 1U);
  EXPECT_GT(needed.log_loss, ablation.all_on.log_loss);
  EXPECT_LT(Without(ablation, "sizes").log_loss, ablation.all_on.log_loss);
  EXPECT_NEAR(Without(ablation, "damage-extent").log_loss, ablation.all_on.log_loss, 1e-9);
  EXPECT_EQ(Without(ablation, "crash-context").images, 0U);
  EXPECT_EQ(Without(ablation, "crash-context").block, 1U);
}

TEST(Ablation, WhereNothingIsRightNothingIsCounted) {
  Outcome outcome = TwoBlocks();
  outcome.hypotheses.front().guilty = false;
  Ablation ablation;
  ablation.Add(outcome);
  EXPECT_EQ(ablation.all_on.incidents, 0U);
  EXPECT_THAT(AblationTable(ablation), HasSubstr("0 incidents of 0 images"));
}

}  // namespace
}  // namespace poolblame::evaluation
