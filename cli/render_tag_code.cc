#include "cli/render_tag_code.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "cli/escape.h"
#include "cli/incident_words.h"
#include "cli/text_writer.h"
#include "heuristics/owner.h"
#include "pooltag/name_match.h"

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

/// Places that say something: text and chance are left out.
std::uint64_t PlacesOf(const DriverTagUses& uses) {
  return std::accumulate(uses.counts.begin(), uses.counts.begin() + static_cast<std::ptrdiff_t>(TagUse::kText),
                         std::uint64_t{0});
}

std::string CandidateText(const CodeCandidate& candidate, const System& system) {
  std::string text =
      fmt::format("  {:>5}  {}{}\n", Percent(candidate.probability), Escaped(system.modules[candidate.module].name),
                  candidate.uses == nullptr ? ", by the table; its code that is here lacks it" : "");
  if (candidate.uses == nullptr) return text;
  const std::vector<TagSite>& sites = candidate.uses->sites;
  for (std::size_t i = 0; i < std::min(sites.size(), kSitesShown); ++i)
    text += "         " + Escaped(SiteText(sites[i], system)) + "\n";
  const std::uint64_t all = PlacesOf(*candidate.uses);
  if (all > kSitesShown) text += fmt::format("         and {} more\n", Grouped(all - kSitesShown));
  return text;
}

const char* UseName(TagUse use) {
  switch (use) {
    case TagUse::kCall:
      return "call";
    case TagUse::kArgument:
      return "argument";
    case TagUse::kImmediate:
      return "immediate";
    case TagUse::kData:
      return "data";
    case TagUse::kText:
      return "text";
    case TagUse::kChance:
      break;
  }
  return "chance";
}

Json SiteJson(const TagSite& site, const System& system) {
  return {{"address", JsonAddress(site.address.value)},
          {"use", UseName(site.use)},
          {"routine", site.routine != nullptr ? Json(std::string(site.routine->name)) : Json(nullptr)},
          {"text", SiteText(site, system)}};
}

Json CandidateJson(const CodeCandidate& candidate, const System& system) {
  Json sites = Json::array();
  if (candidate.uses != nullptr)
    for (const TagSite& site : candidate.uses->sites) sites.push_back(SiteJson(site, system));
  return {{"driver", system.modules[candidate.module].name},
          {"probability", JsonRounded(candidate.probability, 4)},
          {"in_code", candidate.uses != nullptr},
          {"places", candidate.uses != nullptr ? PlacesOf(*candidate.uses) : 0},
          {"sites", sites}};
}

NamedTag NameTag(const TagCount& count, const CodeSearch& search, const System& system, const TagDatabase& tags) {
  NamedTag named{count, OwnerOf(count.tag, tags, system)};
  const std::vector<CodeCandidate> ranked = RankByCode(count.tag, search, system, tags);
  const CodeCandidate* first = NamedByCode(ranked);
  if (first == nullptr) return named;
  const std::string& driver = system.modules[first->module].name;
  named.owner = {driver, IsSameDriver(driver, named.owner.driver) ? named.owner.vendor : "", "module-scan",
                 first->probability};
  named.uses = first->uses;
  return named;
}

std::string OwnerByCodeText(const NamedTag& named, const System& system) {
  if (TagDatabase::IsGeneric(named.count.tag)) return "       used by many: it names no driver";
  if (named.uses != nullptr)
    return fmt::format("{:>5}  {}", Percent(named.owner.probability),
                       Escaped(SiteText(named.uses->sites.front(), system)));
  return named.owner.driver.empty() ? "" : fmt::format("       {}, by the table", Escaped(named.owner.driver));
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

Json TagCodeJson(PoolTag tag, const CodeSearch& search, const System& system, const TagDatabase& tags) {
  const std::vector<CodeCandidate> ranked = RankByCode(tag, search, system, tags);
  const CodeCandidate* named = NamedByCode(ranked);
  Json candidates = Json::array();
  for (const CodeCandidate& candidate : ranked) candidates.push_back(CandidateJson(candidate, system));
  return {{"in_image", search.has_code()},
          {"drivers_searched", search.drivers.size()},
          {"named", named != nullptr ? Json(system.modules[named->module].name) : Json(nullptr)},
          {"candidates", candidates}};
}

std::vector<NamedTag> NameTags(const std::vector<TagCount>& counts, const std::vector<TagPattern>& patterns,
                               const TagQuery& query, const CodeSearch& search, const System& system,
                               const TagDatabase& tags) {
  std::vector<NamedTag> all;
  for (const TagCount& count : counts) {
    const auto fits = [&](const TagPattern& pattern) { return pattern.Matches(count.tag); };
    if (!patterns.empty() && std::none_of(patterns.begin(), patterns.end(), fits)) continue;
    NamedTag named = NameTag(count, search, system, tags);
    if (!query.driver.empty() && !IsDriver(named.owner.driver, query.driver)) continue;
    if (!query.vendor.empty() && !IsVendor(named.owner.vendor, query.vendor)) continue;
    all.push_back(std::move(named));
  }
  return all;
}

std::string RenderAllTagCode(const std::vector<NamedTag>& named, const CodeSearch& search, const System& system) {
  std::string text;
  if (!search.has_code()) text = fmt::format("{}: whose the tags are, only the table can tell\n", kNoCode);
  text += "tag           blocks  driver\n";
  for (const NamedTag& row : named) {
    text += fmt::format("{:<8} {:>11}  {}", Escaped(row.count.tag.text()), Grouped(row.count.allocated),
                        OwnerByCodeText(row, system));
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

std::vector<Json> AllTagCodeJson(const std::vector<NamedTag>& named, const System& system) {
  std::vector<Json> records;
  for (const NamedTag& row : named) {
    const bool by_code = row.uses != nullptr;
    records.push_back({{"record", "pool-tag"},
                       {"tag", row.count.tag.text()},
                       {"tag_hex", row.count.tag.hex()},
                       {"blocks", row.count.allocated},
                       {"generic", TagDatabase::IsGeneric(row.count.tag)},
                       {"driver", JsonText(row.owner.driver)},
                       {"vendor", JsonText(row.owner.vendor)},
                       {"source", row.owner.driver.empty() ? "none" : row.owner.source},
                       {"probability", by_code ? Json(JsonRounded(row.owner.probability, 4)) : Json(nullptr)},
                       {"site", by_code ? SiteJson(row.uses->sites.front(), system) : Json(nullptr)}});
  }
  return records;
}

}  // namespace poolblame::cli
