// What pages of both backends of the segment heap have in common: how they begin, and which bytes of a block's
// POOL_HEADER are wrong.
#pragma once

#include <cstdint>
#include <optional>

#include "parser/pool/page_profile.h"
#include "parser/pool/pool_page.h"
#include "parser/pool/segment_heap.h"

namespace poolblame {

/// What pages are made from. All that it refers to must outlive it.
struct SegmentPageSource {
  const AddressSpace& space;
  const PoolHeaderLayout& layout;
  SegmentHeapTrust trust;
  ImageKnowledge knowledge;
  const HeapFreeState& free_state;

  /// The page at `address` without blocks; nothing when it is not there.
  [[nodiscard]] std::optional<PoolPage> EmptyPage(VirtAddr address) const;
  /// Marks wrong bytes of the POOL_HEADER of a block in use; `shift` is its place in the block's masks.
  void CheckHeader(ByteView header, std::uint32_t block_bytes, std::uint32_t shift, PoolBlock& block) const;

 private:
  void CheckTag(ByteView header, std::uint32_t shift, PoolBlock& block) const;
};

/// Marks what lies between wrong bytes as doubtful: most likely it was overwritten with them.
void MarkBetween(PoolBlock& block);

}  // namespace poolblame
