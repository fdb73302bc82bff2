#include "heuristics/tag_scan.h"

#include <bit>

namespace poolblame {
namespace {

constexpr std::uint32_t kFewestAgreeing = 6;  // constants that are not zero: one chance in 2^48
constexpr std::size_t kFewestSiblings = 8;
constexpr std::uint32_t kTagOffset = 4;  // of PoolTag in every layout

/// The tag one bit away whose siblings of the block's size agree with the block's data in every constant.
std::optional<PoolTag> TagItMustHaveBeen(PoolTag tag, const BlockSample& block, const PoolHeaderLayout& layout,
                                         const TemplateTable& templates) {
  const Bytes payload(block.header + layout.header_size, block.size - layout.header_size);
  for (std::uint32_t bit = 0; bit < 31; ++bit) {
    const PoolTag candidate{tag.value ^ (1U << bit)};
    const auto found = templates.find({candidate, block.size});
    if (found == templates.end() || found->second.siblings() < kFewestSiblings) continue;
    const SiblingTemplate::Fit fit = found->second.FitFront(payload);
    if (fit.differing == 0 && fit.agreeing >= kFewestAgreeing) return candidate;
  }
  return std::nullopt;
}

bool AlreadyThere(const std::vector<Scene>& scenes, std::uint64_t page) {
  for (const Scene& scene : scenes)
    if (!scene.physical && (scene.AddressOf(scene.damage_begin()) & ~(kPageSize - 1)) == page) return true;
  return false;
}

/// The scene with the block's expected tag set right, so that everything behind sees a header with one wrong byte.
std::optional<Scene> SceneOf(const BlockSample& sample, PoolTag expected, SceneSetter& setter) {
  const auto found = setter.PoolPageAt(sample.address);
  if (!found || found->headers_damaged()) return std::nullopt;
  PoolPage page = *found;
  const auto index = page.BlockIndexAt(static_cast<std::uint32_t>(sample.address.page_offset()));
  if (!index || (*page.address + page.blocks[*index].offset).value != sample.address.value) return std::nullopt;
  PoolBlock& own = page.blocks[*index];
  const std::uint32_t wrong = own.expected.PoolTag ^ (expected.value | (own.read.PoolTag & PoolTag::kProtectedBit));
  const auto byte = kTagOffset + static_cast<std::uint32_t>(std::countr_zero(wrong)) / 8;
  own.expected.PoolTag ^= wrong;
  own.damaged_bytes = 1U << byte;
  Scene scene = setter.Set(std::move(page));
  for (std::size_t i = 0; i < scene.blocks.size(); ++i) {
    const SceneBlock& block = scene.blocks[i];
    if (block.block == nullptr || scene.AddressOf(block.begin) != sample.address.value) continue;
    scene.spots = {{SpotKind::kHeader, i, block.begin + byte, block.begin + byte + 1, 1, 1}};
    return scene;
  }
  return std::nullopt;
}

}  // namespace

void AddTagIncidents(std::vector<Scene>& scenes, SceneSetter& setter, const TemplateTable& templates) {
  const PoolCensus& census = setter.census();
  for (const auto& [tag, statistics] : census.tags) {
    if (statistics.allocated != 1 || statistics.samples.empty() || !setter.tags().Find(tag).empty()) continue;
    const BlockSample& sample = statistics.samples.front();
    if (sample.state != BlockState::kAllocated || sample.address.value == 0) continue;
    if (sample.size <= census.layout->header_size || AlreadyThere(scenes, sample.address.page().value)) continue;
    const auto expected = TagItMustHaveBeen(tag, sample, *census.layout, templates);
    if (!expected) continue;
    if (auto scene = SceneOf(sample, *expected, setter)) scenes.push_back(std::move(*scene));
  }
}

}  // namespace poolblame
