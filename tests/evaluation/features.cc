#include "tests/evaluation/features.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "heuristics/weight_names.h"
#include "heuristics/weights.h"

namespace poolblame::evaluation {
namespace {

std::string Header() {
  std::string line = "image,incident,rank,is_guilty,role,kind,is_kind_right,true_kind,probability,prior,prior_log_odds";
  for (const WeightRow& row : AllWeights())
    if (row.group != SignalGroup::kPrior)
      line += fmt::format(",{}:{}:{}", SignalGroupName(row.group), static_cast<int>(row.id), row.log_odds);
  return line + '\n';
}

std::string VoteCells(const Hypothesis& hypothesis) {
  std::map<Weight, double> strongest;
  for (const Vote& vote : hypothesis.votes) {
    const double log_odds = WeightOf(vote.weight).log_odds * vote.strength;
    double& kept = strongest[vote.weight];
    if (std::abs(log_odds) > std::abs(kept)) kept = log_odds;
  }
  std::string cells;
  for (const WeightRow& row : AllWeights()) {
    if (row.group == SignalGroup::kPrior) continue;
    const auto found = strongest.find(row.id);
    cells += found == strongest.end() ? "," : fmt::format(",{:.4f}", found->second);
  }
  return cells;
}

}  // namespace

std::string FeatureCsv(const std::vector<Outcome>& outcomes) {
  std::string csv = Header();
  for (const Outcome& outcome : outcomes) {
    std::size_t incident = 0, rank = 0;
    for (const WeighedHypothesis& row : outcome.hypotheses) {
      const Hypothesis& hypothesis = row.hypothesis;
      rank = row.incident == incident ? rank + 1 : 1;
      incident = row.incident;
      csv += fmt::format("{},{},{},{},{},{},{},{},{:.6f},{},{}{}\n", outcome.index, incident, rank, row.guilty ? 1 : 0,
                         SuspectRoleName(hypothesis.role), FaultKindName(hypothesis.kind), row.kind_right ? 1 : 0,
                         outcome.truth.kind, hypothesis.probability, static_cast<int>(hypothesis.prior),
                         WeightOf(hypothesis.prior).log_odds, VoteCells(hypothesis));
    }
  }
  return csv;
}

}  // namespace poolblame::evaluation
