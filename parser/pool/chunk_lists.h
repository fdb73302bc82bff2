// Freed VS chunks that still look allocated: those on the dynamic lookaside lists in front of the heaps and those that
// wait on a VS context's delay-free list. Both are SLISTs through the blocks themselves. Each states its length, so a
// link that was overwritten is seen even where it was overwritten with zero.
#pragma once

#include <vector>

#include "parser/pool/heap_free_state.h"
#include "parser/pool/heap_roots.h"
#include "parser/pool/segment_heap.h"

namespace poolblame {

/// Walks all lists: the blocks, ascending by entry, each once. Empty where too many lists of the image are not what
/// they say: then they are read wrongly. At most kMostListed blocks, one read each.
std::vector<ListedBlock> ReadListedBlocks(const AddressSpace& space, const SegmentHeap& heap, const HeapRoots& roots);

inline constexpr std::size_t kMostListed = std::size_t{1} << 16;  // 2 MiB; seen: some thousand

}  // namespace poolblame
