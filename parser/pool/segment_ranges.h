// The first pass over the segment heap's ranges: what is healthy is counted, what is not is named for a second look,
// when the image's own rules are known.
#pragma once

#include <cstdint>
#include <vector>

#include "parser/pool/census_statistics.h"
#include "parser/pool/free_tree.h"
#include "parser/pool/segment_heap.h"
#include "parser/pool/segment_tally.h"

namespace poolblame {

/// What the ranges of an image, or some of them, add up to.
struct RangeCensus {
  HealthyPages healthy;
  SegmentHeapTally tally;
  std::vector<PageRange> suspects;
  std::vector<TreeFault> tree_faults;
  std::uint64_t tree_nodes = 0;
  std::uint64_t unreadable = 0;  // VS subsegments that are there and cannot be explained
  std::uint64_t unsolved = 0;    // LFH subsegments of which too little is in use to tell their geometry
  std::uint64_t stateless = 0;   // LFH slots whose bitmap is not in the image
};

/// Reads each range once. The result does not depend on the thread count.
RangeCensus TakeRanges(const AddressSpace& space, const SegmentHeap& heap, const PoolHeaderLayout& layout,
                       const HeapRoots& roots, unsigned threads);

}  // namespace poolblame
