#include "cli/render_correlate.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/escape.h"
#include "cli/text_writer.h"

namespace poolblame::cli {
namespace {

constexpr std::size_t kFewDumps = 5;
constexpr double kWorthShowing = 0.001;

std::string TagWords(const Candidate& candidate) {
  std::string words;
  for (const CandidateTag& tag : candidate.tags) {
    if (!words.empty() && tag.probability < kWorthShowing) break;
    words += (words.empty() ? "'" : ", '") + tag.tag.text() + "'";
  }
  return words;
}

std::string NameOf(const Candidate& candidate) {
  switch (candidate.role) {
    case CandidateRole::kHardware:
      return fmt::format("hardware of machine {:016x}", candidate.machine);
    case CandidateRole::kDriver:
      return fmt::format("{} ({})", candidate.owner.driver, TagWords(candidate));
    case CandidateRole::kTag:
      break;
  }
  return TagWords(candidate) + ", driver unknown";
}

std::string FirstLine(const Ranking& ranking) {
  switch (ranking.verdict) {
    case FleetVerdict::kCulprit:
    case FleetVerdict::kHardware: {
      const Candidate& first = ranking.candidates.front();
      return fmt::format("common culprit: {}, {}", NameOf(first), Percent(first.probability));
    }
    case FleetVerdict::kNobody:
      return ranking.damaged == 0 ? "no damage in any dump"
                                  : "nothing is common to these dumps: " + Percent(ranking.nobody);
    case FleetVerdict::kUndecided:
      break;
  }
  return ranking.damaged == 0 ? "undecided: no dump shows damage, and not all that had to be looked at is there"
                              : "undecided: the dumps do not settle it";
}

std::string Standing(const Candidate& candidate, const Ranking& ranking) {
  const bool hardware = candidate.role == CandidateRole::kHardware;
  std::string text = fmt::format("{} in {} of {}", hardware ? "looks like bad memory" : "suspect beyond chance",
                                 candidate.dumps.size(), Counted(ranking.damaged, "damaged dump"));
  if (candidate.machines > 0 && !hardware) text += fmt::format(", on {}", Counted(candidate.machines, "machine"));
  if (candidate.victims > 1) text += fmt::format(", over {} different tags", candidate.victims);
  if (candidate.constant_distance && 2 * *candidate.constant_distance > candidate.dumps.size())
    text += fmt::format("; in {} of them the damage begins at the same distance", *candidate.constant_distance);
  return text;
}

std::string Outlook(const Candidate& candidate) {
  if (!candidate.more_dumps) return "these dumps speak against it: more like them would not settle it";
  if (*candidate.more_dumps == 0) return "settled";
  return fmt::format("{} more like these would settle it", Counted(*candidate.more_dumps, "dump"));
}

std::string DumpWords(const Candidate& candidate, bool all) {
  std::vector<const DumpBehind*> dumps;
  for (const DumpBehind& dump : candidate.dumps) dumps.push_back(&dump);
  std::stable_sort(dumps.begin(), dumps.end(),
                   [](const DumpBehind* a, const DumpBehind* b) { return a->ratio > b->ratio; });
  std::string words;
  const std::size_t shown = all ? dumps.size() : std::min(kFewDumps, dumps.size());
  for (std::size_t i = 0; i < shown; ++i)
    words += fmt::format("{}{} (x{:.1f})", i == 0 ? "" : ", ", dumps[i]->path, dumps[i]->ratio);
  if (shown < dumps.size()) words += fmt::format(" and {} more", dumps.size() - shown);
  return words;
}

void WriteCandidate(TextWriter& out, const Ranking& ranking, std::size_t index, bool verbose) {
  const Candidate& candidate = ranking.candidates[index];
  constexpr const char* kIndent = "              ";
  out.Blank();
  out.Sentence(fmt::format("  {:>2}.  {:>5}  ", index + 1, Percent(candidate.probability)), NameOf(candidate));
  out.Sentence(kIndent, Standing(candidate, ranking));
  out.Sentence(kIndent, Outlook(candidate));
  if (!candidate.dumps.empty()) out.Sentence(kIndent, DumpWords(candidate, verbose));
}

void WriteNext(TextWriter& out, const Ranking& ranking) {
  if (ranking.verdict == FleetVerdict::kNobody && ranking.damaged == 0) return;
  out.Heading("next");
  if (ranking.verdict == FleetVerdict::kHardware)
    return out.Sentence("  - ", "test the memory of that machine (mdsched or memtest86+)");
  if (ranking.verdict != FleetVerdict::kCulprit)
    return out.Sentence("  - ", "collect more dumps, from other machines where there are any");
  const Candidate& first = ranking.candidates.front();
  if (!first.owner.driver.empty()) out.Sentence("  - ", "verifier /flags 0x9 /driver " + first.owner.driver);
  if (!first.tags.empty())
    out.Sentence("  - ", "gflags /k and special pool for tag '" + first.tags.front().tag.text() +
                             "': the next overrun faults at the instruction that does it");
}

}  // namespace

std::string RenderRankingText(const Ranking& ranking, const TextOptions& options) {
  TextWriter out(options.palette, options.columns);
  out.Line(options.palette.Paint(Style::kAnswer, Escaped(FirstLine(ranking))));
  out.Blank();
  out.Sentence("  ", fmt::format("{} of {} crash{}: {} damaged, {} clean, {} inconclusive",
                                 Counted(ranking.reports, "report"), Grouped(ranking.dumps),
                                 ranking.dumps == 1 ? "" : "es", ranking.damaged, ranking.clean, ranking.inconclusive));
  if (ranking.machines > 0)
    out.Sentence("  ", fmt::format("{} told apart by processors and memory", Counted(ranking.machines, "machine")));
  std::size_t shown = 0;
  for (; shown < ranking.candidates.size(); ++shown) {
    const bool worth = ranking.candidates[shown].probability >= kWorthShowing;
    if (!options.verbose && (shown >= options.top || !worth)) break;
    WriteCandidate(out, ranking, shown, options.verbose);
  }
  if (ranking.damaged > 0) {
    out.Blank();
    out.Sentence(fmt::format("       {:>5}  ", Percent(ranking.nobody)), "nothing is common to them");
  }
  WriteNext(out, ranking);
  return out.text();
}

}  // namespace poolblame::cli
