#include "parser/pool/heap_roots.h"

#include <algorithm>

#include "parser/base/little_endian.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kMostSlots = 256;      // one a processor
constexpr std::size_t kMostVsRoots = 4096;     // of all heaps together: a machine has some ten
constexpr std::size_t kMostLookasides = 8192;  // two of 64 lists for each of 64 nodes
constexpr std::uint32_t kSlotUnit = 64;

void AddSlots(const AddressSpace& space, VirtAddr heap, VirtAddr context, std::vector<VsRoots>& out) {
  const auto map = space.Read<Le16>(context + kVsSlotMapRef), mask = space.Read<Le16>(context + kVsAffinityMask);
  if (!map || !mask || *mask >= kMostSlots) return;
  std::vector<std::uint64_t> known;  // several processors may share a slot
  for (std::uint32_t i = 0; i <= *mask && out.size() < kMostVsRoots; ++i) {
    const auto slot = space.Read<Le32>(context + std::uint64_t{*map} * kSlotUnit + 4 * i);
    if (!slot || std::find(known.begin(), known.end(), *slot) != known.end()) continue;
    known.push_back(*slot);
    out.push_back({heap, context + std::uint64_t{*slot} * kSlotUnit});
  }
}

void AddLookaside(const AddressSpace& space, VirtAddr lookaside, std::vector<VirtAddr>& out) {
  constexpr std::uint32_t kBucketCount = 8;
  const auto stated = space.Read<Le32>(lookaside + kBucketCount);
  const std::uint32_t count = stated ? std::min(std::uint32_t{*stated}, kMostLookasideBuckets) : 0;
  for (std::uint32_t i = 0; i < count && out.size() < kMostLookasides; ++i)
    out.push_back(lookaside + kLookasideBuckets + i * kLookasideBucketBytes);
}

}  // namespace

HeapRoots FindHeapRoots(const AddressSpace& space, const SegmentHeapLayout& layout, const std::vector<VirtAddr>& heaps,
                        const std::optional<PoolState>& state) {
  HeapRoots roots;
  for (const VirtAddr heap : heaps) {
    const VirtAddr context = heap + layout.vs_context;
    if (layout.vs_slots)
      AddSlots(space, heap, context, roots.vs);
    else if (roots.vs.size() < kMostVsRoots)
      roots.vs.push_back({heap, context});
  }
  if (!state) return roots;
  for (std::size_t i = 0; i < state->nodes.size(); ++i) {
    const VirtAddr node = state->address + layout.pool_node + i * kPoolNodeBytes;
    for (std::uint32_t n = 0; n < kLookasidesOfNode; ++n)
      AddLookaside(space, node + kNodeLookasides + n * kLookasideBytes, roots.lookasides);
  }
  return roots;
}

std::optional<std::uint64_t> RootNode(const AddressSpace& space, const VsRoots& roots) {
  const VirtAddr tree = roots.address + kVsFreeTree;
  const auto root = space.Read<Le64>(tree), second = space.Read<Le64>(tree + 8);
  if (!root || !second) return std::nullopt;
  const bool encoded = (*second & 1) != 0;
  return encoded && *root != 0 ? *root ^ tree.value : std::uint64_t{*root};
}

}  // namespace poolblame
