#include "cli/render_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/escape.h"
#include "cli/hex_view.h"
#include "cli/incident_words.h"
#include "cli/page_picture.h"
#include "cli/special_picture.h"
#include "cli/text_sections.h"
#include "cli/write_words.h"

namespace poolblame::cli {
namespace {

constexpr std::size_t kIncidentsInFull = 3;  // more is a flood; the rest get a line each
constexpr std::size_t kIncidentLines = 50;
constexpr std::size_t kEvidenceShown = 6;  // strongest first; --verbose shows all
constexpr std::size_t kRowsUnderIncident = 12;
constexpr double kWorthAMention = 0.005;  // what rounds to nothing is noise; --verbose shows it

std::string Answer(const ImageReport& facts) {
  const Report& report = facts.report;
  switch (report.verdict) {
    case Verdict::kCorrupt:
      return report.incidents.empty() ? "corruption found, no incident described" : Headline(report.incidents.front());
    case Verdict::kClean:
      return fmt::format("no corruption found{}: {} judged, {}", facts.image.truncated ? " in a truncated image" : "",
                         Counted(facts.census.pool_pages, "pool page"), Counted(facts.census.pool_blocks, "block"));
    case Verdict::kInconclusive:
      break;
  }
  const std::vector<NotJudged> left_out = facts.AllNotJudged();
  if (!left_out.empty()) return "inconclusive: " + Escaped(left_out.front().reason);
  return "inconclusive: what had to be looked at is not in this image";
}

void WriteBlocks(TextWriter& out, const Incident& incident) {
  const Palette& palette = out.palette();
  const BlockReference* blamed = NamesCulprit(incident) ? &*incident.suspects.front().block : nullptr;
  if (blamed != nullptr) {
    const char* role = incident.confidence == Confidence::kStrong ? "culprit" : "suspect";
    out.Line("  " + palette.Paint(Style::kCulprit, role) + "  " + BlockText(*blamed));
    const std::string owner = OwnerText(incident, incident.suspects.front());
    if (!owner.empty()) out.Line("  owner    " + owner);
  }
  if (!incident.victim) return;
  const bool same = blamed != nullptr && blamed->header == incident.victim->header;
  out.Line("  " + palette.Paint(Style::kVictim, "victim") + "   " +
           (same ? "the same block" : BlockText(*incident.victim)));
}

void WriteFacts(TextWriter& out, const Incident& incident) {
  WriteBlocks(out, incident);
  if (incident.write && NamesCulprit(incident)) WriteExtentLines(out, *incident.write);
  const Damage& damage = incident.damage;
  out.Line(fmt::format("  {}   {} to {}, {}, {} certainly wrong", out.palette().Paint(Style::kDamage, "damage"),
                       AddressText(damage.start), AddressText(damage.end), Counted(damage.end - damage.start, "byte"),
                       damage.certain_bytes == 0 ? "none" : Grouped(damage.certain_bytes)));
  std::string kinds;
  for (const auto& [kind, probability] : incident.kind_probabilities) {
    if (probability < kWorthAMention) continue;
    kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", FaultKindName(kind), Percent(probability));
  }
  if (!kinds.empty()) out.Sentence("  kind     ", kinds);
}

/// Evidence, strongest first; each sentence once unless `verbose`, where every signal stands with its weight.
std::vector<Evidence> SortedEvidence(const Suspect& suspect, bool verbose) {
  std::vector<Evidence> sorted = suspect.evidence;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Evidence& a, const Evidence& b) { return a.log_odds > b.log_odds; });
  if (verbose) return sorted;
  std::vector<Evidence> once;
  for (const Evidence& item : sorted) {
    const auto same = [&](const Evidence& other) { return other.text == item.text; };
    if (std::none_of(once.begin(), once.end(), same)) once.push_back(item);
  }
  return once;
}

/// Who allocated the block, or allocates with its tag, weighs nothing, but is what a person looks for first.
std::size_t MoveCallSitesFirst(std::vector<Evidence>& evidence) {
  const auto names_code = [](const Evidence& item) {
    return (item.signal == "verifier-record" || item.signal == "driver-code") && item.log_odds == 0;
  };
  const auto rest = std::stable_partition(evidence.begin(), evidence.end(), names_code);
  return static_cast<std::size_t>(rest - evidence.begin());
}

/// What speaks for the first suspect with '+', what speaks against it with '-'.
void WriteEvidence(TextWriter& out, const Incident& incident, bool verbose) {
  std::vector<Evidence> evidence = SortedEvidence(incident.suspects.front(), verbose);
  if (evidence.empty()) return;
  out.Heading("why");
  // A driver is not named where nobody is blamed.
  const std::size_t call_sites = !verbose && NamesCulprit(incident) ? MoveCallSitesFirst(evidence) : 0;
  const std::size_t shown = verbose ? evidence.size() : std::min(evidence.size(), kEvidenceShown + call_sites);
  for (std::size_t i = 0; i < shown; ++i) {
    const Evidence& item = evidence[i];
    const std::string weight = verbose ? fmt::format(" [{}, {:+.2f}]", item.signal, item.log_odds) : "";
    out.Sentence(item.log_odds < 0 ? "  - " : "  + ", item.text + weight);
  }
  if (shown < evidence.size()) out.Sentence("  ", fmt::format("and {} more (--verbose)", evidence.size() - shown));
}

