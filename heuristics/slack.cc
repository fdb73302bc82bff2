#include "heuristics/slack.h"

#include "heuristics/tracked_block.h"
#include "parser/pool/big_page_table.h"

namespace poolblame {
namespace {

/// Its end, the pointer of Driver Verifier's included where that is damaged and so stands by itself.
std::uint32_t EndOf(const Scene& scene, std::size_t index) {
  const bool has_next = index + 1 < scene.blocks.size();
  const HeapStructure* next = has_next ? scene.blocks[index + 1].structure : nullptr;
  const bool cut_off = next != nullptr && next->kind() == HeapStructureKind::kVerifierPointer;
  return cut_off ? scene.blocks[index + 1].end : scene.blocks[index].end;
}

/// Before Vista the table has whole pages, which say nothing of the request.
std::optional<std::uint32_t> SlackOfBig(const Scene& scene, const SceneBlock& block) {
  if (scene.physical) return std::nullopt;
  const BigAllocation* big = FindBigAllocation(scene.census->big_pages, VirtAddr{scene.AddressOf(block.begin)});
  if (big == nullptr || big->bytes % kPageSize == 0) return std::nullopt;
  const std::uint64_t end = scene.AddressOf(block.end), asked_to = big->address.value + big->bytes;
  if (asked_to > end || end - asked_to >= kPageSize) return std::nullopt;
  return static_cast<std::uint32_t>(end - asked_to);
}

}  // namespace

std::optional<std::uint32_t> SlackOf(const Scene& scene, std::size_t index) {
  const SceneBlock& block = scene.blocks[index];
  if (block.structure != nullptr) return std::nullopt;
  if (block.block == nullptr) return SlackOfBig(scene, block);
  const auto record = RecordOf(scene, index);
  const std::uint32_t room = EndOf(scene, index) - block.payload();
  if (!record || record->bytes > room) return std::nullopt;
  return room - static_cast<std::uint32_t>(record->bytes);
}

}  // namespace poolblame
