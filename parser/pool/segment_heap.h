// The segment heap of one image: its keys, and which ranges of memory are whose. Everything else is read again from the
// image when it is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "parser/pool/heap_keys.h"
#include "parser/pool/lfh_subsegment.h"
#include "parser/pool/page_segment.h"
#include "parser/pool/pool_page.h"
#include "parser/pool/vs_subsegment.h"

namespace poolblame {

/// What the scan found by looking at single pages, with their addresses.
struct SegmentHeapPages {
  std::vector<VirtAddr> segments;        // pages that look like a page segment's first
  std::vector<VirtAddr> vs_subsegments;  // pages that look like a VS subsegment's first
  std::vector<VirtAddr> all;             // of an image that holds only some pages: each of them, ascending
};

/// Rules of this image's healthy chunks and slots; what they break is no rule.
struct SegmentHeapTrust {
  bool memory_cost_is_zero = false;       // of chunks that are all there
  bool headers_state_size = false;        // POOL_HEADERs state their chunk's or slot's size, and PreviousSize 0
  bool freed_slots_keep_headers = false;  // free LFH slots hold their last owner's POOL_HEADER
};

class SegmentHeap {
 public:
  /// Reads the segments and takes the keys' vote. Cost: two pages a segment and one an LFH subsegment.
  SegmentHeap(const AddressSpace& space, const SegmentHeapLayout& layout, const SegmentHeapPages& pages);

  [[nodiscard]] const std::optional<KeyVote>& heap_key() const { return heap_key_; }
  [[nodiscard]] const std::optional<KeyVote>& lfh_key() const { return lfh_key_; }
  /// Pages of an image that holds only some, in no range, with what may be a block's header.
  [[nodiscard]] std::size_t unexplained_pages() const { return unexplained_pages_; }
  /// No page segment is in the image: what is known of ranges comes from their own pages.
  [[nodiscard]] bool by_pages_alone() const { return segments_ == 0; }
  [[nodiscard]] const SegmentHeapLayout& layout() const { return *layout_; }
  [[nodiscard]] std::size_t segments() const { return segments_; }
  /// Subsegments and plain ranges, ascending, each once.
  [[nodiscard]] const std::vector<PageRange>& ranges() const { return ranges_; }
  /// The range that holds `address`, or nullptr.
  [[nodiscard]] const PageRange* RangeAt(VirtAddr address) const;

  /// Nothing without the key, or where the range is none of that kind.
  [[nodiscard]] std::optional<VsSubsegment> ReadVs(const AddressSpace& space, const PageRange& range) const;
  [[nodiscard]] std::optional<LfhSubsegment> ReadLfh(const AddressSpace& space, const PageRange& range) const;

  void set_trust(const SegmentHeapTrust& trust) { trust_ = trust; }
  [[nodiscard]] const SegmentHeapTrust& trust() const { return trust_; }

  static constexpr std::size_t kMostRanges = std::size_t{1} << 19;  // 12 MiB; 64 GiB of subsegments of 128 KiB

 private:
  [[nodiscard]] std::optional<VsSubsegment> ReadWholeVs(const AddressSpace& space, const PageRange& range) const;
  void AddLoneSubsegments(const AddressSpace& space, const std::vector<VirtAddr>& heads, bool some_pages);
  void VoteForLfhKey(const AddressSpace& space);
  void VoteForKeyByChunks(const AddressSpace& space, const std::vector<VirtAddr>& lone);
  [[nodiscard]] std::vector<VirtAddr> Uncovered(const std::vector<VirtAddr>& pages) const;

  const SegmentHeapLayout* layout_;
  std::optional<KeyVote> heap_key_, lfh_key_;
  std::vector<PageRange> ranges_;
  SegmentHeapTrust trust_;
  std::size_t segments_ = 0, unexplained_pages_ = 0;
};

}  // namespace poolblame
