// The confusion matrix, from outcomes typed by hand.
#include "tests/evaluation/confusion.h"

#include <gtest/gtest.h>

#include "tests/evaluation/made_by_hand.h"

namespace poolblame::evaluation {
namespace {

Report Told(FaultKind kind, Confidence confidence) {
  return ReportOf(kind, confidence, {BlockSuspect(1.0, kCulprit, "Culp", kind)});
}

TEST(Confusion, CountsWhatWasToldAndWhatWasUnsureApart) {
  Confusion confusion;
  confusion.Add(Judged(OverrunTruth(8), Told(FaultKind::kOverrun, Confidence::kStrong)));
  confusion.Add(Judged(OverrunTruth(8), Told(FaultKind::kOverrun, Confidence::kInsufficient)));
  confusion.Add(Judged(OverrunTruth(8), Told(FaultKind::kUnderrun, Confidence::kSuspect)));
  confusion.Add(Judged(OverrunTruth(8), CleanReport()));
  EXPECT_EQ(confusion.At("overrun", "overrun").told, 1U);
  EXPECT_EQ(confusion.At("overrun", "overrun").insufficient, 1U);
  EXPECT_EQ(confusion.At("overrun", "underrun").told, 1U);
  EXPECT_EQ(confusion.At("overrun", "none").all(), 1U);
  EXPECT_EQ(confusion.At("underrun", "overrun").all(), 0U);
}

TEST(Confusion, RightKindsOfAllImagesAndOfThoseThatTheToolStandsBy) {
  Confusion confusion;
  confusion.Add(Judged(OverrunTruth(8), Told(FaultKind::kOverrun, Confidence::kStrong)));
  confusion.Add(Judged(OverrunTruth(8), Told(FaultKind::kUnderrun, Confidence::kInsufficient)));
  confusion.Add(Judged(BitFlipTruth(), Told(FaultKind::kWildWrite, Confidence::kSuspect)));
  const KindCount overrun = confusion.kinds().at("overrun"), all = confusion.AllKinds();
  EXPECT_EQ(overrun.images, 2U);
  EXPECT_EQ(overrun.right, 1U);
  EXPECT_EQ(overrun.told, 1U);
  EXPECT_EQ(overrun.told_right, 1U);
  EXPECT_EQ(all.images, 3U);
  EXPECT_EQ(all.told, 2U);
  EXPECT_EQ(all.told_right, 1U);
}

TEST(Confusion, CleanIsARowAndNoKind) {
  Confusion confusion;
  confusion.Add(Judged(samples::Truth{}, CleanReport()));
  confusion.Add(Judged(samples::Truth{}, Told(FaultKind::kOverrun, Confidence::kStrong)));
  EXPECT_EQ(confusion.At("clean", "none").all(), 1U);
  EXPECT_EQ(confusion.At("clean", "overrun").told, 1U);
  EXPECT_EQ(confusion.AllKinds().images, 0U);
}

}  // namespace
}  // namespace poolblame::evaluation
