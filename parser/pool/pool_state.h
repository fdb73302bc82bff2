// nt!ExPoolState, the kernel's root of the segment heap, found without symbols: the heaps are known from their
// segments, and only the state holds pointers to several of them side by side. It says the keys in plain, which heap is
// which pool, where the lookaside lists lie, and what the heap wrote down before it stopped the machine.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "parser/format/segment_heap.h"
#include "parser/image/address_space.h"
#include "parser/kernel/system.h"

namespace poolblame {

/// HEAP_FAILURE_INFORMATION, as the heap filled it before it raised 0x13A.
struct HeapFailure {
  std::uint32_t type = 0;  // _HEAP_FAILURE_TYPE, as parameter 1 of 0x13A
  VirtAddr heap{}, address{};
  std::array<std::uint64_t, 3> parameters{};
  VirtAddr previous{}, next{};
};

struct PoolState {
  VirtAddr address{};
  std::uint64_t heap_key = 0, lfh_key = 0;
  /// Heaps of each NUMA node in the state's order; 0 where there is none.
  std::vector<std::array<VirtAddr, kHeapsOfNode>> nodes;
  std::optional<HeapFailure> failure;  // nothing where no failure is written down

  /// The pool whose heap lies at `heap`; kUnknown for other heaps (sessions have their own).
  [[nodiscard]] PoolKind KindOf(VirtAddr heap) const;
};

/// True when a SEGMENT_HEAP of this layout lies at `heap`: its signature, and its segment contexts name it.
bool IsSegmentHeap(const AddressSpace& space, const SegmentHeapLayout& layout, VirtAddr heap);

/// The heap of a HEAP_SEG_CONTEXT; nothing where the context is none of this layout's.
std::optional<VirtAddr> HeapOfContext(const AddressSpace& space, const SegmentHeapLayout& layout, VirtAddr context);

/// Looks through the kernel's image for the state that names `heaps`, which are sorted. Nothing without them, or where
/// the kernel's data is not in the image. Cost: each page of ntoskrnl is looked at once, at most 32 MiB.
std::optional<PoolState> FindPoolState(const AddressSpace& space, const System& system, const SegmentHeapLayout& layout,
                                       const std::vector<VirtAddr>& heaps);

}  // namespace poolblame
