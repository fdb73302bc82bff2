#include "cli/render_tag_code.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cli/escape.h"
#include "cli/incident_words.h"
#include "cli/text_writer.h"
#include "heuristics/owner.h"

namespace poolblame::cli {
namespace {

constexpr std::size_t kCandidatesShown = 8;
constexpr std::size_t kSitesShown = 3;
constexpr const char* kNoCode = "driver code is not in this dump";

std::string PlaceOfDriver(const System& system, const std::string& driver) {
  std::string place = "not among the drivers that are loaded or were unloaded";
  for (const Module& module : system.modules) {
    if (!IsSameDriver(module.name, driver)) continue;
    if (!module.unloaded) return "loaded at " + AddressText(module.base.value);
    place = "was unloaded";
  }
  return place;
}

std::string WithoutCode(PoolTag tag, const System& system, const TagDatabase& tags) {
  std::string text = fmt::format("  {}: the table and the lists of drivers have to do\n", kNoCode);
  std::set<std::string> told;
  for (const TagEntry& entry : tags.Find(tag))
    if (!entry.driver.empty() && told.insert(entry.driver).second)
      text += fmt::format("    {}: {}\n", Escaped(entry.driver), PlaceOfDriver(system, entry.driver));
  return text;
}

std::string CandidateText(const CodeCandidate& candidate, const System& system) {
  std::string text =
      fmt::format("  {:>5}  {}{}\n", Percent(candidate.probability), Escaped(system.modules[candidate.module].name),
                  candidate.uses == nullptr ? ", by the table; its code that is here lacks it" : "");
  if (candidate.uses == nullptr) return text;
  const std::vector<TagSite>& sites = candidate.uses->sites;
  for (std::size_t i = 0; i < std::min(sites.size(), kSitesShown); ++i)
    text += "         " + Escaped(SiteText(sites[i], system)) + "\n";
  std::uint64_t all = 0;
  for (std::size_t use = 0; use < static_cast<std::size_t>(TagUse::kText); ++use) all += candidate.uses->counts[use];
  if (all > kSitesShown) text += fmt::format("         and {} more\n", Grouped(all - kSitesShown));
  return text;
}

}  // namespace

std::string RenderTagCode(PoolTag tag, const CodeSearch& search, const System& system, const TagDatabase& tags) {
  if (!search.has_code()) return WithoutCode(tag, system, tags);
  const std::vector<CodeCandidate> ranked = RankByCode(tag, search, system, tags);
  const std::string drivers = Counted(search.drivers.size(), "driver");
  if (ranked.empty()) return fmt::format("  in the code of none of {}\n", drivers);
  std::string text =
      fmt::format("  by the code of {}{}\n", drivers, NamedByCode(ranked) == nullptr ? ": not enough to name one" : "");
  for (std::size_t i = 0; i < std::min(ranked.size(), kCandidatesShown); ++i) text += CandidateText(ranked[i], system);
  return text;
}

std::string RenderAllTagCode(const std::vector<TagCount>& counts, const CodeSearch& search, const System& system,
                             const TagDatabase& tags) {
  if (!search.has_code()) return fmt::format("{}: whose the tags are, only the table can tell\n", kNoCode);
  std::string text = "tag           blocks  driver\n";
  for (const TagCount& count : counts) {
    const std::vector<CodeCandidate> ranked = RankByCode(count.tag, search, system, tags);
    const CodeCandidate* named = NamedByCode(ranked);
    std::string driver = TagDatabase::IsGeneric(count.tag) ? "used by many" : "";
    if (named != nullptr)
      driver =
          fmt::format("{:>5}  {}", Percent(named->probability), Escaped(SiteText(named->uses->sites.front(), system)));
    text += fmt::format("{:<8} {:>11}  {}", Escaped(count.tag.text()), Grouped(count.allocated), driver);
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

}  // namespace poolblame::cli
