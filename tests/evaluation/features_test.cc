#include "tests/evaluation/features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/evaluation/made_by_hand.h"

namespace poolblame::evaluation {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::vector<std::string> Lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

WeighedHypothesis Weighed(std::size_t incident, SuspectRole role, FaultKind kind, bool guilty) {
  WeighedHypothesis row;
  row.incident = incident;
  row.guilty = row.kind_right = guilty;
  row.hypothesis.role = role;
  row.hypothesis.kind = kind;
  row.hypothesis.probability = 0.5;
  row.hypothesis.prior = Weight::kPriorOverrunHeader;
  return row;
}

TEST(Features, OneRowAHypothesisOneColumnAWeight) {
  Outcome outcome;
  outcome.index = 7;
  outcome.truth = OverrunTruth(8);
  outcome.hypotheses = {Weighed(1, SuspectRole::kBlock, FaultKind::kOverrun, true),
                        Weighed(1, SuspectRole::kHardware, FaultKind::kBitFlip, false),
                        Weighed(2, SuspectRole::kUnknown, FaultKind::kUnknown, false)};
  const double once = WeightOf(Weight::kForeignAlignment).log_odds;
  for (const double log_odds : {1.25, -2.5})
    outcome.hypotheses[1].hypothesis.votes.push_back({Weight::kForeignAlignment, log_odds / once, {}, "", ""});
  const std::vector<std::string> lines = Lines(FeatureCsv({outcome}));
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_THAT(lines[0], StartsWith("image,incident,rank,is_guilty,role,kind,is_kind_right,true_kind,probability,"
                                   "prior,prior_log_odds,"));
  EXPECT_THAT(lines[1], StartsWith("7,1,1,1,block,overrun,1,overrun,0.500000,0,"));
  EXPECT_THAT(lines[1], EndsWith(",,"));
  EXPECT_THAT(lines[2], StartsWith("7,1,2,0,hardware,bit-flip,0,overrun,"));
  EXPECT_THAT(lines[2], HasSubstr(",-2.5000"));  // of two votes of one row the stronger one
  EXPECT_THAT(lines[3], StartsWith("7,2,1,0,unknown,unknown,0,overrun,"));
  for (const std::string& line : lines)
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), std::count(lines[0].begin(), lines[0].end(), ','));
}

TEST(Features, NothingWeighedNoRow) {
  EXPECT_THAT(Lines(FeatureCsv({Judged(samples::Truth{}, CleanReport())})), SizeIs(1));
}

}  // namespace
}  // namespace poolblame::evaluation
