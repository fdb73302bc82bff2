#include "heuristics/tracking_scan.h"

#include <algorithm>
#include <array>
#include <utility>

#include "heuristics/incidents.h"
#include "heuristics/marked_header.h"

namespace poolblame {
namespace {

/// A write that is seen elsewhere near the block has most likely taken the pointer along.
bool LiesBeside(const std::vector<Scene>& scenes, VirtAddr at) {
  return std::any_of(scenes.begin(), scenes.end(), [&](const Scene& scene) {
    const std::uint64_t damage = scene.AddressOf(scene.damage_begin());
    return !scene.physical && damage < at.value + kPageSize && at.value < damage + kPageSize;
  });
}

std::optional<HeapStructure> PointerAt(const SceneSetter& setter, const LostPointer& lost) {
  const std::uint32_t size = setter.census().layout->is_64bit ? 8 : 4;
  std::array<std::uint8_t, 8> bytes{};
  if (setter.space().Read(lost.at, {bytes.data(), size}) != Presence::kPresent) return std::nullopt;
  HeapStructure pointer(HeapStructureKind::kVerifierPointer, lost.at, ByteView(bytes.data(), size));
  pointer.Expect(0, size, lost.expected, "address of the block's _VI_POOL_ENTRY");
  return pointer;
}

std::optional<Scene> SceneOf(const LostPointer& lost, SceneSetter& setter) {
  const auto found = setter.PoolPageAt(lost.block.header);
  auto pointer = PointerAt(setter, lost);
  if (!found || !found->address || found->has_findings() || !pointer) return std::nullopt;
  PoolPage page = *found;
  page.structure = std::move(pointer);
  Scene scene = setter.Set(std::move(page));
  const auto is_pointer = [](const SceneBlock& block) {
    return block.structure != nullptr && block.structure->kind() == HeapStructureKind::kVerifierPointer;
  };
  const auto at = std::find_if(scene.blocks.begin(), scene.blocks.end(), is_pointer);
  if (at == scene.blocks.end()) return std::nullopt;
  scene.spots = {StructureSpot(*at, static_cast<std::size_t>(at - scene.blocks.begin()))};
  return scene;
}

}  // namespace

void AddTrackingIncidents(std::vector<Scene>& scenes, SceneSetter& setter, const VerifierRecords& records) {
  for (const LostPointer& lost : records.lost()) {
    if (scenes.size() >= kMaxIncidents) return;
    if (LiesBeside(scenes, lost.at)) continue;
    if (auto scene = SceneOf(lost, setter)) scenes.push_back(std::move(*scene));
  }
}

}  // namespace poolblame
