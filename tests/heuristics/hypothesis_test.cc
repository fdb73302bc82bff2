// The sum over the votes, the softmax, and which explanations are live.
#include "heuristics/hypothesis.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

using ::testing::IsSupersetOf;

PageBuilder Page() { return PageBuilder(Windows::kSeven64); }

std::set<FaultKind> Kinds(const std::vector<Hypothesis>& hypotheses) {
  std::set<FaultKind> kinds;
  for (const Hypothesis& h : hypotheses) kinds.insert(h.kind);
  return kinds;
}

/// The documented sum, written a second time: prior, then the best and the worst vote of each group, ownership capped.
double SumOf(const Hypothesis& h) {
  std::map<SignalGroup, std::pair<double, double>> groups;
  for (const Vote& vote : h.votes) {
    const double value = WeightOf(vote.weight).log_odds * vote.strength;
    auto& [best, worst] = groups[WeightOf(vote.weight).group];
    best = std::max(best, value);
    worst = std::min(worst, value);
  }
  double sum = WeightOf(h.prior).log_odds;
  for (const auto& [group, extremes] : groups) {
    double value = extremes.first + extremes.second;
    if (group == SignalGroup::kOwnership) value = std::min(kOwnershipCap, std::max(-kOwnershipCap, value));
    sum += value;
  }
  return sum;
}

std::vector<Hypothesis> Weighed(const Scene& scene) {
  std::vector<Hypothesis> hypotheses = Enumerate(scene);
  Weigh(scene, hypotheses);
  return hypotheses;
}

std::vector<Hypothesis> Weighed(const PageBuilder& page) {
  Stage stage(Windows::kSeven64);
  stage.Add(page);
  return Weighed(stage.Scene());
}

TEST(Weigh, SumsGroupsAndNotVotes) {
  for (const PageBuilder& page : {Page().Block("Culp", 0x80).Fill(0x41).Overrun(16, 0x41).Block("Vict", 0x40),
                                  Page().Block("Left", 0x80).Block("Vict", 0x40).FlipBit(2, 5),
                                  Page().Block("Left", 0x80).Block("Culp", 0x80).Fill(0x41).Underrun(Repeat(0x41, 9))})
    for (const Hypothesis& h : Weighed(page)) EXPECT_NEAR(h.log_odds, SumOf(h), 1e-9) << FaultKindName(h.kind);
}

// Two content signals see the same text: the better one counts once.
TEST(Weigh, CorrelatedVotesDoNotAddUp) {
  const std::vector<Hypothesis> hypotheses = Weighed(
      Page().Block("Culp", 0x80).PutAtEnd(Ascii("a path of text ")).Overrun(Ascii("goes on")).Block("Vict", 0x40));
  const Hypothesis& culprit = hypotheses.front();
  ASSERT_EQ(culprit.kind, FaultKind::kOverrun);
  double content = 0, best = 0;
  for (const Vote& vote : culprit.votes)
    if (WeightOf(vote.weight).group == SignalGroup::kContent) {
      content += WeightOf(vote.weight).log_odds * vote.strength;
      best = std::max(best, WeightOf(vote.weight).log_odds * vote.strength);
    }
  ASSERT_GT(best, 0);
  EXPECT_LE(culprit.log_odds, SumOf(culprit) + 1e-9);
  EXPECT_GE(content, best);
}

TEST(Weigh, IsASoftmaxOverTheSums) {
  const std::vector<Hypothesis> hypotheses =
      Weighed(Page().Block("Culp", 0x80).Fill(0x41).Overrun(16, 0x41).Block("Vict", 0x40));
  double total = 0;
  for (const Hypothesis& h : hypotheses) total += h.probability;
  EXPECT_NEAR(total, 1, 1e-12);
  for (const Hypothesis& a : hypotheses)
    for (const Hypothesis& b : hypotheses)
      EXPECT_NEAR(std::log(a.probability) - std::log(b.probability), a.log_odds - b.log_odds, 1e-6);
}

TEST(Weigh, EveryVoteNamesItsSignalAndSaysSomething) {
  for (const Hypothesis& h : Weighed(Page().Block("Culp", 0x80).Fill(0x41).Overrun(16, 0x41).Block("Vict", 0x40)))
    for (const Vote& vote : h.votes) {
      EXPECT_STRNE(vote.signal, "");
      EXPECT_FALSE(vote.text.empty());
      EXPECT_TRUE(std::isfinite(vote.strength));
      EXPECT_GT(vote.strength, 0);
    }
}

