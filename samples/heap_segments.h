// The bottom of a segment heap: 1 MB page segments, cut into ranges of pages that a descriptor array names. VS and LFH
// subsegments and large blocks are such ranges. Context 1 (16 MB segments) stays empty: an image of a few megabytes
// has no block for it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "samples/heap_space.h"

namespace poolblame::samples {

/// RangeFlags of a range's first unit.
enum class RangeKind : std::uint8_t { kFree = 0x02, kPlain = 0x03, kLfh = 0x0B, kVs = 0x0F };

struct HeapRange {
  RangeKind kind = RangeKind::kFree;
  std::uint32_t units = 0;
  std::uint32_t unused_bytes = 0;
};

class HeapSegments {
 public:
  HeapSegments(HeapSpace& space, std::uint64_t first_va);

  /// Reserves `units` pages; nothing is committed. nullopt where no segment can be had.
  std::optional<std::uint64_t> Take(std::uint32_t units, RangeKind kind, std::uint32_t unused_bytes);
  /// The same for the last `units` pages of a segment that ends free, with another segment behind it; plain.
  std::optional<std::uint64_t> TakeLast(std::uint32_t units, std::uint32_t unused_bytes);
  /// The same at the front of a segment that exists.
  std::optional<std::uint64_t> TakeIn(std::uint64_t segment, std::uint32_t units, std::uint32_t unused_bytes);
  /// Decommits the range and joins it with free neighbours.
  void Release(std::uint64_t va);
  /// Descriptors, free trees, segment list.
  void Settle();
  /// The range that holds `va`: address and facts; nullopt outside of all segments' ranges.
  [[nodiscard]] std::optional<std::pair<std::uint64_t, HeapRange>> RangeOf(std::uint64_t va) const;
  /// True for a segment's header and its descriptors in use.
  [[nodiscard]] bool IsDescriptorByte(std::uint64_t va) const;
  [[nodiscard]] bool Holds(std::uint64_t va) const { return ranges_.contains(va & ~(kSegmentBytes - 1)); }
  [[nodiscard]] std::uint64_t end() const { return next_segment_; }
  [[nodiscard]] std::uint64_t Context() const { return space_.heap + space_.layout.seg_contexts_at; }

 private:
  using Ranges = std::map<std::uint32_t, HeapRange>;  // by first unit; they tile [kFirstUnit, kUnitsPerSegment)

  void WriteContext(std::uint64_t context, bool small_segments);
  bool AddSegment();
  bool AddSegmentAt(std::uint64_t segment);
  std::uint64_t Place(std::uint64_t segment, Ranges& ranges, Ranges::iterator at, const HeapRange& wanted);
  void WriteRange(std::uint64_t segment, std::uint32_t unit, const HeapRange& range);
  void WriteDescriptor(std::uint64_t at, const HeapRange& range, std::uint32_t distance, std::uint32_t committed);

  HeapSpace& space_;
  std::map<std::uint64_t, Ranges> ranges_;  // by segment
  std::uint64_t next_segment_;
};

}  // namespace poolblame::samples
