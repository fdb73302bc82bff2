// Who counts as guilty, and at which rank.
#include "tests/evaluation/outcome.h"

#include <gtest/gtest.h>

#include "tests/evaluation/made_by_hand.h"

namespace poolblame::evaluation {
namespace {

TEST(Outcome, CulpritFirst) {
  const Outcome outcome = Judged(
      OverrunTruth(8), ReportOf(FaultKind::kOverrun, Confidence::kStrong, {BlockSuspect(0.9, kCulprit, "Culp")}));
  EXPECT_EQ(outcome.GuiltyRank(), 1U);
  EXPECT_TRUE(outcome.BlockRight());
  EXPECT_TRUE(outcome.KindRight());
  EXPECT_TRUE(outcome.incidents.front().victim_right);
}

TEST(Outcome, CulpritThirdBehindHardware) {
  const Outcome outcome =
      Judged(OverrunTruth(8), ReportOf(FaultKind::kBitFlip, Confidence::kSuspect,
                                       {OtherSuspect(0.5, SuspectRole::kHardware, FaultKind::kBitFlip),
                                        BlockSuspect(0.3, kBystander, "Byst"), BlockSuspect(0.2, kCulprit, "Culp")}));
  EXPECT_EQ(outcome.GuiltyRank(), 3U);
  EXPECT_FALSE(outcome.BlockRight());
  EXPECT_FALSE(outcome.KindRight());
}

TEST(Outcome, SameTagElsewhereIsInnocent) {
  const Outcome outcome = Judged(
      OverrunTruth(8), ReportOf(FaultKind::kOverrun, Confidence::kStrong, {BlockSuspect(0.9, kBystander, "Culp")}));
  EXPECT_EQ(outcome.GuiltyRank(), std::nullopt);
}

TEST(Outcome, PhysicalBlockNeedsTagAndOffset) {
  Suspect suspect = BlockSuspect(0.9, 0x7654100, "Culp");
  suspect.block->physical = true;
  EXPECT_TRUE(IsGuilty(suspect, OverrunTruth(8)));
  suspect.block->offset_in_page = 0x140;
  EXPECT_FALSE(IsGuilty(suspect, OverrunTruth(8)));
  suspect.block->offset_in_page = 0x100;
  suspect.block->tag = PoolTag::FromText("Byst");
  EXPECT_FALSE(IsGuilty(suspect, OverrunTruth(8)));
}

TEST(Outcome, HardwareIsGuiltyOfBitFlipsOnly) {
  const Suspect hardware = OtherSuspect(0.9, SuspectRole::kHardware, FaultKind::kBitFlip);
  EXPECT_TRUE(IsGuilty(hardware, BitFlipTruth()));
  EXPECT_FALSE(IsGuilty(hardware, OverrunTruth(8)));
}

TEST(Outcome, UnknownIsRightWhereNoBlockDidIt) {
  const Suspect unknown = OtherSuspect(0.9, SuspectRole::kUnknown, FaultKind::kUnknown);
  samples::Truth stray = OverrunTruth(8);
  stray.kind = "wild-write";
  stray.culprit_header = 0;
  EXPECT_TRUE(IsGuilty(unknown, stray));
  EXPECT_FALSE(IsGuilty(unknown, OverrunTruth(8)));
  EXPECT_FALSE(IsGuilty(unknown, BitFlipTruth()));
}

TEST(Outcome, TwoPathsToOneBlockAddUp) {
  const Outcome outcome =
      Judged(OverrunTruth(8), ReportOf(FaultKind::kOverrun, Confidence::kStrong,
                                       {BlockSuspect(0.4, kBystander, "Byst"), BlockSuspect(0.3, kCulprit, "Culp"),
                                        BlockSuspect(0.3, kCulprit, "Culp", FaultKind::kUseAfterFree)}));
  ASSERT_EQ(outcome.incidents.front().suspects.size(), 2U);
  EXPECT_EQ(outcome.GuiltyRank(), 1U);
  EXPECT_DOUBLE_EQ(outcome.incidents.front().suspects.front().probability, 0.6);
}

}  // namespace
}  // namespace poolblame::evaluation
