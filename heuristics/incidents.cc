#include "heuristics/incidents.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "heuristics/crossing_scan.h"
#include "heuristics/list_ring_scan.h"
#include "heuristics/marked_header.h"
#include "heuristics/named_block.h"
#include "heuristics/payload_scan.h"
#include "heuristics/quota_scan.h"
#include "heuristics/self_link_scan.h"
#include "heuristics/tag_scan.h"
#include "heuristics/tracking_scan.h"
#include "heuristics/written_run.h"

namespace poolblame {
namespace {

/// Addresses of list entries that were overwritten: garbage links, or links behind a damaged header.
std::set<std::uint64_t> OverwrittenEntries(const PoolCensus& census) {
  std::set<std::uint64_t> bad;
  for (const PoolPage& page : census.findings) {
    if (!page.address) continue;
    const auto entry = [&](const PoolBlock& block) {
      return (*page.address + block.offset + page.header_size()).value;
    };
    for (const PoolBlock& block : page.blocks)
      if (block.header_damaged()) bad.insert(entry(block));
    for (const FreeLinkFinding& link : page.free_links)
      if (link.problem == LinkProblem::kNotKernelAddress && link.block < page.blocks.size())
        bad.insert(entry(page.blocks[link.block]));
  }
  return bad;
}

/// Links that look broken only because the entry they point at was overwritten tell of that entry, not of this one.
bool PointsAtOverwrittenEntry(const PoolPage& page, const FreeLinkFinding& link, const std::set<std::uint64_t>& bad) {
  if (link.problem == LinkProblem::kNotKernelAddress || !page.address) return false;
  const std::uint64_t own = (*page.address + page.blocks[link.block].offset + page.header_size()).value;
  return link.value != own && bad.contains(link.value) && !bad.contains(own);
}

/// Free blocks that touch are made one when they are freed: what looks like two are old headers inside a third one,
/// whose own header is damaged. Only the segment heap's slots stay as they are.
bool IsOldHeader(const PoolPage& page, std::size_t block) {
  if (page.backend != PoolBackend::kClassic) return false;
  const auto is_free = [&](std::size_t i) {
    return i < page.blocks.size() && page.blocks[i].state == BlockState::kFree;
  };
  return is_free(block) && (is_free(block + 1) || (block != 0 && is_free(block - 1)));
}

/// A block is known to be free, and so to have links, only while its header is sound.
bool IsLinkSpot(const PoolPage& page, const FreeLinkFinding& link, const std::set<std::uint64_t>& bad) {
  return link.block < page.blocks.size() && !page.blocks[link.block].header_damaged() &&
         !IsOldHeader(page, link.block) && !PointsAtOverwrittenEntry(page, link, bad);
}

/// True when another entry of a free list still names the block as its neighbour.
bool IsNamedByAList(const Scene& scene, std::size_t block) {
  if (scene.physical) return false;
  const std::uint64_t entry = scene.AddressOf(scene.blocks[block].payload());
  for (const PoolPage& page : scene.census->findings)
    for (const FreeLinkFinding& link : page.free_links)
      if (link.problem != LinkProblem::kNotKernelAddress && link.value == entry) return true;
  return false;
}

std::vector<Spot> SpotsOfPage(const Scene& scene, std::size_t page_index, const std::set<std::uint64_t>& bad_entries) {
  const PoolPage& page = *scene.pages[page_index];
  std::vector<Spot> spots;
  std::size_t first_block = scene.blocks.size();
  for (std::size_t i = 0; i < scene.blocks.size(); ++i) {
    const SceneBlock& block = scene.blocks[i];
    if (block.page == page_index && block.structure != nullptr) spots.push_back(StructureSpot(block, i));
    if (block.page != page_index || block.block == nullptr) continue;
    first_block = std::min(first_block, i);
    if (!block.block->header_damaged()) continue;
    const Spot spot = HeaderSpot(block, i, page);
    if (spot.begin < spot.end) spots.push_back(spot);  // else it lies behind what the scene has
  }
  for (const FreeLinkFinding& link : page.free_links) {
    if (!IsLinkSpot(page, link, bad_entries)) continue;
    const std::size_t index = first_block + link.block;
    const std::uint32_t page_begin = scene.blocks[index].begin - page.blocks[link.block].offset;
    if (page_begin + link.offset + link.length > scene.bytes.size()) continue;  // the same: a block of several pages
    spots.push_back({SpotKind::kLink, index, page_begin + link.offset, page_begin + link.offset + link.length,
                     link.length, 0, link.expected, link.problem == LinkProblem::kTwiceOnList});
  }
  std::sort(spots.begin(), spots.end(), [](const Spot& a, const Spot& b) { return a.begin < b.begin; });
  return spots;
}

/// One write that ran from `a` to `b` has to have crossed at most the one block between them. Links stand behind a
/// sound header, which a write from a block before would have gone over; and from links on a write goes over every
/// header, and seldom far.
bool Connected(const Spot& a, const Spot& b) {
  constexpr std::size_t kBlocksCrossed = 2;
  constexpr std::uint32_t kFarFromLinks = 256;  // bytes
  if (b.kind == SpotKind::kLink && b.block != a.block) return false;
  if (a.kind == SpotKind::kLink && (b.block - a.block > 1 || b.begin - a.end > kFarFromLinks)) return false;
  return b.block - a.block <= kBlocksCrossed;
}

std::vector<std::vector<Spot>> Group(const std::vector<Spot>& spots) {
  std::vector<std::vector<Spot>> groups;
  for (const Spot& spot : spots) {
    if (groups.empty() || !Connected(groups.back().back(), spot)) groups.emplace_back();
    groups.back().push_back(spot);
  }
  return groups;
}

std::optional<std::size_t> SceneIndexOf(const Scene& scene, const PoolPage& page) {
  for (std::size_t i = 0; i < scene.pages.size(); ++i)
    if (scene.pages[i]->address == page.address && (page.address || scene.pages[i]->pfn == page.pfn)) return i;
  return std::nullopt;
}

/// Damage at a page's first byte whose writer would have to start on a page that is not here.
void MarkMissingPage(Scene& scene) {
  const SceneBlock& victim = scene.blocks[scene.victim()];
  scene.page_before_missing = !scene.Below(scene.victim()) && ((scene.base + victim.begin) & (kPageSize - 1)) == 0;
}

/// The block in front of the damage begins on a page that is not here: of a segment heap, where blocks cross pages.
void MarkLackingPage(Scene& scene) {
  const SceneBlock& victim = scene.blocks[scene.victim()];
  if (scene.physical || scene.PageOf(victim).backend == PoolBackend::kClassic) return;
  if (scene.spots.front().kind != SpotKind::kHeader) return;
  const auto left = scene.Below(scene.victim());
  const bool here = left && (scene.blocks[*left].block != nullptr || scene.blocks[*left].absent_header == 0);
  const std::uint64_t begin = scene.AddressOf(left ? scene.blocks[*left].begin : victim.begin);
  const std::uint64_t before =
      left && scene.blocks[*left].begin_known ? begin - scene.blocks[*left].bytes_before : begin - 1;
  const VirtAddr page = VirtAddr{before}.page();
  if (!here && (left || victim.begin % kPageSize == 0) && scene.space->Page(page).presence != Presence::kPresent)
    scene.lacking = page;
}

/// True when this page's first damage continues a run that an earlier page's incident already covers.
bool ContinuesEarlier(const std::vector<Scene>& scenes, const Scene& scene, const std::vector<Spot>& group) {
  if (scenes.empty() || scene.physical) return false;
  const Scene& last = scenes.back();
  const std::uint64_t begin = scene.base + group.front().begin;
  if (last.physical || begin < last.base) return false;
  return begin < last.base + last.damage_end();
}

void AppendNextPage(Scene& scene, std::size_t page_index, const std::set<std::uint64_t>& bad) {
  if (page_index + 1 >= scene.pages.size()) return;
  for (const Spot& spot : SpotsOfPage(scene, page_index + 1, bad))
    if (Connected(scene.spots.back(), spot)) scene.spots.push_back(spot);
}

std::shared_ptr<const VerifierRecords> RecordsOf(const AddressSpace& space, const PoolCensus& census) {
  if (census.layout == nullptr) return std::make_shared<const VerifierRecords>();
  return std::make_shared<const VerifierRecords>(space, *census.layout, census.tracked);
}

/// Findings by virtual address, those without one first: a physical image holds the pages of a run in any order.
std::vector<std::size_t> InAddressOrder(const std::vector<PoolPage>& findings) {
  std::vector<std::size_t> order(findings.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return findings[a].address < findings[b].address; });
  return order;
}

}  // namespace