void WriteSpecialPage(TextWriter& out, const Incident& incident) {
  const SpecialPoolPage& page = *incident.special_page;
  const std::uint64_t base = page.address ? page.address->value : ToPhysAddr(page.bytes.pfn.value_or(0)).value;
  out.Heading(fmt::format("page {}{} ({} special pool), 8 bytes a character", page.address ? "" : "physical ",
                          AddressText(base), PoolKindName(incident.pool)));
  WriteSpecialPicture(out, page, kRowsUnderIncident);
}

void WritePicture(TextWriter& out, const Incident& incident, const std::optional<PoolPage>& page) {
  if (incident.special_page) return WriteSpecialPage(out, incident);
  if (!page || page->bytes.bytes.size() < kPageSize) return;
  const PageScene scene = MakePageScene(*page, {&incident});
  const std::string physical = page->address ? "" : "physical ";
  out.Heading(fmt::format("page {}{} ({} pool), 8 bytes a character", physical, AddressText(scene.base()),
                          PoolKindName(incident.pool)));
  for (const std::string& row : DrawPage(scene, out.palette())) out.Line(row);
  out.Blank();
  for (const std::string& line : DrawLegend(scene, out.palette())) out.Line(line);
  out.Blank();
  for (const std::string& row : DrawDamage(scene, out.palette(), kRowsUnderIncident)) out.Line(row);
}

void WriteAdvice(TextWriter& out, const Incident& incident) {
  if (incident.advice.empty()) return;
  out.Heading("next");
  for (const std::string& advice : incident.advice) out.Sentence("  - ", advice);
}

void WriteSuspects(TextWriter& out, const Incident& incident, const TextOptions& options) {
  const bool hardware = incident.kind == FaultKind::kBitFlip && !incident.suspects.empty() &&
                        incident.suspects.front().role == SuspectRole::kHardware;
  const std::size_t first = NamesCulprit(incident) || hardware ? 1 : 0;  // the headline has said that one
  std::size_t end = first;
  while (end < incident.suspects.size() && end < options.top &&
         (options.verbose || incident.suspects[end].probability >= kWorthAMention))
    ++end;
  if (end > first) out.Heading(first == 1 ? "other suspects" : "candidates, none established");
  for (std::size_t i = first; i < end; ++i) {
    const Suspect& suspect = incident.suspects[i];
    out.Line(
        fmt::format("  {}. {:>5}  {}", suspect.rank, Percent(suspect.probability), SuspectText(incident, suspect)));
  }
  const std::size_t left = incident.suspects.size() - end;
  if (end == options.top && left > 0 && incident.suspects[end].probability >= kWorthAMention)
    out.Sentence("  ", fmt::format("and {} more (--top {})", left, incident.suspects.size()));
}

void WriteIncident(TextWriter& out, const ImageReport& facts, std::size_t index, const TextOptions& options) {
  const Incident& incident = facts.report.incidents[index];
  const std::optional<PoolPage> none;
  out.Blank();
  WriteFacts(out, incident);
  if (!incident.suspects.empty()) WriteEvidence(out, incident, options.verbose);
  WritePicture(out, incident, index < facts.incident_pages.size() ? facts.incident_pages[index] : none);
  WriteAdvice(out, incident);
  WriteSuspects(out, incident, options);
}

void WriteIncidents(TextWriter& out, const ImageReport& facts, const TextOptions& options) {
  const std::vector<Incident>& incidents = facts.report.incidents;
  const std::size_t in_full = options.verbose ? incidents.size() : std::min(incidents.size(), kIncidentsInFull);
  for (std::size_t i = 0; i < in_full; ++i) {
    if (i > 0) out.Heading(fmt::format("incident {} of {}", i + 1, incidents.size()));
    if (i > 0) out.Line(out.palette().Paint(Style::kAnswer, Headline(incidents[i])));
    WriteIncident(out, facts, i, options);
  }
  if (in_full == incidents.size()) return;
  out.Heading(fmt::format("{} (--verbose describes them all)", Counted(incidents.size() - in_full, "more incident")));
  const std::size_t listed = std::min(incidents.size(), in_full + kIncidentLines);
  for (std::size_t i = in_full; i < listed; ++i) out.Line(fmt::format("  {}. {}", i + 1, Headline(incidents[i])));
  if (listed < incidents.size()) out.Line(fmt::format("  and {} more", Grouped(incidents.size() - listed)));
}

}  // namespace

std::string RenderReportText(const ImageReport& facts, const TextOptions& options) {
  TextWriter out(options.palette, options.columns);
  out.Line(options.palette.Paint(Style::kAnswer, Answer(facts)));
  if (facts.report.incidents.size() > 1)
    out.Line(fmt::format("the gravest of {}", Counted(facts.report.incidents.size(), "incident")));
  WriteIncidents(out, facts, options);
  WriteExplanations(out, facts.report, options.explain);
  WriteBugCheck(out, facts);
  WriteSystem(out, facts);
  WriteCoverage(out, facts);
  WriteNotes(out, facts, options.verbose);
  return out.text();
}

}  // namespace poolblame::cli
