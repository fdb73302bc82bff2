#include "heuristics/marked_header.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace poolblame {
namespace {

/// Bits in which the header as read differs from what it must have been; 0 when some of them are of a tag that is not
/// known.
std::uint32_t DifferingBits(const PoolBlock& block, const PoolPage& page) {
  const std::uint32_t tag_bytes = 0xF0U << page.chunk_header();
  if (!block.tag_known && ((block.damaged_bytes | block.doubtful_bytes) & tag_bytes) != 0) return 0;
  const auto wrong = WrongBits(block, page);
  std::uint32_t bits = 0;
  for (std::uint32_t i = 0; i < page.header_size(); ++i)
    if ((block.damaged_bytes >> i & 1U) != 0)
      bits += static_cast<std::uint32_t>(std::popcount(static_cast<unsigned>(wrong[i])));
  return bits;
}

}  // namespace

std::array<std::uint8_t, kMostHeaderBytes> WrongBits(const PoolBlock& block, const PoolPage& page) {
  std::array<std::uint8_t, kMostHeaderBytes> wrong{}, expected{};
  const std::uint64_t chunk = block.chunk.read ^ block.chunk.expected;
  for (std::uint32_t i = 0; i < page.chunk_header() && i < 8; ++i)
    wrong[i] = static_cast<std::uint8_t>(chunk >> (8 * i));
  page.layout->Encode(block.read, wrong.data() + page.chunk_header());
  page.layout->Encode(block.expected, expected.data() + page.chunk_header());
  for (std::size_t i = 0; i < wrong.size(); ++i) wrong[i] ^= expected[i];
  return wrong;
}

Spot HeaderSpot(const SceneBlock& block, std::size_t index, const PoolPage& page) {
  const std::uint32_t mask = block.block->damaged_bytes;
  Spot spot;
  spot.kind = SpotKind::kHeader;
  spot.block = index;
  spot.begin = block.begin + static_cast<std::uint32_t>(std::countr_zero(mask));
  spot.end = std::min(block.end, block.begin + 32 - static_cast<std::uint32_t>(std::countl_zero(mask)));
  spot.certain_bytes = static_cast<std::uint32_t>(std::popcount(mask));
  spot.differing_bits = DifferingBits(*block.block, page);
  return spot;
}

Spot StructureSpot(const SceneBlock& block, std::size_t index) {
  const HeapStructure& structure = *block.structure;
  return {SpotKind::kStructure,
          index,
          block.begin + structure.damage_begin(),
          block.begin + structure.damage_end(),
          structure.wrong_bytes(),
          structure.differing_bits()};
}

std::optional<Scene> SceneOfMarkedHeader(VirtAddr header, SceneSetter& setter,
                                         const std::function<void(PoolBlock&)>& mark) {
  const auto found = setter.PoolPageAt(header);
  if (!found || found->headers_damaged()) return std::nullopt;
  PoolPage page = *found;
  const VirtAddr begin = header - page.chunk_header();
  const auto index = page.BlockIndexAt(static_cast<std::uint32_t>(begin.page_offset()));
  if (begin.page() != header.page() || !index || page.blocks[*index].offset != begin.page_offset()) return std::nullopt;
  PoolBlock& marked = page.blocks[*index];
  mark(marked);
  marked.damaged_bytes <<= page.chunk_header();
  marked.doubtful_bytes <<= page.chunk_header();
  Scene scene = setter.Set(std::move(page));
  const auto block = scene.BlockAt(begin);
  if (!block) return std::nullopt;
  scene.spots = {HeaderSpot(scene.blocks[*block], *block, scene.PageOf(scene.blocks[*block]))};
  return scene;
}

}  // namespace poolblame
