#include "heuristics/marked_header.h"

#include <bit>
#include <utility>

namespace poolblame {
namespace {

/// Bits in which the header as read differs from what it must have been; 0 when the true tag is not known.
std::uint32_t DifferingBits(const PoolBlock& block, const PoolHeaderLayout& layout) {
  if (!block.tag_known) return 0;
  const auto wrong = WrongBits(block, layout);
  std::uint32_t bits = 0;
  for (std::uint32_t i = 0; i < layout.header_size; ++i)
    if ((block.damaged_bytes >> i & 1U) != 0)
      bits += static_cast<std::uint32_t>(std::popcount(static_cast<unsigned>(wrong[i])));
  return bits;
}

}  // namespace

std::array<std::uint8_t, 16> WrongBits(const PoolBlock& block, const PoolHeaderLayout& layout) {
  std::array<std::uint8_t, 16> wrong{}, expected{};
  layout.Encode(block.read, wrong.data());
  layout.Encode(block.expected, expected.data());
  for (std::size_t i = 0; i < wrong.size(); ++i) wrong[i] ^= expected[i];
  return wrong;
}

Spot HeaderSpot(const SceneBlock& block, std::size_t index, const PoolHeaderLayout& layout) {
  const std::uint32_t mask = block.block->damaged_bytes;
  Spot spot;
  spot.kind = SpotKind::kHeader;
  spot.block = index;
  spot.begin = block.begin + static_cast<std::uint32_t>(std::countr_zero(mask));
  spot.end = block.begin + 32 - static_cast<std::uint32_t>(std::countl_zero(mask));
  spot.certain_bytes = static_cast<std::uint32_t>(std::popcount(mask));
  spot.differing_bits = DifferingBits(*block.block, layout);
  return spot;
}

std::optional<Scene> SceneOfMarkedHeader(VirtAddr header, SceneSetter& setter,
                                         const std::function<void(PoolBlock&)>& mark) {
  const auto found = setter.PoolPageAt(header);
  if (!found || found->headers_damaged()) return std::nullopt;
  PoolPage page = *found;
  const auto index = page.BlockIndexAt(static_cast<std::uint32_t>(header.page_offset()));
  if (!index || page.blocks[*index].offset != header.page_offset()) return std::nullopt;
  mark(page.blocks[*index]);
  Scene scene = setter.Set(std::move(page));
  const auto block = scene.BlockAt(header);
  if (!block) return std::nullopt;
  scene.spots = {HeaderSpot(scene.blocks[*block], *block, scene.layout())};
  return scene;
}

}  // namespace poolblame
