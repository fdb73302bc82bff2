// One of the drivers owns the tag, or none of those that are loaded. What a search of a driver's image finds speaks for
// it by how much likelier that is in the owner's image than in any other's; chance is the bytes searched over 2^32.
#include "heuristics/code_owner.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

#include "heuristics/owner.h"
#include "heuristics/special_scene.h"
#include "parser/kernel/mapped_drivers.h"
#include "parser/kernel/modules.h"

namespace poolblame {
namespace {

/// What was found in a driver, by what says most.
enum class Find { kAllocates, kFrees, kArgument, kImmediate, kData, kNothing };

struct FindRow {
  Find find;
  double in_owner;   // share of owners in whose image this is the best find
  double in_others;  // share of other drivers that use the tag knowingly, whatever the image
  double by_chance;  // share of four equal bytes that come to read like this
};
// Set by judgement, not fitted: no field images are at hand whose tags are all known. Owners allocate with their tags,
// some behind a function of their own. Others free what they were given with the owner's tag, or compare a signature of
// their format that reads the same; their shares are set high rather than low, because a wrong driver costs more than
// none. `by_chance` of code is a guess with room upwards; of data, one place in four is aligned.
constexpr auto kFindRows = std::to_array<FindRow>({
    {Find::kAllocates, 0.55, 0.0015, 0.0001},
    {Find::kFrees, 0.10, 0.005, 0.0001},
    {Find::kArgument, 0.20, 0.003, 0.003},
    {Find::kImmediate, 0.05, 0.01, 0.03},
    {Find::kData, 0.05, 0.03, 0.25},
});
constexpr double kOwnerShowsNothing = 0.05;  // a tag that is computed, or passed in: the rest of the column above

constexpr double kOwnerIsGone = 0.1;   // unloaded, or never a driver with an image
constexpr double kTableIsRight = 0.8;  // tags are used twice: pooltag.txt itself lists some of its tags twice
constexpr double kEnoughToName = 0.9;  // a wrong driver costs more than none

Find FindOf(const DriverTagUses& uses) {
  switch (uses.best()) {
    case TagUse::kCall: {
      const bool frees_only = std::all_of(uses.sites.begin(), uses.sites.end(), [](const TagSite& site) {
        return site.routine == nullptr || site.routine->verb == TagVerb::kFrees;
      });
      return frees_only ? Find::kFrees : Find::kAllocates;
    }
    case TagUse::kArgument:
      return Find::kArgument;
    case TagUse::kImmediate:
      return Find::kImmediate;
    case TagUse::kData:
      return Find::kData;
    case TagUse::kText:
    case TagUse::kChance:
      break;
  }
  return Find::kNothing;
}

/// How much likelier what was found is in the owner's image than in another's.
double LikelihoodRatio(Find find, const SearchedDriver& driver) {
  if (find == Find::kNothing) {
    // In code that is not in the image anything may stand.
    const double all = static_cast<double>(driver.code + driver.missing_code);
    const double searched = all == 0 ? 0 : static_cast<double>(driver.code) / all;
    return 1 - searched * (1 - kOwnerShowsNothing);
  }
  const FindRow& row =
      *std::find_if(kFindRows.begin(), kFindRows.end(), [&](const FindRow& r) { return r.find == find; });
  const double bytes = static_cast<double>(find == Find::kData ? driver.data : driver.code);
  const double chance = 1 - std::exp(-bytes / 4294967296.0 * row.by_chance);
  return row.in_owner / (row.in_others + chance);
}

const DriverTagUses* UsesIn(const CodeSearch& search, PoolTag tag, std::size_t driver) {
  const auto found = search.uses.find(tag);
  if (found == search.uses.end()) return nullptr;
  const auto uses = std::find_if(found->second.begin(), found->second.end(),
                                 [&](const DriverTagUses& u) { return u.driver == driver; });
  return uses == found->second.end() ? nullptr : &*uses;
}

/// Shares of the drivers before anything was searched, the last one for none of them.
std::vector<double> PriorOf(const CodeSearch& search, const System& system, const std::string& by_table) {
  const auto count = static_cast<double>(search.drivers.size());
  const double by_name = by_table.empty() ? 0 : kTableIsRight;
  std::vector<double> prior(search.drivers.size() + 1, (1 - kOwnerIsGone) * (1 - by_name) / count);
  prior.back() = kOwnerIsGone;
  bool loaded = false;
  for (std::size_t i = 0; i < search.drivers.size() && !loaded; ++i) {
    loaded = !by_table.empty() && IsSameDriver(system.modules[search.drivers[i].module].name, by_table);
    if (loaded) prior[i] += (1 - kOwnerIsGone) * by_name;
  }
  if (!loaded) prior.back() += (1 - kOwnerIsGone) * by_name;
  return prior;
}

std::string Verb(const TagSite& site) {
  if (site.use == TagUse::kArgument) return "hands this tag to a call (argument " + std::to_string(site.argument) + ")";
  if (site.use == TagUse::kImmediate) return "has this tag as an operand";
  if (site.use != TagUse::kCall) return "holds this tag in its data";
  const std::string routine = " (" + std::string(site.routine->name) + ")";
  switch (site.routine->verb) {
    case TagVerb::kAllocates:
      return "allocates with this tag" + routine;
    case TagVerb::kFrees:
      return "frees with this tag" + routine;
    case TagVerb::kInitialises:
      return "sets up a lookaside list with this tag" + routine;
  }
  return "";
}

bool MayBeNamed(const Incident& incident) {
  return incident.kind != FaultKind::kBitFlip && incident.confidence != Confidence::kInsufficient;
}

/// A tag whose owner is worth a search; generic ones own nothing.
std::optional<PoolTag> TagToName(const Suspect& suspect) {
  if (suspect.role != SuspectRole::kBlock || !suspect.block) return std::nullopt;
  const PoolTag tag = suspect.block->tag.name();
  if (!tag.plausible() || TagDatabase::IsGeneric(tag)) return std::nullopt;
  return tag;
}

void AddSites(const DriverTagUses& uses, const System& system, Suspect& suspect) {
  constexpr std::size_t kMostShown = 2;
  for (std::size_t i = 0; i < std::min(uses.sites.size(), kMostShown); ++i)
    suspect.evidence.push_back({"driver-code", 0, uses.sites[i].address.value, SiteText(uses.sites[i], system)});
}

struct NamedOwner {
  Owner owner;
  const DriverTagUses* uses = nullptr;
};

std::optional<NamedOwner> OwnerByCode(PoolTag tag, const CodeSearch& search, const System& system,
                                      const TagDatabase& tags) {
  const std::vector<CodeCandidate> ranked = RankByCode(tag, search, system, tags);
  const CodeCandidate* named = NamedByCode(ranked);
  if (named == nullptr) return std::nullopt;
  const Module& module = system.modules[named->module];
  if (module.name == UnknownModuleName(module.base)) return std::nullopt;  // found by its header alone: no name
  return NamedOwner{{module.name, "", "module-scan", named->probability}, named->uses};
}

/// By `by_code`, unless something better than a table knows it; the table's vendor where the driver is the same.
Owner Better(const Owner& known, const Owner& by_code) {
  const bool known_better = !known.driver.empty() && known.source != "tag-database" && known.source != "pooltag.txt";
  if (known_better) return known;
  Owner owner = by_code;
  if (IsSameDriver(owner.driver, known.driver)) owner.vendor = known.vendor;
  return owner;
}

void NameSuspect(const CodeSearch& search, const System& system, const TagDatabase& tags, Suspect& suspect) {
  const auto tag = TagToName(suspect);
  const auto named = tag ? OwnerByCode(*tag, search, system, tags) : std::nullopt;
  if (!named) return;
  suspect.owner = Better(suspect.owner, named->owner);
  if (suspect.owner.source == "module-scan") AddSites(*named->uses, system, suspect);
}

}  // namespace

std::vector<CodeCandidate> RankByCode(PoolTag tag, const CodeSearch& search, const System& system,
                                      const TagDatabase& tags) {
  std::vector<CodeCandidate> ranked;
  if (TagDatabase::IsGeneric(tag.name()) || search.drivers.empty()) return ranked;
  const std::string by_table = OwnerOf(tag, tags, system).driver;
  const std::vector<double> prior = PriorOf(search, system, by_table);
  double sum = prior.back();
  for (std::size_t i = 0; i < search.drivers.size(); ++i) {
    const DriverTagUses* uses = UsesIn(search, tag.name(), i);
    const Find find = uses == nullptr ? Find::kNothing : FindOf(*uses);
    const double weight = prior[i] * LikelihoodRatio(find, search.drivers[i]);
    sum += weight;
    const std::size_t module = search.drivers[i].module;
    const bool in_table = !by_table.empty() && IsSameDriver(system.modules[module].name, by_table);
    if (find != Find::kNothing || in_table) ranked.push_back({module, weight, find == Find::kNothing ? nullptr : uses});
  }
  for (CodeCandidate& candidate : ranked) candidate.probability /= sum;
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const CodeCandidate& a, const CodeCandidate& b) { return a.probability > b.probability; });
  return ranked;
}

