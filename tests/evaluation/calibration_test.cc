#include "tests/evaluation/calibration.h"

#include <gtest/gtest.h>

namespace poolblame::evaluation {
namespace {

TEST(Calibration, EmptyHasNoError) { EXPECT_EQ(Calibration().ExpectedError(), 0); }

TEST(Calibration, HonestProbabilitiesHaveNoError) {
  Calibration calibration;
  for (int i = 0; i < 10; ++i) calibration.Add(0.8, i < 8);
  EXPECT_NEAR(calibration.ExpectedError(), 0, 1e-12);
}

TEST(Calibration, GapIsWeightedByBin) {
  Calibration calibration;
  for (int i = 0; i < 3; ++i) calibration.Add(1.0, true);  // 3 of 4 without a gap
  calibration.Add(0.6, false);                             // 1 of 4 with a gap of 0.6
  EXPECT_NEAR(calibration.ExpectedError(), 0.15, 1e-12);
}

TEST(Calibration, EdgesOfTheBins) {
  Calibration calibration;
  calibration.Add(0.0, false);
  calibration.Add(0.5, true);
  calibration.Add(1.0, true);
  EXPECT_EQ(calibration.bins()[0].count, 1U);
  EXPECT_EQ(calibration.bins()[5].count, 1U);
  EXPECT_EQ(calibration.bins()[9].count, 1U);
  EXPECT_EQ(calibration.count(), 3U);
}

}  // namespace
}  // namespace poolblame::evaluation