TEST(Weigh, AFillOverTheBoundaryPointsAtTheBlockBelow) {
  const std::vector<Hypothesis> hypotheses =
      Weighed(Page().Block("Frst", 0x40).Block("Culp", 0x80).Fill(0x41).Overrun(24, 0x41).Block("Vict", 0x40));
  const auto best = std::max_element(hypotheses.begin(), hypotheses.end(),
                                     [](const auto& a, const auto& b) { return a.probability < b.probability; });
  EXPECT_EQ(best->kind, FaultKind::kOverrun);
  EXPECT_EQ(best->block, 1U);
}

TEST(Enumerate, ADamagedHeaderHasTheseExplanations) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Block("Frst", 0x40).Block("Left", 0x80).Overrun(8, 0xEE).Block("Vict", 0x40));
  const Scene scene = stage.Scene();
  EXPECT_EQ(Kinds(Enumerate(scene)),
            (std::set<FaultKind>{FaultKind::kOverrun, FaultKind::kUnderrun, FaultKind::kBitFlip, FaultKind::kWildWrite,
                                 FaultKind::kUnknown}));
  EXPECT_EQ(HypothesisOf(scene, FaultKind::kOverrun, "Left").write_begin, 0xC0U);
  EXPECT_EQ(HypothesisOf(scene, FaultKind::kOverrun, "Left").write_end, 0xC8U);
  EXPECT_EQ(HypothesisOf(scene, FaultKind::kOverrun, "Frst").write_begin, 0x40U);
}

TEST(Enumerate, TheFirstBlockOfTheSceneHasNobodyBelow) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Block("Vict", 0x40).OverwriteHeader(0, Repeat(0xEE, 8)));
  const Scene scene = stage.Scene();
  EXPECT_FALSE(Kinds(Enumerate(scene)).contains(FaultKind::kOverrun));
  EXPECT_TRUE(Kinds(Enumerate(scene)).contains(FaultKind::kPageStomp)) << "it may have begun in the page before";
}

TEST(Enumerate, ALongRunMayBeAPageStompAndAShortOneMayNot) {
  Stage long_run(Windows::kSeven64), short_run(Windows::kSeven64);
  long_run.Add(Page().Block("Left", 0x40).Overrun(0x160, 0xEE).Block("Aaaa", 0x100).Block("Bbbb", 0x80));
  short_run.Add(Page().Block("Left", 0x40).Overrun(0x60, 0xEE).Block("Aaaa", 0x40).Block("Bbbb", 0x80));
  EXPECT_TRUE(Kinds(Enumerate(long_run.Scene())).contains(FaultKind::kPageStomp));
  EXPECT_FALSE(Kinds(Enumerate(short_run.Scene())).contains(FaultKind::kPageStomp));
}

TEST(Enumerate, APageThatIsZeroToItsEndMayNeverHaveBeenWritten) {
  Stage zero(Windows::kSeven64), not_quite(Windows::kSeven64);
  zero.Add(Page().Block("Left", 0x40).Overrun(0xFC0, 0));
  not_quite.Add(Page().Block("Left", 0x40).Overrun(0xFBF, 0));
  EXPECT_TRUE(Kinds(Enumerate(zero.Scene())).contains(FaultKind::kUninitialised));
  EXPECT_FALSE(Kinds(Enumerate(not_quite.Scene())).contains(FaultKind::kUninitialised));
}

TEST(Enumerate, BrokenLinksHaveTheirOwnExplanations) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Block("Left", 0x80).FreeBlock("Gone", 0x80).OverwritePayload(0, Word(1, 8)));
  const Scene scene = stage.Scene();
  EXPECT_THAT(Kinds(Enumerate(scene)), IsSupersetOf({FaultKind::kUseAfterFree, FaultKind::kDoubleFree,
                                                     FaultKind::kFreeList, FaultKind::kBitFlip, FaultKind::kUnknown}));
  EXPECT_EQ(HypothesisOf(scene, FaultKind::kUseAfterFree, "Gone").block, 1U) << "the last owner, not the block below";
}

TEST(Enumerate, HardwareAndUnknownNameNoBlock) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Block("Left", 0x80).Block("Vict", 0x40).FlipBit(2, 5));
  for (const Hypothesis& h : Enumerate(stage.Scene())) {
    EXPECT_EQ(h.block.has_value(), h.role == SuspectRole::kBlock);
    EXPECT_EQ(h.kind == FaultKind::kBitFlip, h.role == SuspectRole::kHardware);
    EXPECT_LE(h.write_begin, h.write_end);
  }
}

}  // namespace
}  // namespace poolblame::testing
