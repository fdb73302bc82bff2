#include "heuristics/self_link_scan.h"

#include <algorithm>
#include <utility>

#include "heuristics/incidents.h"
#include "parser/pool/free_links.h"

namespace poolblame {
namespace {

/// Enough other blocks of the tag are known, and none but this one leads to itself.
bool IsOdd(PoolTag tag, const PoolCensus& census, const FreeLinkChecker& checker) {
  constexpr std::size_t kFewestSiblings = 4;
  const TagStatistics* blocks = census.Tag(tag);
  if (blocks == nullptr) return false;
  std::size_t others = 0, leading = 0;
  for (const BlockSample& sample : blocks->samples) {
    if (sample.state != BlockState::kAllocated || sample.address.value == 0) continue;
    const std::uint64_t entry = checker.EntryOf(sample.address, 0);
    ++(checker.LeadsToItself(sample.header, entry, 0, sample.size) ? leading : others);
  }
  return others >= kFewestSiblings && leading <= 1;  // the block itself may be among the samples
}

/// More than the link is otherwise in the block: an incident has it already.
bool IsTold(const std::vector<Scene>& scenes, VirtAddr begin) {
  return std::ranges::any_of(scenes, [&](const Scene& scene) {
    return scene.crossing != nullptr && scene.AddressOf(scene.blocks[scene.victim()].begin) == begin.value;
  });
}

/// Behind the link, too, it is not as its tag's usual blocks.
bool IsOtherwiseBehind(const Scene& scene, const SceneBlock& block, const ImageContents& contents) {
  constexpr std::uint32_t kLink = 1;
  const auto usual = contents.fronts.find(block.tag()->name());
  if (usual == contents.fronts.end() || block.end > scene.bytes.size()) return false;
  const Bytes payload = Bytes(scene.bytes).subspan(block.payload(), block.end - block.payload());
  return usual->second.BreakFrom({payload, scene.AddressOf(block.payload())}, kLink).has_value();
}

}  // namespace

void AddSelfLinkIncidents(std::vector<Scene>& scenes, SceneSetter& setter, const ImageContents& contents) {
  const PoolCensus& census = setter.census();
  if (census.layout == nullptr) return;
  const FreeLinkChecker checker(setter.space(), *census.layout);
  for (const VirtAddr begin : census.self_linked) {
    if (scenes.size() >= kMaxIncidents) return;
    const auto page = setter.PoolPageAt(begin);
    if (!page || page->has_findings() || IsTold(scenes, begin)) continue;
    Scene scene = setter.Set(*page);
    const auto block = scene.BlockAt(begin);
    if (!block || !scene.blocks[*block].tag() || !IsOdd(*scene.blocks[*block].tag(), census, checker)) continue;
    if (IsOtherwiseBehind(scene, scene.blocks[*block], contents)) continue;
    const std::uint32_t link = scene.blocks[*block].payload();
    scene.spots = {{SpotKind::kLink, *block, link, link + scene.pointer_size(), scene.pointer_size(), 0}};
    scenes.push_back(std::move(scene));
  }
}

}  // namespace poolblame
