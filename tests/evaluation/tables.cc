#include "tests/evaluation/tables.h"

#include <fmt/format.h>

#include <algorithm>

namespace poolblame::evaluation {
namespace {

constexpr std::size_t kErrorsShown = 5;  // the rest is in the misses file

std::string RankRow(const std::string& name, const RankCount& count) {
  return fmt::format("  {:<32}{:>6}{:>10}{:>10}{:>8}{:>14}{:>10}\n", name, count.total,
                     Percent(count.first, count.total), Percent(count.in_three, count.total), count.no_incident,
                     count.insufficient, count.innocent);
}

std::string OverrunTable(const Score& score) {
  std::string text = fmt::format("Overruns: the culprit's rank\n  {:<32}{:>6}{:>10}{:>10}{:>8}{:>14}{:>10}\n", "",
                                 "images", "top-1", "top-3", "silent", "insufficient", "innocent");
  text += RankRow("header damaged", score.overrun_header);
  text += RankRow("  culprit not in dump: said so", score.overrun_header_absent);
  text += RankRow("payload only, siblings show it", score.overrun_payload);
  text += RankRow("  of these, rich payloads", score.overrun_payload_rich);
  text += RankRow("  plain ones, 8 siblings in dump", score.overrun_payload_alike);
  if (score.overrun_payload_vs.total > 0) text += RankRow("  of these, of VS chunks", score.overrun_payload_vs);
  text += RankRow("payload only, nothing shows it", score.overrun_unseen);
  for (const auto& [split, rows] : score.overrun_splits) {
    text += fmt::format("  header damaged, by {}\n", split);
    for (const auto& [name, count] : rows) text += RankRow("  " + name, count);
  }
  return text;
}

std::string KindTable(const Score& score) {
  std::string text = fmt::format(
      "\nOther kinds, visible damage: kind and block of the first answer\n"
      "  {:<24}{:>6}{:>10}{:>10}{:>10}{:>8}\n",
      "", "images", "kind", "block", "both", "silent");
  for (const auto& [kind, count] : score.kinds)
    text += fmt::format("  {:<24}{:>6}{:>10}{:>10}{:>10}{:>8}\n", kind, count.total, Percent(count.kind, count.total),
                        Percent(count.block, count.total), Percent(count.both, count.total), count.no_incident);
  return text;
}

/// Names of REPORT.md in its order, then what else stands in a row or a column.
std::vector<std::string> KindNames(const char* last) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kFaultKindCount; ++i) names.emplace_back(FaultKindName(static_cast<FaultKind>(i)));
  names.emplace_back(last);
  return names;
}

std::string Cell(const ConfusionCell& cell) {
  if (cell.all() == 0) return ".";
  return cell.insufficient == 0 ? fmt::format("{}", cell.told) : fmt::format("{}+{}", cell.told, cell.insufficient);
}

std::string RightKindLine(const char* name, const KindCount& count) {
  return fmt::format("  {:<17} right kind: {} of {} ({}); of those not insufficient {} of {} ({})\n", name, count.right,
                     count.images, Percent(count.right, count.images), count.told_right, count.told,
                     Percent(count.told_right, count.told));
}

std::string ConfusionTable(const Confusion& confusion) {
  std::vector<std::string> columns;
  for (const std::string& told : KindNames("none"))
    for (const auto& [truth, row] : confusion.rows())
      if (row.contains(told) && (columns.empty() || columns.back() != told)) columns.push_back(told);
  std::string text = fmt::format(
      "\nConfusion: true kind down, kind of the first incident across; \"+N\": N more that are insufficient\n  {:<18}",
      "");
  for (const std::string& column : columns) text += fmt::format(" {:>12.12}", column);
  text += '\n';
  for (const std::string& truth : KindNames("clean")) {
    if (!confusion.rows().contains(truth)) continue;
    text += fmt::format("  {:<18}", truth);
    for (const std::string& column : columns) text += fmt::format(" {:>12}", Cell(confusion.At(truth, column)));
    text += '\n';
  }
  for (const auto& [truth, count] : confusion.kinds()) text += RightKindLine(truth.c_str(), count);
  return text + RightKindLine("all kinds", confusion.AllKinds());
}

std::string Counts(const CountByName& counts) {
  std::string text;
  for (const auto& [name, count] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, count);
  return text.empty() ? "none" : text;
}

std::string KeyLine(const char* what, const KeyCount& count) {
  if (count.images == 0) return "";
  return fmt::format("{}: right in {} of {} images, wrong in {}\n", what, count.right, count.images,
                     count.found - count.right);
}

