// Where the segment heap's lists and trees of free chunks begin: in the VS contexts of the heaps (from 24H2 on in the
// affinity slots behind them) and in the lookaside lists of the pool state.
#pragma once

#include <vector>

#include "parser/pool/pool_state.h"

namespace poolblame {

/// What has a free tree and a delay-free list of its own.
struct VsRoots {
  VirtAddr heap{}, address{};  // of the HEAP_VS_CONTEXT or HEAP_VS_AFFINITY_SLOT
};

struct HeapRoots {
  std::vector<VsRoots> vs;           // by heap
  std::vector<VirtAddr> lookasides;  // SLIST_HEADERs of the dynamic lookaside lists
};

/// Roots of `heaps`; lookaside lists only with `state`. Cost: some reads a heap and two a NUMA node.
HeapRoots FindHeapRoots(const AddressSpace& space, const SegmentHeapLayout& layout, const std::vector<VirtAddr>& heaps,
                        const std::optional<PoolState>& state);

/// The node that the tree of `roots` begins with, 0 where it is empty; nothing where it cannot be read.
std::optional<std::uint64_t> RootNode(const AddressSpace& space, const VsRoots& roots);

}  // namespace poolblame
