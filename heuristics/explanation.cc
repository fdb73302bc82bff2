#include "heuristics/explanation.h"

#include <algorithm>
#include <utility>

#include "heuristics/vote_sum.h"

namespace poolblame {
namespace {

/// All but the block and the range, which depend on the scene. Votes stand by group, those that count first.
ExplainedHypothesis Explained(const Hypothesis& h) {
  ExplainedHypothesis out;
  out.kind = h.kind;
  out.role = h.role;
  out.prior = h.prior;
  out.log_odds = h.log_odds;
  out.probability = h.probability;
  const VoteSum sum = SumVotes(h.votes);
  for (std::size_t i = 0; i < h.votes.size(); ++i) {
    const Vote& vote = h.votes[i];
    out.votes.push_back({vote.weight, vote.strength, sum.shares[i].standing, sum.shares[i].log_odds,
                         Evidence{vote.signal, LogOddsOf(vote), vote.address, vote.text}});
  }
  const auto place = [](const ExplainedVote& vote) {
    return std::pair(WeightOf(vote.weight).group, vote.standing == VoteStanding::kShadowed);
  };
  std::stable_sort(out.votes.begin(), out.votes.end(),
                   [&](const ExplainedVote& a, const ExplainedVote& b) { return place(a) < place(b); });
  return out;
}

}  // namespace

Explanation ExplanationOf(const Scene& scene, const std::vector<Hypothesis>& ranked,
                          std::vector<ConfidenceTest> tests) {
  Explanation explanation{{}, std::move(tests)};
  for (const Hypothesis& h : ranked) {
    ExplainedHypothesis explained = Explained(h);
    if (h.block) explained.block = scene.Reference(*h.block);
    explained.write = AddressRange{scene.AddressOf(h.write_begin), scene.AddressOf(h.write_end)};
    explanation.hypotheses.push_back(std::move(explained));
  }
  return explanation;
}

Explanation ExplanationOf(const SpecialScene& scene, const std::vector<Hypothesis>& ranked,
                          std::vector<ConfidenceTest> tests) {
  Explanation explanation{{}, std::move(tests)};
  for (const Hypothesis& h : ranked) {
    explanation.hypotheses.push_back(Explained(h));
    if (h.block) explanation.hypotheses.back().block = scene.Reference();
  }
  return explanation;
}

}  // namespace poolblame