std::string AlarmTable(const Score& score) {
  std::string text = fmt::format("\nClean images: {}, false alarms {}; verdicts: {}\n", score.clean.images,
                                 score.clean.false_alarms, Counts(score.clean.verdicts));
  text +=
      fmt::format("  with rich payloads: {}, false alarms {}; with plain ones: {}, false alarms {}\n",
                  score.rich_clean.images, score.rich_clean.false_alarms, score.clean.images - score.rich_clean.images,
                  score.clean.false_alarms - score.rich_clean.false_alarms);
  text += KeyLine("HeapKey", score.keys) + KeyLine("HeapKey in triage dumps", score.triage_keys);
  text += fmt::format("Damage on a page that the dump lacks: verdicts: {}\n", Counts(score.absent_verdicts));
  text += fmt::format("Damage that left no trace: first answers: {}\n", Counts(score.invisible));
  for (const auto& [confidence, count] : score.accusations)
    text += fmt::format("Incidents '{}': {}, an innocent block first in {} ({})\n", confidence, count.incidents,
                        count.innocent_first, Percent(count.innocent_first, count.incidents));
  text += "Visible damage, verdict 'clean':\n";
  for (const auto& [kind, count] : score.missed)
    text += fmt::format("  {:<18}{:>5} of {:>5} ({})\n", kind, count.said_clean, count.visible,
                        Percent(count.said_clean, count.visible));
  return text;
}

std::string CalibrationTable(const Score& score) {
  std::string text = fmt::format("\nCalibration{:>22}{:>32}\n  {:<10}", "first suspects", "all suspects", "printed");
  for (int i = 0; i < 2; ++i) text += fmt::format("{:>8}{:>8}{:>10}    ", "count", "mean", "guilty");
  text += '\n';
  for (std::size_t b = 0; b < Calibration::kBins; ++b) {
    text += fmt::format("  0.{}-{:<6.1f}", b, static_cast<double>(b + 1) / Calibration::kBins);
    for (const Calibration* calibration : {&score.first_suspects, &score.all_suspects}) {
      const Calibration::Bin& bin = calibration->bins()[b];
      text += fmt::format("{:>8}{:>8.2f}{:>10}    ", bin.count, bin.mean_probability(), Percent(bin.guilty, bin.count));
    }
    text += '\n';
  }
  text += fmt::format("  expected calibration error: {:.3f} (first), {:.3f} (all)\n",
                      score.first_suspects.ExpectedError(), score.all_suspects.ExpectedError());
  return text;
}

std::string TargetTable(const std::vector<TargetResult>& targets) {
  std::string text = "\nPromises\n";
  for (const TargetResult& target : targets)
    text += fmt::format("  {:<46}wanted {:>6.3f}  measured {:>6.3f}  of {:>6}  {}\n", target.name, target.wanted,
                        target.measured, target.cases, target.holds ? "holds" : "MISSED");
  return text;
}

std::string ErrorList(const Score& score) {
  if (score.errors.empty()) return "";
  std::string text = fmt::format("{} images could not be built or opened, for example\n", score.errors.size());
  for (std::size_t i = 0; i < std::min(kErrorsShown, score.errors.size()); ++i) text += "  " + score.errors[i] + '\n';
  return text + '\n';
}

std::string DescribeIncident(const IncidentOutcome& incident) {
  std::string text = fmt::format("{}/{}:", FaultKindName(incident.kind), ConfidenceName(incident.confidence));
  const std::size_t shown = std::min<std::size_t>(3, incident.suspects.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const SuspectOutcome& suspect = incident.suspects[i];
    text += fmt::format(" {:.2f} {} ({}){}", suspect.probability, suspect.block, FaultKindName(suspect.kind),
                        suspect.guilty ? "*" : "");
  }
  return text;
}

}  // namespace

std::string Percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  return fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string Tables(const Score& score, const std::vector<TargetResult>& targets) {
  return fmt::format("{} images\n", score.images) + ErrorList(score) + OverrunTable(score) + KindTable(score) +
         ConfusionTable(score.confusion) + AlarmTable(score) + CalibrationTable(score) + TargetTable(targets);
}

std::string MissLine(const Outcome& outcome) {
  const std::vector<std::string> reasons = Misses(outcome);
  if (reasons.empty()) return "";
  std::string line = fmt::format("{} [{}] \"{}\"", outcome.index, fmt::join(reasons, "; "), outcome.recipe.Text());
  if (!outcome.error.empty()) return line;
  const samples::Truth& truth = outcome.truth;
  line +=
      fmt::format(" | truth {}{}{} culprit {} {:#x} victim {} {:#x} damage {:#x}-{:#x}", truth.kind,
                  truth.visible ? "" : " invisible", truth.header_hit ? " header" : "", truth.culprit_tag,
                  truth.culprit_header, truth.victim_tag, truth.victim_header, truth.damage_start, truth.damage_end);
  line += fmt::format(" | {}", VerdictName(outcome.verdict));
  for (const IncidentOutcome& incident : outcome.incidents) line += " | " + DescribeIncident(incident);
  return line;
}

}  // namespace poolblame::evaluation
