#include "cli/analysis.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace poolblame::cli {
namespace {

std::vector<bool> PresenceOfAddresses(const AddressSpace& space, const System& system) {
  std::vector<bool> present;
  if (!system.bugcheck) return present;
  for (const BugCheckAddress& named : system.bugcheck->addresses) {
    std::array<std::uint8_t, 1> byte{};
    present.push_back(space.Read(named.address, byte) == Presence::kPresent);
  }
  return present;
}

/// The page an incident lies on: the scan's finding, or the page read again where every header is legal.
std::optional<PoolPage> PageOfIncident(const Analysis& analysis, const Incident& incident) {
  const PoolCensus& census = analysis.facts.census;
  if (incident.finding && *incident.finding < census.findings.size()) return census.findings[*incident.finding];
  if (!incident.page || incident.special_page) return std::nullopt;
  return ReadPoolPage(analysis.space, analysis.facts.system, census, *incident.page);
}

std::unique_ptr<Analysis> ScanOpenImage(Image image, const ScanOptions& options, const KernelSymbols* symbols) {
  auto analysis = std::make_unique<Analysis>(std::move(image));
  ImageReport& facts = analysis->facts;
  facts.image = analysis->image.facts();
  facts.system = ReadSystem(analysis->space, symbols);
  facts.bugcheck_address_in_image = PresenceOfAddresses(analysis->space, facts.system);
  facts.census = ScanPool(analysis->space, facts.system, options);
  return analysis;
}

void JudgeScanned(Analysis& analysis, const TagDatabase& tags, unsigned threads) {
  ImageReport& facts = analysis.facts;
  facts.report = Judge(analysis.space, facts.system, facts.census, tags, threads);
  for (const Incident& incident : facts.report.incidents)
    facts.incident_pages.push_back(PageOfIncident(analysis, incident));
}

template <typename T, typename Same>
void AppendOnce(std::vector<T>& all, const std::vector<T>& more, Same same) {
  for (const T& item : more) {
    const bool known = std::any_of(all.begin(), all.end(), [&](const T& other) { return same(item, other); });
    if (!known) all.push_back(item);
  }
}

}  // namespace

std::vector<std::string> ImageReport::AllNotes() const {
  std::vector<std::string> all;
  for (const auto* notes : {&image.notes, &system.notes, &census.notes, &report.notes})
    AppendOnce(all, *notes, [](const std::string& a, const std::string& b) { return a == b; });
  return all;
}

std::vector<NotJudged> ImageReport::AllNotJudged() const {
  std::vector<NotJudged> all;
  for (const auto* left_out : {&census.not_judged, &report.not_judged}) {
    AppendOnce(all, *left_out,
               [](const NotJudged& a, const NotJudged& b) { return a.reason == b.reason && a.address == b.address; });
  }
  return all;
}

Analysis::Analysis(Image opened) : image(std::move(opened)), space(image) {}

Result<std::unique_ptr<Analysis>> ScanImage(const std::string& path, const AnalysisOptions& options) {
  Result<Image> image = Image::Open(path, options.open);
  if (!image) return tl::unexpected(image.error());
  return ScanOpenImage(std::move(*image), options.scan, options.symbols ? &*options.symbols : nullptr);
}

std::unique_ptr<Analysis> AnalyseOpenImage(Image image, const ScanOptions& options, const TagDatabase& tags) {
  std::unique_ptr<Analysis> analysis = ScanOpenImage(std::move(image), options, nullptr);
  JudgeScanned(*analysis, tags, options.threads);
  return analysis;
}

Result<std::unique_ptr<Analysis>> AnalyseImage(const std::string& path, const AnalysisOptions& options,
                                               const TagDatabase& tags) {
  Result<std::unique_ptr<Analysis>> scanned = ScanImage(path, options);
  if (!scanned) return scanned;
  JudgeScanned(**scanned, tags, options.scan.threads);
  return scanned;
}

Owner NameableOwner(const Incident& incident, const Suspect& suspect) {
  const bool hardware = incident.kind == FaultKind::kBitFlip || suspect.kind == FaultKind::kBitFlip;
  if (hardware || incident.confidence == Confidence::kInsufficient) return Owner{};
  return suspect.owner;
}

}  // namespace poolblame::cli
