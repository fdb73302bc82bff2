// One page of a VS subsegment in the form of every pool page. A chunk is a block whose header is the chunk header and
// the POOL_HEADER behind it. Blocks that begin on an earlier page are `leading_bytes`; the last block may end behind
// the page.
#pragma once

#include "parser/pool/segment_block_check.h"

namespace poolblame {

class VsPages {
 public:
  explicit VsPages(const SegmentPageSource& source) : source_(source) {}

  /// The page that begins at `offset` of the subsegment; nothing when it is not there.
  [[nodiscard]] std::optional<PoolPage> Of(const VsSubsegment& subsegment, std::uint32_t offset) const;

 private:
  void AddBlock(const VsSubsegment& subsegment, const VsChunk& chunk, PoolPage& page) const;
  void CheckTreeNode(const VsSubsegment& subsegment, const VsChunk& chunk, PoolPage& page) const;
  void CheckListLink(const ListedBlock& listed, PoolPage& page) const;
  [[nodiscard]] PoolBlock BlockOf(const VsSubsegment& subsegment, const VsChunk& chunk) const;
  [[nodiscard]] const ListedBlock* ListedAt(const VsSubsegment& subsegment, const VsChunk& chunk) const;

  SegmentPageSource source_;
};

}  // namespace poolblame
