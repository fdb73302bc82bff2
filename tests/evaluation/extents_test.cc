// Ranges made by hand against truths made by hand.
#include "tests/evaluation/extents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/evaluation/made_by_hand.h"

namespace poolblame::evaluation {
namespace {

using ::testing::HasSubstr;

/// An overrun of 8 bytes told with these ranges around the true places.
Outcome Told(std::uint64_t before, std::uint64_t behind, std::optional<std::uint32_t> stride, bool guilty = true) {
  samples::Truth truth = OverrunTruth(8);
  truth.write_start = kCulprit + 16;
  truth.write_end = truth.damage_end;
  truth.stride = 24;
  Report report =
      ReportOf(FaultKind::kOverrun, Confidence::kStrong, {BlockSuspect(0.9, guilty ? kCulprit : kBystander, "Culp")});
  WriteExtent write;
  write.start_earliest = truth.write_start;
  write.start_latest = truth.write_start + 4;
  write.end_earliest = truth.write_end - before;
  write.end_latest = truth.write_end + behind;
  write.stride = stride;
  report.incidents.front().write = write;
  return Judged(truth, report);
}

TEST(Extents, CountsTheTruthInsideTheRangeAndItsWidth) {
  Extents extents;
  extents.Add(Told(0, 0, 24));
  extents.Add(Told(4, 8, 12));
  Outcome outside = Told(0, 20, std::nullopt);
  outside.incidents.front().write->end_earliest += 1;
  extents.Add(outside);
  const ExtentCount& row = extents.Row("overrun");
  EXPECT_EQ(row.ends.total, 3U);
  EXPECT_EQ(row.ends.inside, 2U);
  EXPECT_EQ(row.ends.MedianWidth(), 12U);
  EXPECT_EQ(row.starts.inside, 3U);
  EXPECT_EQ(row.starts.MedianWidth(), 4U);
  EXPECT_EQ(extents.strides_right(), 1U);
  EXPECT_EQ(extents.strides_wrong(), 1U);
  EXPECT_THAT(extents.Table(), HasSubstr("stride of records: right in 1 of 3, wrong in 1"));
}

TEST(Extents, LeavesOutWritesThatAreSaidOfAnotherBlock) {
  Extents extents;
  extents.Add(Told(0, 0, 24, false));
  extents.Add(Judged(OverrunTruth(8), CleanReport()));
  EXPECT_EQ(extents.Table(), "");
}

TEST(Extents, AStartBeforeTheImageIsCountedApart) {
  Extents extents;
  Outcome outcome = Told(0, 0, std::nullopt);
  outcome.incidents.front().write->start_earliest.reset();
  extents.Add(outcome);
  EXPECT_EQ(extents.Row("overrun").unknown_starts, 1U);
  EXPECT_EQ(extents.Row("overrun").starts.total, 0U);
}

}  // namespace
}  // namespace poolblame::evaluation
