#include "heuristics/tracked_block.h"

#include "heuristics/content.h"

namespace poolblame {
namespace {

/// Where the pointer ends. A slot may be larger than what its POOL_HEADER counts; and where the pointer is what was
/// damaged, the scene has the block without it.
std::uint32_t PointerEnd(const Scene& scene, std::size_t index) {
  const SceneBlock& block = scene.blocks[index];
  const bool cut_off = index + 1 < scene.blocks.size() && scene.blocks[index + 1].structure != nullptr &&
                       scene.blocks[index + 1].structure->kind() == HeapStructureKind::kVerifierPointer;
  if (cut_off) return scene.blocks[index + 1].end;
  const std::uint32_t counted = block.block->expected.BlockSize * scene.layout().unit;
  const std::uint32_t end = block.payload() - scene.layout().header_size + counted;
  return scene.PageOf(block).backend == PoolBackend::kLfh ? std::min(block.end, end) : block.end;
}

bool HasRoom(const Scene& scene, std::size_t block) {
  return !scene.physical && scene.blocks[block].block != nullptr && scene.blocks[block].tag() &&
         PointerEnd(scene, block) > scene.blocks[block].payload() + scene.pointer_size();
}

std::uint64_t PointerAtEnd(const Scene& scene, std::size_t block) {
  const std::uint32_t size = scene.pointer_size();
  return WordAt(Bytes(scene.bytes).subspan(PointerEnd(scene, block) - size, size), size);
}

/// By the records that the image's other tracked blocks lead to.
const VerifierRecord* FoundRecordOf(const Scene& scene, std::size_t block) {
  if (scene.records == nullptr || !HasRoom(scene, block)) return nullptr;
  const std::uint32_t payload = scene.blocks[block].payload();
  const std::uint32_t capacity = PointerEnd(scene, block) - payload - scene.pointer_size();
  return scene.records->Of(VirtAddr{scene.AddressOf(payload)}, capacity, *scene.blocks[block].tag());
}

}  // namespace

std::optional<VerifierEntry> RecordOf(const Scene& scene, std::size_t block) {
  if (const VerifierRecord* found = FoundRecordOf(scene, block)) return found->entry;
  const SceneBlock& here = scene.blocks[block];
  if (!HasRoom(scene, block) || (here.block->expected.PoolType & kPoolTypeVerifier) == 0) return std::nullopt;
  return ReadVerifierEntry(*scene.space, scene.layout().is_64bit, VirtAddr{PointerAtEnd(scene, block)},
                           VirtAddr{scene.AddressOf(here.payload())}, PointerEnd(scene, block) - here.payload(),
                           *here.tag());
}

std::optional<TrackedEnd> TrackedEndOf(const Scene& scene, std::size_t block) {
  const VerifierRecord* found = FoundRecordOf(scene, block);
  if (found == nullptr) return std::nullopt;
  const VirtAddr pointer{scene.AddressOf(PointerEnd(scene, block) - scene.pointer_size())};
  return TrackedEnd{pointer, found->at, PointerAtEnd(scene, block) == found->at.value};
}

}  // namespace poolblame
