// The picture says what the bins say, and is the same every time.
#include "tests/evaluation/reliability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace poolblame::evaluation {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Reliability, DrawsADotAndABarForEachBinThatHasAny) {
  Calibration first, all;
  for (int i = 0; i < 4; ++i) first.Add(0.75, i != 0);
  const std::string svg = ReliabilitySvg(first, all, "seed 7");
  EXPECT_THAT(svg, HasSubstr("<title>seed 7</title>"));
  EXPECT_THAT(svg, HasSubstr("first suspects: expected calibration error 0.000, 4 suspects"));
  EXPECT_THAT(svg, HasSubstr("all suspects: expected calibration error 0.000, 0 suspects"));
  EXPECT_THAT(svg, HasSubstr("<circle cx=\"285.0\" cy=\"135.0\""));  // 60 + 0.75 * 300; 60 + 300 - 0.75 * 300
  EXPECT_EQ(svg.find("<circle"), svg.rfind("<circle"));
  EXPECT_THAT(svg, HasSubstr("height=\"60.0\" fill=\"#9bd\""));  // the fullest bin is as high as the histogram
  EXPECT_EQ(svg, ReliabilitySvg(first, all, "seed 7"));
}

TEST(Reliability, NothingCountedIsAPictureToo) {
  const std::string svg = ReliabilitySvg({}, {}, "none");
  EXPECT_THAT(svg, Not(HasSubstr("<circle")));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, HasSubstr("</svg>"));
}

}  // namespace
}  // namespace poolblame::evaluation
