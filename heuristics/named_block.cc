#include "heuristics/named_block.h"

#include <algorithm>
#include <utility>

#include "parser/pool/segment_heap.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kBadPoolHeader = 0x19, kBadPoolCaller = 0xC2;

/// Some systems leave blocks on lookaside lists marked as in use, so there the bug check's word has to do.
bool MayHaveBeenFreed(const PoolBlock& block) {
  return block.state == BlockState::kFree || block.state == BlockState::kLookaside ||
         block.state == BlockState::kAllocated;
}

/// 0xC2/7, whatever its parameters made of the header: the free found the block free already.
bool SaysFreedAlready(const BugCheck& bugcheck) {
  return bugcheck.hint == BugCheckHint::kDoubleFree || (bugcheck.code == 0xC2 && bugcheck.parameters[0] == 7);
}

/// Versions differ in whether they name the header or the data; in a VS chunk the block proper begins behind the chunk
/// header.
bool IsBlockAddress(const SceneBlock& block, std::uint64_t offset) {
  return offset == block.begin || offset == block.begin + block.chunk_header || offset == block.payload();
}

/// True when the bug check's address and this sound block fit a fault that leaves no damaged byte.
bool IsNamedBlock(const SceneBlock& block, std::uint64_t offset, const BugCheck& bugcheck) {
  if (block.block == nullptr || block.block->header_damaged()) return false;
  if (bugcheck.hint == BugCheckHint::kBadFree)
    return offset > block.payload() && offset < block.end && block.block->state == BlockState::kAllocated;
  return IsBlockAddress(block, offset) && SaysFreedAlready(bugcheck) && MayHaveBeenFreed(*block.block);
}

/// The pool's own complaint about the state of a block, not about how it was called.
bool SaysDamaged(const BugCheck& bugcheck) {
  if (bugcheck.code == kKernelModeHeapCorruption) return true;
  const bool of_pool = bugcheck.code == kBadPoolHeader || bugcheck.code == kBadPoolCaller;
  return of_pool && bugcheck.hint != BugCheckHint::kNone;
}

/// The address lies in this block, or in the header of the subsegment that this block is the first of.
bool IsComplaintAbout(const Scene& scene, const SceneBlock& block, std::uint64_t offset) {
  if (block.block == nullptr) return false;
  if (offset >= block.begin && offset < block.end) return true;
  // A subsegment's own header is no block: its first block stands for it. Pages by themselves have no such header.
  const VirtAddr named{scene.base + offset};
  const PageRange* range = scene.census->segment_heap->RangeAt(named);
  const bool has_header = range != nullptr && (range->kind == RangeKind::kVs || range->kind == RangeKind::kLfh);
  return has_header && range->address == named.page() && scene.AddressOf(block.begin) > named.value &&
         VirtAddr{scene.AddressOf(block.begin)}.page() == range->address;
}

/// A scene whose damage lies in the subsegment that `named` is in explains the complaint.
bool IsExplained(const std::vector<Scene>& scenes, VirtAddr named, const SegmentHeap& heap) {
  const PageRange* range = heap.RangeAt(named);
  return range != nullptr && std::any_of(scenes.begin(), scenes.end(), [&](const Scene& scene) {
           return !scene.physical && heap.RangeAt(VirtAddr{scene.AddressOf(scene.damage_begin())}) == range;
         });
}

bool AlreadyNamed(const std::vector<Scene>& scenes, const Scene& named) {
  const std::uint64_t at = named.base + named.damage_begin();
  return std::any_of(scenes.begin(), scenes.end(), [&](const Scene& s) {
    const SceneBlock& victim = s.blocks[s.victim()];
    return at >= s.base + victim.begin && at < s.base + victim.end;
  });
}

/// Sets the scene's spot to the block that `fits`; false where none does.
template <typename Fits>
bool NameBlock(Scene& scene, SpotKind kind, Fits&& fits) {
  for (std::size_t i = 0; i < scene.blocks.size(); ++i) {
    const SceneBlock& block = scene.blocks[i];
    if (!fits(block)) continue;
    scene.spots = {{kind, i, block.begin, block.payload(), 0, 0}};
    MarkCrash(scene);
    return true;
  }
  return false;
}

/// A register of the failed check holds the address of a block's link or node.
const BugCheckAddress* RegisterInto(const Scene& scene, const BugCheck& bugcheck) {
  for (const BugCheckAddress& held : bugcheck.registers) {
    for (const Spot& spot : scene.spots) {
      const SceneBlock& block = scene.blocks[spot.block];
      const std::uint64_t offset = held.address.value - scene.base;
      if (offset >= block.begin && offset < block.end) return &held;
    }
  }
  return nullptr;
}

}  // namespace

void MarkCrash(Scene& scene) {
  if (!scene.system->bugcheck || scene.physical) return;
  for (const BugCheckAddress& named : scene.system->bugcheck->addresses) {
    if (named.use == AddressUse::kListHead) continue;
    const bool inside = named.address.value >= scene.base && named.address.value - scene.base < scene.bytes.size();
    if (!inside) continue;
    scene.named_by_crash = true;
    if (scene.crash_address == nullptr) scene.crash_address = &named;
  }
  if (scene.named_by_crash) return;
  scene.crash_address = RegisterInto(scene, *scene.system->bugcheck);
  scene.named_by_crash = scene.crash_address != nullptr;
}

void AddNamedBlock(std::vector<Scene>& scenes, SceneSetter& setter) {
  const auto& bugcheck = setter.system().bugcheck;
  if (!bugcheck) return;
  for (const BugCheckAddress& named : bugcheck->addresses) {
    const auto page = setter.PoolPageAt(named.address);
    if (!page) continue;
    Scene scene = setter.Set(*page);
    const std::uint64_t offset = named.address.value - scene.base;
    const auto fits = [&](const SceneBlock& block) { return IsNamedBlock(block, offset, *bugcheck); };
    if (!NameBlock(scene, SpotKind::kNamed, fits)) continue;
    if (!AlreadyNamed(scenes, scene)) scenes.push_back(std::move(scene));
    return;
  }
}

void AddComplaint(std::vector<Scene>& scenes, SceneSetter& setter) {
  const auto& bugcheck = setter.system().bugcheck;
  const auto& heap = setter.census().segment_heap;
  if (!bugcheck || heap == nullptr || !SaysDamaged(*bugcheck)) return;
  for (const BugCheckAddress& named : bugcheck->addresses) {
    if (IsExplained(scenes, named.address, *heap)) return;
    const auto page = setter.PoolPageAt(named.address);
    if (!page) continue;
    Scene scene = setter.Set(*page);
    const std::uint64_t offset = named.address.value - scene.base;
    const auto fits = [&](const SceneBlock& block) { return IsComplaintAbout(scene, block, offset); };
    if (!NameBlock(scene, SpotKind::kComplaint, fits)) continue;
    if (!AlreadyNamed(scenes, scene)) scenes.push_back(std::move(scene));
    return;
  }
}

}  // namespace poolblame
