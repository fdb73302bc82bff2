// The segment heap of one image: its keys, and which ranges of memory are whose. Everything else is read again from the
// image when it is asked for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "parser/pool/heap_free_state.h"
#include "parser/pool/heap_keys.h"
#include "parser/pool/heap_structure.h"
#include "parser/pool/lfh_subsegment.h"
#include "parser/pool/page_segment.h"
#include "parser/pool/pool_page.h"
#include "parser/pool/pool_state.h"
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
  bool memory_cost_is_bounded = false;    // by the pages that a chunk lacks
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
  [[nodiscard]] bool by_pages_alone() const { return segments_.empty(); }
  [[nodiscard]] const SegmentHeapLayout& layout() const { return *layout_; }
  /// Ascending, their ranges moved to ranges().
  [[nodiscard]] const std::vector<PageSegment>& segments() const { return segments_; }
  /// Subsegments and plain ranges, ascending, each once.
  [[nodiscard]] const std::vector<PageRange>& ranges() const { return ranges_; }
  /// The range that holds `address`, or nullptr.
  [[nodiscard]] const PageRange* RangeAt(VirtAddr address) const;

  /// Nothing without the key, or where the range is none of that kind.
  [[nodiscard]] std::optional<VsSubsegment> ReadVs(const AddressSpace& space, const PageRange& range) const;
  [[nodiscard]] std::optional<LfhSubsegment> ReadLfh(const AddressSpace& space, const PageRange& range) const;

  /// The damaged structures, and what headers of LFH subsegments among them must have said.
  void set_damaged(std::vector<HeapStructure> structures, std::map<std::uint64_t, LfhHeader> mended);
  [[nodiscard]] const std::map<std::uint64_t, HeapStructure>& damaged() const { return damaged_; }
  /// The damaged structure that begins on this page, or nullptr.
  [[nodiscard]] const HeapStructure* DamagedOn(VirtAddr page) const;

  void set_trust(const SegmentHeapTrust& trust) { trust_ = trust; }
  [[nodiscard]] const SegmentHeapTrust& trust() const { return trust_; }

  /// Heaps that the segments belong to, ascending.
  [[nodiscard]] const std::vector<VirtAddr>& heaps() const { return heaps_; }
  /// The heap whose segment holds `address`; nothing where its segment is not in the image.
  [[nodiscard]] std::optional<VirtAddr> HeapOf(VirtAddr address) const;
  /// The pool that `address` belongs to; kUnknown without the pool state.
  [[nodiscard]] PoolKind KindOf(VirtAddr address) const;

  /// Takes what the kernel's own data says; a HeapKey that is not the voted one costs it its say on LfhKey, too.
  void set_state(std::optional<PoolState> state);
  [[nodiscard]] const std::optional<PoolState>& state() const { return state_; }
  void set_free_state(HeapFreeState free_state) { free_state_ = std::move(free_state); }
  [[nodiscard]] const HeapFreeState& free_state() const { return free_state_; }

  static constexpr std::size_t kMostRanges = std::size_t{1} << 19;  // 12 MiB; 64 GiB of subsegments of 128 KiB

  static constexpr std::size_t kMostHeaps = 1024;  // four a NUMA node and one a session

 private:
  /// A segment and whose it is.
  struct OwnedSegment {
    VirtAddr address{}, heap{};
    std::uint64_t bytes = 0;
  };
  void AddOwner(const AddressSpace& space, const PageSegment& segment);
  [[nodiscard]] std::optional<VsSubsegment> ReadWholeVs(const AddressSpace& space, const PageRange& range) const;
  void AddLoneSubsegments(const AddressSpace& space, const std::vector<VirtAddr>& heads, bool some_pages);
  void ReadSegments(const AddressSpace& space, const std::vector<VirtAddr>& addresses);
  void VoteForLfhKey(const AddressSpace& space);
  void VoteForKeyByChunks(const AddressSpace& space, const std::vector<VirtAddr>& lone);
  [[nodiscard]] std::vector<VirtAddr> Uncovered(const std::vector<VirtAddr>& pages) const;

  const SegmentHeapLayout* layout_;
  std::optional<KeyVote> heap_key_, lfh_key_;
  std::vector<PageSegment> segments_;
  std::vector<PageRange> ranges_;
  std::vector<OwnedSegment> owned_;  // ascending
  std::vector<VirtAddr> heaps_;
  std::optional<PoolState> state_;
  HeapFreeState free_state_;
  std::map<std::uint64_t, HeapStructure> damaged_;  // by address
  std::map<std::uint64_t, LfhHeader> mended_lfh_;   // by address
  SegmentHeapTrust trust_;
  std::size_t unexplained_pages_ = 0;
};

}  // namespace poolblame
