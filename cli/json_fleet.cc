#include "cli/json_fleet.h"

#include <algorithm>
#include <set>
#include <utility>

#include "parser/pool/adjacency.h"

namespace poolblame::cli {
namespace {

constexpr std::size_t kMostTags = 512;             // of one neighbourhood; suspects' tags always, then the commonest
constexpr std::size_t kMostModulesWritten = 1024;  // some 200 are usual

Json OptionalAddress(const std::optional<std::uint64_t>& value) { return value ? JsonAddress(*value) : Json(nullptr); }

/// As `!pool` shows it, or eight hex digits where that would not say which it is. The two never look alike.
std::string TagKey(PoolTag tag) { return tag.plausible() ? tag.text() : tag.name().hex(); }

std::set<PoolTag> SuspectedTags(const ImageReport& facts) {
  std::set<PoolTag> tags;
  for (const Incident& incident : facts.report.incidents)
    for (const Suspect& suspect : incident.suspects)
      if (suspect.block) tags.insert(suspect.block->tag.name());
  return tags;
}

using TagCount = std::pair<PoolTag, NeighbourCounts>;

/// By tag.
std::vector<TagCount> CountsIn(const ImageReport& facts, const Neighbourhood& where, const std::set<PoolTag>& kept) {
  std::vector<TagCount> counts;
  for (const auto& [tag, statistics] : facts.census.tags) {
    const NeighbourCounts own = statistics.neighbours.In(where);
    if (own.below > 0) counts.emplace_back(tag, own);
  }
  if (counts.size() <= kMostTags) return counts;
  std::stable_sort(counts.begin(), counts.end(), [&](const TagCount& a, const TagCount& b) {
    const bool a_kept = kept.contains(a.first), b_kept = kept.contains(b.first);
    return a_kept != b_kept ? a_kept : a.second.below > b.second.below;
  });
  counts.resize(kMostTags);
  std::sort(counts.begin(), counts.end());
  return counts;
}

Json NeighbourhoodJson(const ImageReport& facts, const Neighbourhood& where, std::uint64_t pairs,
                       const std::set<PoolTag>& kept) {
  Json below = Json::object(), same = Json::object();
  std::uint64_t pairs_same = 0;
  for (const auto& [tag, statistics] : facts.census.tags) pairs_same += statistics.neighbours.In(where).below_same;
  for (const auto& [tag, counts] : CountsIn(facts, where, kept)) {
    below[TagKey(tag)] = counts.below;
    if (counts.below_same > 0) same[TagKey(tag)] = counts.below_same;
  }
  return Json{{"pool", where.paged ? "paged" : "nonpaged"},
              {"slot_size", where.slot_size != 0 ? Json(where.slot_size) : Json(nullptr)},
              {"pairs", pairs},
              {"pairs_same_tag", pairs_same},
              {"below", below},
              {"below_same_tag", same}};
}

std::uint32_t SlotSizeOfIncident(const ImageReport& facts, std::size_t incident) {
  if (incident >= facts.incident_pages.size() || !facts.incident_pages[incident]) return 0;
  return SlotSizeOf(*facts.incident_pages[incident]);
}

}  // namespace

Json JsonOrigin(const ImageReport& facts) {
  const DumpOrigin& origin = facts.image.origin;
  return Json{{"system_time", OptionalAddress(origin.system_time)},
              {"up_time", OptionalAddress(origin.up_time)},
              {"processors", origin.processors ? Json(*origin.processors) : Json(nullptr)},
              {"machine_fingerprint", OptionalAddress(origin.machine_fingerprint)}};
}

Json JsonModules(const ImageReport& facts) {
  Json modules = Json::array();
  for (const Module& module : facts.system.modules)
    if (!module.unloaded && modules.size() < kMostModulesWritten) modules.push_back(module.name);
  return modules.empty() ? Json(nullptr) : modules;
}

Json JsonAdjacency(const ImageReport& facts) {
  std::set<std::uint32_t> sizes = {0};
  for (std::size_t i = 0; i < facts.report.incidents.size(); ++i) sizes.insert(SlotSizeOfIncident(facts, i));
  const std::set<PoolTag> kept = SuspectedTags(facts);
  Json list = Json::array();
  for (const auto& [where, pairs] : facts.census.pairs.pairs)
    if (pairs > 0 && sizes.contains(where.slot_size)) list.push_back(NeighbourhoodJson(facts, where, pairs, kept));
  return list;
}

Json JsonSlotSize(const ImageReport& facts, std::size_t incident) {
  const std::uint32_t size = SlotSizeOfIncident(facts, incident);
  return size != 0 ? Json(size) : Json(nullptr);
}

Json JsonSiblings(const ImageReport& facts, const Suspect& suspect) {
  if (!suspect.block || facts.census.layout == nullptr) return nullptr;
  const TagStatistics* tag = facts.census.Tag(suspect.block->tag);
  if (tag == nullptr) return nullptr;
  // Sizes are counted from the POOL_HEADER on; a chunk's header lies in front of it.
  const std::uint64_t in_front = suspect.block->address - suspect.block->header - facts.census.layout->header_size;
  const auto same = tag->sizes.find(static_cast<std::uint32_t>(suspect.block->size - in_front));
  return Json{{"blocks", tag->allocated}, {"same_size", same != tag->sizes.end() ? same->second : 0}};
}

}  // namespace poolblame::cli
