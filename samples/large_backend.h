// What a segment heap has above its 1 MB segments: one 16 MB segment of context 1 with ranges of 64 KB units, and
// allocations of more than 8 MB outside of all segments. An image of a few megabytes cannot hold them, so only their
// first page and their last ones are in memory, as of paged pool that was trimmed. Left out: LargeAllocMetadata's tree.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "samples/heap_space.h"

namespace poolblame::samples {

class LargeBackend {
 public:
  /// `context`: the heap's second HEAP_SEG_CONTEXT.
  LargeBackend(HeapSpace& space, std::uint64_t context);

  /// 508 KB and more up to 1 MB: a range of the 16 MB segment. More: an allocation of its own. Address of the first
  /// byte; nullopt where memory or addresses are used up.
  std::optional<std::uint64_t> Allocate(std::uint32_t bytes);
  /// The pages go, the address is not used again.
  void Free(std::uint64_t va);
  /// Descriptors and the segment list.
  void Settle();
  [[nodiscard]] bool Holds(std::uint64_t va) const { return va >= segment_ && va < end_; }
  [[nodiscard]] bool IsEmpty() const { return ranges_.empty() && outside_.empty(); }
  /// First byte of the range or allocation that holds `va`; 0 for none.
  [[nodiscard]] std::uint64_t RangeAt(std::uint64_t va) const;
  [[nodiscard]] std::uint64_t end() const { return IsEmpty() ? 0 : end_; }

 private:
  struct Range {
    std::uint64_t bytes = 0;  // whole units, or whole pages outside of segments
    std::uint32_t requested = 0;
    bool freed = false;
  };
  bool MapEnds(std::uint64_t va, std::uint64_t bytes);
  bool OpenSegment();
  void WriteRange(std::uint64_t va, const Range& range);

  HeapSpace& space_;
  std::uint64_t context_, segment_, next_, next_outside_, end_;
  std::map<std::uint64_t, Range> ranges_, outside_;
};

}  // namespace poolblame::samples