const CodeCandidate* NamedByCode(const std::vector<CodeCandidate>& ranked) {
  if (ranked.empty() || ranked.front().uses == nullptr || ranked.front().probability < kEnoughToName) return nullptr;
  return &ranked.front();
}

std::string SiteText(const TagSite& site, const System& system) {
  return CodeText(system, site.address) + " " + Verb(site);
}

CodeOfImage SearchImageCode(const AddressSpace& space, const System& system, const std::vector<PoolTag>& wanted) {
  CodeOfImage code{WithMappedDrivers(space, system), {}};
  if (!code.system.modules.empty()) code.search = SearchDriverCode(space, code.system, wanted);
  return code;
}

std::map<PoolTag, Owner> OwnersByCode(const AddressSpace& space, const System& system, const TagDatabase& tags,
                                      const std::set<PoolTag>& wanted) {
  std::map<PoolTag, Owner> owners;
  if (wanted.empty()) return owners;
  const CodeOfImage code = SearchImageCode(space, system, {wanted.begin(), wanted.end()});
  for (const PoolTag tag : wanted) {
    if (!tag.plausible() || TagDatabase::IsGeneric(tag)) continue;
    if (auto named = OwnerByCode(tag.name(), code.search, code.system, tags))
      owners.emplace(tag.name(), std::move(named->owner));
  }
  return owners;
}

Owner BetterOwner(const Owner& known, const std::map<PoolTag, Owner>& by_code, PoolTag tag) {
  const auto found = by_code.find(tag.name());
  return found == by_code.end() ? known : Better(known, found->second);
}

void NameByDriverCode(const AddressSpace& space, const System& system, const TagDatabase& tags, Report& report) {
  std::set<PoolTag> wanted;
  for (const Incident& incident : report.incidents)
    for (const Suspect& suspect : incident.suspects)
      if (const auto tag = TagToName(suspect); tag && MayBeNamed(incident)) wanted.insert(*tag);
  if (wanted.empty()) return;
  const CodeOfImage code = SearchImageCode(space, system, {wanted.begin(), wanted.end()});
  if (code.system.modules.empty()) return;
  if (!code.search.has_code()) {
    report.notes.emplace_back(
        "driver code is not in this dump: whose a tag is, is told from the tag table and the lists of drivers alone");
    return;
  }
  for (Incident& incident : report.incidents)
    for (Suspect& suspect : incident.suspects)
      if (MayBeNamed(incident)) NameSuspect(code.search, code.system, tags, suspect);
}

}  // namespace poolblame
