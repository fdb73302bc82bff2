#include "parser/pool/pool_state.h"

#include <algorithm>

#include "parser/base/little_endian.h"
#include "parser/pool/kernel_image.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kMostPointers = 1024;  // to heaps, in the kernel's image: seen some ten; bounds a hostile one

bool IsKernel(const AddressSpace& space, VirtAddr address) {
  return address.value >= HeapLowest(space.kernel_base().value);
}

std::optional<std::array<VirtAddr, kHeapsOfNode>> ReadHeaps(const AddressSpace& space, VirtAddr node) {
  std::array<VirtAddr, kHeapsOfNode> heaps{};
  for (std::uint32_t i = 0; i < kHeapsOfNode; ++i) {
    const auto heap = space.ReadPointer(node + 8 * i);
    if (!heap) return std::nullopt;
    heaps[i] = *heap;
  }
  return heaps;
}

/// The first node has its three pools; the fourth heap may be missing.
bool AreHeapsOfFirstNode(const AddressSpace& space, const SegmentHeapLayout& layout,
                         const std::array<VirtAddr, kHeapsOfNode>& heaps) {
  constexpr std::uint32_t kAlwaysThere = 3;
  for (std::uint32_t i = 0; i < kHeapsOfNode; ++i) {
    if (i >= kAlwaysThere && heaps[i].value == 0) continue;
    if (std::count(heaps.begin(), heaps.end(), heaps[i]) != 1 || !IsSegmentHeap(space, layout, heaps[i])) return false;
  }
  return true;
}

std::optional<HeapFailure> ReadFailure(const AddressSpace& space, VirtAddr info) {
  const auto type = space.Read<Le32>(info + kFailureType);
  const auto heap = space.ReadPointer(info + kFailureHeap), address = space.ReadPointer(info + kFailureAddress);
  if (!IsKernel(space, info) || !type || *type == 0 || !heap || !address) return std::nullopt;
  HeapFailure failure{*type, *heap, *address, {}, {}, {}};
  for (std::uint32_t i = 0; i < failure.parameters.size(); ++i)
    failure.parameters[i] = space.ReadPointer(info + kFailureParameters + 8 * i).value_or(VirtAddr{}).value;
  failure.previous = space.ReadPointer(info + kFailurePrevious).value_or(VirtAddr{});
  failure.next = space.ReadPointer(info + kFailureNext).value_or(VirtAddr{});
  return failure;
}

void ReadNodes(const AddressSpace& space, const SegmentHeapLayout& layout, PoolState& state) {
  const auto stated = space.Read<Le32>(state.address + layout.number_of_pools);
  const std::uint32_t count = stated && *stated >= 1 && *stated <= kMostPoolNodes ? std::uint32_t{*stated} : 1;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto heaps = ReadHeaps(space, state.address + layout.pool_node + std::uint64_t{i} * kPoolNodeBytes);
    if (heaps) state.nodes.push_back(*heaps);
  }
}

/// The state whose first node's heaps begin at `heaps_at`, if one does.
std::optional<PoolState> StateAround(const AddressSpace& space, const SegmentHeapLayout& layout, VirtAddr heaps_at) {
  const auto heaps = ReadHeaps(space, heaps_at);
  if (!heaps || !AreHeapsOfFirstNode(space, layout, *heaps)) return std::nullopt;
  PoolState state;
  state.address = heaps_at - layout.pool_node;
  const auto globals = space.ReadPointer(state.address);
  if (!globals || !IsKernel(space, *globals)) return std::nullopt;
  const auto heap_key = space.Read<Le64>(*globals + kGlobalsHeapKey);
  const auto lfh_key = space.Read<Le64>(*globals + kGlobalsLfhKey);
  if (!heap_key || !lfh_key || *heap_key == 0 || *lfh_key == 0) return std::nullopt;
  state.heap_key = *heap_key;
  state.lfh_key = *lfh_key;
  ReadNodes(space, layout, state);
  if (const auto info = space.ReadPointer(*globals + kGlobalsFailureInfo)) state.failure = ReadFailure(space, *info);
  return state;
}

std::optional<PoolState> StateNamedOnPage(const AddressSpace& space, const SegmentHeapLayout& layout, VirtAddr page,
                                          ByteView bytes, const std::vector<VirtAddr>& heaps, std::uint32_t& pointers) {
  for (std::uint32_t at = 0; at < kPageSize; at += 8) {
    const VirtAddr value{bytes.TryRead<Le64>(at).value_or(Le64{})};
    if (value < heaps.front() || value > heaps.back()) continue;
    if (!std::binary_search(heaps.begin(), heaps.end(), value) || ++pointers > kMostPointers) continue;
    for (std::uint32_t index = 0; index < kHeapsOfNode; ++index)
      if (auto state = StateAround(space, layout, page + at - 8 * index)) return state;
  }
  return std::nullopt;
}

}  // namespace

PoolKind PoolState::KindOf(VirtAddr heap) const {
  constexpr std::array kKinds = {PoolKind::kNonPaged, PoolKind::kNonPagedNx, PoolKind::kPaged, PoolKind::kPaged};
  static_assert(kKinds.size() == kHeapsOfNode);
  for (const auto& node : nodes)
    for (std::size_t i = 0; i < node.size(); ++i)
      if (node[i] == heap) return kKinds[i];
  return PoolKind::kUnknown;
}

bool IsSegmentHeap(const AddressSpace& space, const SegmentHeapLayout& layout, VirtAddr heap) {
  constexpr std::uint32_t kContexts = 2;
  if (!IsKernel(space, heap) || heap.value % 8 != 0) return false;
  const auto signature = space.Read<Le32>(heap + kHeapSignatureAt);
  if (!signature || *signature != kHeapSignature) return false;
  for (std::uint32_t i = 0; i < kContexts; ++i) {
    const auto back = space.ReadPointer(heap + layout.seg_contexts + i * kSegContextBytes + kSegContextHeap);
    // The context of 16 MiB segments is set up with the first of them in some versions; nobody says which.
    if (!back || (*back != heap && (i == 0 || back->value != 0))) return false;
  }
  return true;
}

std::optional<VirtAddr> HeapOfContext(const AddressSpace& space, const SegmentHeapLayout& layout, VirtAddr context) {
  for (const std::uint32_t offset : {layout.seg_contexts, layout.seg_contexts + kSegContextBytes}) {
    const VirtAddr heap = context - offset;
    if (space.ReadPointer(context + kSegContextHeap) == heap && IsSegmentHeap(space, layout, heap)) return heap;
  }
  return std::nullopt;
}

std::optional<PoolState> FindPoolState(const AddressSpace& space, const System& system, const SegmentHeapLayout& layout,
                                       const std::vector<VirtAddr>& heaps) {
  std::optional<PoolState> state;
  if (heaps.empty()) return state;
  std::uint32_t pointers = 0;
  LookThroughKernel(space, system, [&](VirtAddr page, ByteView bytes) {
    state = StateNamedOnPage(space, layout, page, bytes, heaps, pointers);
    return state.has_value();
  });
  return state;
}

}  // namespace poolblame
