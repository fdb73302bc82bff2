// The reasoning that is shown is the reasoning that was done: shares that add up to the sums, sums whose softmax is the
// probabilities, and the tests behind the word.
#include "heuristics/explanation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "heuristics/vote_sum.h"
#include "heuristics/weight_names.h"
#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

Vote Of(Weight weight, double strength = 1) { return {weight, strength, std::nullopt, "", ""}; }

Report OverrunReport(std::uint8_t byte) {
  Stage stage(Windows::kSeven64);
  stage.AddHealthy(12).AddHealthy(1);
  stage.Add(PageBuilder(Windows::kSeven64)
                .Block("Even", 0x60)
                .Block("Culp", 0x80)
                .Fill('A')
                .Overrun(12, byte)
                .Block("Vict", 0x60)
                .Block("File", 0x60));
  return stage.Judge();
}

double SumOf(const ExplainedHypothesis& h) {
  double sum = WeightOf(h.prior).log_odds;
  for (const ExplainedVote& vote : h.votes) sum += vote.share;
  return sum;
}

bool AllMet(const Incident& incident, Confidence word) {
  const std::vector<ConfidenceTest>& tests = incident.explanation.tests;
  return std::all_of(tests.begin(), tests.end(),
                     [&](const ConfidenceTest& test) { return test.word != word || test.met; });
}

TEST(VoteSum, TheBestAndTheWorstOfAGroupCountAndTheRestIsShadowed) {
  const std::vector<Vote> votes = {Of(Weight::kContinuesPattern), Of(Weight::kPointerIntoOwner),
                                   Of(Weight::kTailUntouched), Of(Weight::kFilledToTheEnd),
                                   Of(Weight::kNothingDamaged)};
  const VoteSum sum = SumVotes(votes);
  ASSERT_EQ(sum.shares.size(), votes.size());
  EXPECT_EQ(sum.shares[0].standing, VoteStanding::kShadowed);
  EXPECT_EQ(sum.shares[0].log_odds, 0);
  for (const std::size_t counting : {1U, 2U, 3U, 4U}) {
    EXPECT_EQ(sum.shares[counting].standing, VoteStanding::kCounts) << counting;
    EXPECT_EQ(sum.shares[counting].log_odds, LogOddsOf(votes[counting])) << counting;
  }
  EXPECT_NEAR(sum.total, sum.shares[1].log_odds + sum.shares[2].log_odds + sum.shares[3].log_odds, 1e-12);
}

TEST(VoteSum, WhatIsOverTheCapIsTakenFromTheVoteThatGoesThere) {
  const VoteSum up = SumVotes({Of(Weight::kThirdPartyTag, 10), Of(Weight::kGenericTag)});
  EXPECT_EQ(up.shares[0].standing, VoteStanding::kCapped);
  EXPECT_EQ(up.shares[1].standing, VoteStanding::kCounts);
  EXPECT_NEAR(up.total, kOwnershipCap, 1e-12);
  EXPECT_NEAR(up.shares[0].log_odds + up.shares[1].log_odds, up.total, 1e-12);
  const VoteSum down = SumVotes({Of(Weight::kGenericTag, 10)});
  EXPECT_EQ(down.shares[0].standing, VoteStanding::kCapped);
  EXPECT_NEAR(down.shares[0].log_odds, -kOwnershipCap, 1e-12);
}

TEST(Explanation, TheSharesAddUpToTheSumAndTheSumsToTheProbabilities) {
  for (const std::uint8_t byte : {std::uint8_t{'A'}, std::uint8_t{0}, std::uint8_t{0x91}}) {
    const Report report = OverrunReport(byte);
    ASSERT_EQ(report.incidents.size(), 1U);
    const std::vector<ExplainedHypothesis>& hypotheses = report.incidents.front().explanation.hypotheses;
    ASSERT_GT(hypotheses.size(), 3U);
    double total = 0;
    for (const ExplainedHypothesis& h : hypotheses) {
      EXPECT_NEAR(SumOf(h), h.log_odds, 1e-9);
      total += std::exp(h.log_odds);
    }
    for (const ExplainedHypothesis& h : hypotheses) EXPECT_NEAR(std::exp(h.log_odds) / total, h.probability, 1e-9);
  }
}

TEST(Explanation, SaysWhereEachHypothesisWroteAndWhichVotesItHas) {
  const Report report = OverrunReport('A');
  ASSERT_EQ(report.incidents.size(), 1U);
  const Incident& incident = report.incidents.front();
  const ExplainedHypothesis& first = incident.explanation.hypotheses.front();
  ASSERT_TRUE(first.block.has_value());
  EXPECT_EQ(first.block->header, incident.suspects.front().block->header);
  ASSERT_TRUE(first.write.has_value());
  EXPECT_EQ(first.write->begin, first.block->header + first.block->size);
  EXPECT_EQ(first.write->end, incident.damage.end);
  EXPECT_EQ(first.votes.size(), incident.suspects.front().evidence.size());
  EXPECT_TRUE(std::is_sorted(first.votes.begin(), first.votes.end(), [](const auto& a, const auto& b) {
    return WeightOf(a.weight).group < WeightOf(b.weight).group;
  }));
}

TEST(Explanation, TheWordIsTheStrongestWhoseTestsAreAllMet) {
  for (const std::uint8_t byte : {std::uint8_t{'A'}, std::uint8_t{0}, std::uint8_t{0x91}}) {
    const Report report = OverrunReport(byte);
    ASSERT_EQ(report.incidents.size(), 1U);
    const Incident& incident = report.incidents.front();
    EXPECT_EQ(AllMet(incident, Confidence::kStrong), incident.confidence == Confidence::kStrong);
    EXPECT_EQ(AllMet(incident, Confidence::kSuspect), incident.confidence != Confidence::kInsufficient);
  }
}

TEST(WeightNames, AreTheWordsOfTheEnumeratorsAndDiffer) {
  EXPECT_STREQ(WeightName(Weight::kPriorOverrunHeader), "prior-overrun-header");
  EXPECT_STREQ(WeightName(Weight::kTrackedEndIntact), "tracked-end-intact");
  std::set<std::string> names;
  for (const WeightRow& row : AllWeights()) names.insert(WeightName(row.id));
  EXPECT_EQ(names.size(), AllWeights().size());
  EXPECT_STREQ(SignalGroupName(SignalGroup::kAllocator), "allocator");
}

}  // namespace
}  // namespace poolblame::testing
