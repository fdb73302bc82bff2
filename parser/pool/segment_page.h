// One page of the segment heap in the form of every pool page: blocks with headers, and which bytes of them are wrong.
// A VS chunk is a block whose header is the chunk header and the POOL_HEADER behind it; an LFH slot is one with a
// POOL_HEADER alone. Blocks that begin on an earlier page are `leading_bytes`; the last block may end behind the page.
#pragma once

#include "parser/pool/lfh_free_slots.h"
#include "parser/pool/page_profile.h"
#include "parser/pool/pool_page.h"
#include "parser/pool/segment_heap.h"

namespace poolblame {

/// Turns subsegments into pages. What it is made from must outlive it.
class SegmentPages {
 public:
  SegmentPages(const AddressSpace& space, const PoolHeaderLayout& layout, const SegmentHeapTrust& trust,
               const ImageKnowledge& knowledge, const HeapFreeState& free_state)
      : space_(space), layout_(layout), trust_(trust), knowledge_(knowledge), free_state_(free_state) {}

  /// The page that begins at `offset` of the subsegment; nothing when it is not there.
  [[nodiscard]] std::optional<PoolPage> Of(const VsSubsegment& subsegment, std::uint32_t offset) const;
  [[nodiscard]] std::optional<PoolPage> Of(const LfhSubsegment& subsegment, std::uint32_t offset) const;
  /// The page at `address`, whatever subsegment or damaged structure it belongs to; nothing when it belongs to none.
  /// Cost: its subsegment.
  [[nodiscard]] std::optional<PoolPage> At(const SegmentHeap& heap, VirtAddr address) const;

 private:
  [[nodiscard]] std::optional<PoolPage> InRange(const SegmentHeap& heap, VirtAddr address) const;
  [[nodiscard]] std::optional<PoolPage> Empty(VirtAddr address) const;
  [[nodiscard]] bool FreedSlotsAreBelieved(const LfhSubsegment& subsegment) const;
  [[nodiscard]] bool LostItsFront(const PoolHeaderFields& header) const;
  [[nodiscard]] bool IsBelieved(const PoolHeaderFields& header, bool all_are) const;
  void ExpectZero(ByteView header, PoolBlock& block) const;
  void CheckHeader(ByteView header, std::uint32_t block_bytes, std::uint32_t shift, PoolBlock& block) const;
  void CheckTag(ByteView header, std::uint32_t shift, PoolBlock& block) const;
  void CheckTreeNode(const VsSubsegment& subsegment, const VsChunk& chunk, std::size_t index, PoolPage& page) const;
  void CheckListLink(const ListedBlock& listed, std::size_t index, PoolPage& page) const;
  [[nodiscard]] PoolBlock BlockOf(const VsSubsegment& subsegment, const VsChunk& chunk) const;
  [[nodiscard]] const ListedBlock* ListedAt(const VsSubsegment& subsegment, const VsChunk& chunk) const;

  const AddressSpace& space_;
  const PoolHeaderLayout& layout_;
  SegmentHeapTrust trust_;
  ImageKnowledge knowledge_;
  const HeapFreeState& free_state_;
};

}  // namespace poolblame
