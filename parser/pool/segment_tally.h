// What the healthy headers of an image's segment heap have in common, counted subsegment by subsegment.
#pragma once

#include <cstdint>

#include "parser/pool/segment_heap.h"

namespace poolblame {

/// What the chunks or slots of one subsegment say about the headers of this system, for SegmentHeapTrust.
struct SegmentHeapTally {
  std::uint64_t chunks = 0, with_odd_cost = 0;             // MemoryCost above the pages that the chunk lacks
  std::uint64_t headers = 0, odd_headers = 0;              // POOL_HEADERs of blocks in use
  std::uint64_t freed_headers = 0, odd_freed_headers = 0;  // of free LFH slots that were used before

  void Add(const VsSubsegment& subsegment, std::uint64_t heap_key, const PoolHeaderLayout& layout);
  void Add(const AddressSpace& space, const LfhSubsegment& subsegment, const PoolHeaderLayout& layout);
  void Add(const SegmentHeapTally& other);
  /// `few_pages`: there are not the blocks to learn much from, so a few that agree have to do.
  [[nodiscard]] SegmentHeapTrust Learn(bool few_pages) const;
};

}  // namespace poolblame