Incidents FormIncidents(const AddressSpace& space, const System& system, const PoolCensus& census,
                        const TagDatabase& tags, unsigned threads) {
  std::vector<Scene> scenes;
  SceneSetter setter(space, system, census, tags, threads);
  const std::set<std::uint64_t> bad = OverwrittenEntries(census);
  for (const std::size_t f : InAddressOrder(census.findings)) {
    if (scenes.size() >= kMaxIncidents) break;
    const PoolPage& page = census.findings[f];
    const Scene stage = setter.Set(page);
    const auto own_page = SceneIndexOf(stage, page);
    if (!own_page) continue;
    for (const std::vector<Spot>& group : Group(SpotsOfPage(stage, *own_page, bad))) {
      if (ContinuesEarlier(scenes, stage, group) || scenes.size() >= kMaxIncidents) continue;
      Scene scene = stage;
      scene.finding = f;
      scene.spots = group;
      AppendNextPage(scene, *own_page, bad);
      MarkCrash(scene);
      MarkMissingPage(scene);
      MarkLackingPage(scene);
      scene.victim_is_listed = scene.spots.front().kind == SpotKind::kHeader && IsNamedByAList(scene, scene.victim());
      scenes.push_back(std::move(scene));
    }
  }
  const auto contents = std::make_shared<const ImageContents>(LearnContents(census, system));
  AddNamedBlock(scenes, setter);
  if (contents->tell_damage()) {
    AddCrossingIncidents(scenes, setter, contents);
    AddPayloadIncidents(scenes, setter, LearnTemplates(census));
  }
  // Old bytes in a block that nobody filled yet may lead to themselves, too.
  if (!contents->is_varied()) AddSelfLinkIncidents(scenes, setter, *contents);
  AddQuotaIncidents(scenes, setter);
  AddTagIncidents(scenes, setter);
  AddListRingIncidents(scenes, setter);
  const auto records = RecordsOf(space, census);
  AddTrackingIncidents(scenes, setter, *records);
  AddComplaint(scenes, setter);
  while (scenes.size() > kMaxIncidents) scenes.pop_back();
  if (scenes.empty()) return {{}, contents};
  const auto traces = std::make_shared<const PoolTraceLog>(space, system);
  for (Scene& scene : scenes) {
    scene.contents = contents;
    scene.traces = traces;
    scene.records = records;
    scene.run_fit = FitWrittenRun(scene);
  }
  return {std::move(scenes), contents};
}

}  // namespace poolblame
