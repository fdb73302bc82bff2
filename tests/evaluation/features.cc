#include "tests/evaluation/features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace poolblame::evaluation {
namespace {

constexpr double kSmallestProbability = 1e-9;  // keeps a suspect that was rounded to nothing on the scale

const char* RoleName(SuspectRole role) {
  switch (role) {
    case SuspectRole::kHardware:
      return "hardware";
    case SuspectRole::kUnknown:
      return "unknown";
    case SuspectRole::kBlock:
      break;
  }
  return "block";
}

std::set<std::string> SignalNames(const std::vector<Outcome>& outcomes) {
  std::set<std::string> names;
  for (const Outcome& outcome : outcomes)
    for (const IncidentOutcome& incident : outcome.incidents)
      for (const SuspectOutcome& suspect : incident.suspects)
        for (const auto& [name, log_odds] : suspect.signals) names.insert(name);
  return names;
}

std::string SignalCells(const SuspectOutcome& suspect, const std::set<std::string>& names, double& prior) {
  std::map<std::string, double> sums;
  for (const auto& [name, log_odds] : suspect.signals) sums[name] += log_odds;
  prior = std::log(std::max(suspect.probability, kSmallestProbability));
  std::string cells;
  for (const std::string& name : names) {
    cells += ',';
    const auto found = sums.find(name);
    if (found == sums.end()) continue;
    prior -= found->second;
    cells += fmt::format("{:.4f}", found->second);
  }
  return cells;
}

}  // namespace

std::string FeatureCsv(const std::vector<Outcome>& outcomes) {
  const std::set<std::string> names = SignalNames(outcomes);
  std::string csv = "image,incident,rank,is_guilty,role,kind,is_kind_right,true_kind,probability,prior";
  for (const std::string& name : names) csv += ',' + name;
  csv += '\n';
  for (const Outcome& outcome : outcomes) {
    for (std::size_t i = 0; i < outcome.incidents.size(); ++i) {
      const std::vector<SuspectOutcome>& suspects = outcome.incidents[i].suspects;
      for (std::size_t s = 0; s < suspects.size(); ++s) {
        double prior = 0;
        const std::string cells = SignalCells(suspects[s], names, prior);
        csv += fmt::format("{},{},{},{},{},{},{},{},{:.6f},{:.4f}{}\n", outcome.index, i + 1, s + 1,
                           suspects[s].guilty ? 1 : 0, RoleName(suspects[s].role), FaultKindName(suspects[s].kind),
                           suspects[s].kind_right ? 1 : 0, outcome.truth.kind, suspects[s].probability, prior, cells);
      }
    }
  }
  return csv;
}

}  // namespace poolblame::evaluation
