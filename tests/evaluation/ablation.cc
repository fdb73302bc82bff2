#include "tests/evaluation/ablation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "heuristics/signals/signals.h"

namespace poolblame::evaluation {
namespace {

using Rows = std::vector<WeighedHypothesis>;

/// What an incident says.
struct Answer {
  bool block = false, kind = false, accused = false, innocent = false;
  double log_loss = 0;
};

bool Spoke(const Rows& rows, const std::string& signal) {
  return std::any_of(rows.begin(), rows.end(), [&](const WeighedHypothesis& row) {
    const std::vector<Vote>& votes = row.hypothesis.votes;
    return std::any_of(votes.begin(), votes.end(), [&](const Vote& vote) { return vote.signal == signal; });
  });
}

std::vector<Hypothesis> Without(const Rows& rows, const std::string& signal) {
  std::vector<Hypothesis> out;
  for (const WeighedHypothesis& row : rows) {
    out.push_back(row.hypothesis);
    std::erase_if(out.back().votes, [&](const Vote& vote) { return vote.signal == signal; });
  }
  Combine(out);
  return out;
}

/// The right hypothesis has the guilty one and the kind; where no hypothesis has both, the guilty one.
double LogLoss(const Rows& rows, const std::vector<Hypothesis>& weighed) {
  constexpr double kLeast = 1e-12;
  double both = 0, guilty = 0;
  bool any_both = false;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].guilty) continue;
    guilty += weighed[i].probability;
    if (!rows[i].kind_right) continue;
    any_both = true;
    both += weighed[i].probability;
  }
  return -std::log(std::max(any_both ? both : guilty, kLeast));
}

bool KindIsRight(const Rows& rows, const std::vector<Hypothesis>& weighed) {
  const FaultKind first = KindProbabilities(weighed).front().first;
  return std::any_of(rows.begin(), rows.end(),
                     [&](const WeighedHypothesis& row) { return row.kind_right && row.hypothesis.kind == first; });
}

Answer AnswerOf(const Rows& rows, const std::vector<Hypothesis>& weighed) {
  using Who = std::pair<SuspectRole, std::optional<std::size_t>>;
  std::map<Who, double> suspects;
  for (const Hypothesis& h : weighed) suspects[{h.role, h.block}] += h.probability;
  const auto first = std::max_element(suspects.begin(), suspects.end(),
                                      [](const auto& a, const auto& b) { return a.second < b.second; });
  std::size_t best = rows.size();
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (Who{weighed[i].role, weighed[i].block} == first->first &&
        (best == rows.size() || weighed[i].probability > weighed[best].probability))
      best = i;
  const Confidence confidence =
      ConfidenceOf(weighed[best], first->second, weighed, rows[best].ground, rows[best].run_fit.get());
  const bool told = confidence != Confidence::kInsufficient, guilty = rows[best].guilty;
  return {guilty, KindIsRight(rows, weighed), told && guilty,
          told && !guilty && first->first.first == SuspectRole::kBlock, LogLoss(rows, weighed)};
}

void Count(const Answer& answer, const Answer& all_on, AblationCount& count) {
  ++count.incidents;
  count.block += answer.block ? 1 : 0;
  count.kind += answer.kind ? 1 : 0;
  count.lost += all_on.block && !answer.block ? 1 : 0;
  count.won += !all_on.block && answer.block ? 1 : 0;
  count.log_loss += answer.log_loss;
  count.accused += answer.accused ? 1 : 0;
  count.innocent += answer.innocent ? 1 : 0;
}

std::vector<Rows> ByIncident(const Outcome& outcome) {
  std::vector<Rows> incidents;
  for (const WeighedHypothesis& row : outcome.hypotheses) {
    if (incidents.empty() || incidents.back().front().incident != row.incident) incidents.emplace_back();
    incidents.back().push_back(row);
  }
  std::erase_if(incidents, [](const Rows& rows) {
    return std::none_of(rows.begin(), rows.end(), [](const WeighedHypothesis& row) { return row.guilty; });
  });
  return incidents;
}

std::int64_t Change(std::uint64_t without, std::uint64_t with) {
  return static_cast<std::int64_t>(without) - static_cast<std::int64_t>(with);
}

}  // namespace

Ablation::Ablation() {
  for (const SignalRow& signal : AllSignals()) rows.push_back({signal.name, {}});
}

void Ablation::Add(const Outcome& outcome) {
  const std::vector<Rows> incidents = ByIncident(outcome);
  for (const Rows& incident : incidents) {
    const Answer all = AnswerOf(incident, Without(incident, ""));
    Count(all, all, all_on);
    for (Row& row : rows)
      Count(Spoke(incident, row.signal) ? AnswerOf(incident, Without(incident, row.signal)) : all, all, row.count);
  }
  if (!incidents.empty()) ++all_on.images;
  for (Row& row : rows)
    row.count.images += std::any_of(incidents.begin(), incidents.end(),
                                    [&](const Rows& incident) { return Spoke(incident, row.signal); });
}

std::string AblationTable(const Ablation& ablation) {
  const AblationCount& all = ablation.all_on;
  const double size = static_cast<double>(std::max<std::uint64_t>(all.incidents, 1));
  std::string text = fmt::format(
      "\nWhat each signal is worth: {} incidents of {} images in which a hypothesis is right; all signals on: first "
      "suspect right in {} ({:.1f} %), kind in {} ({:.1f} %), log loss {:.4f} an incident, accused {} guilty and {} "
      "innocent blocks. Without the signal:\n",
      all.incidents, all.images, all.block, 100 * static_cast<double>(all.block) / size, all.kind,
      100 * static_cast<double>(all.kind) / size, all.log_loss / size, all.accused, all.innocent);
  text += fmt::format("  {:<22}{:>8}{:>8}{:>8}{:>7}{:>7}{:>11}{:>9}{:>10}\n", "", "images", "first", "(lost", "won)",
                      "kind", "log loss", "guilty", "innocent");
  for (const Ablation::Row& row : ablation.rows) {
    const AblationCount& count = row.count;
    text += fmt::format("  {:<22}{:>8}{:>+8}{:>8}{:>7}{:>+7}{:>+11.4f}{:>+9}{:>+10}\n", row.signal, count.images,
                        Change(count.block, all.block), count.lost, count.won, Change(count.kind, all.kind),
                        (count.log_loss - all.log_loss) / size, Change(count.accused, all.accused),
                        Change(count.innocent, all.innocent));
  }
  return text;
}

}  // namespace poolblame::evaluation
