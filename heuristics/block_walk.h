// The blocks in use of an image's sound pages, whichever backend they belong to, seen once more after the scan: for
// rules that need what the scan has learned of the whole image.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "heuristics/content.h"
#include "parser/image/address_space.h"
#include "parser/pool/ordered_chunks.h"
#include "parser/pool/page_segment.h"
#include "parser/pool/pool_census.h"

namespace poolblame {

struct WalkedBlock {
  VirtAddr begin{};  // of its chunk header, where it has one, else of its POOL_HEADER
  Bytes bytes;       // from the POOL_HEADER on, kFrontBytes of them or to its end or its page's; valid in the visit
  std::uint32_t chunk_header = 0;  // bytes between `begin` and the POOL_HEADER
  /// The first word may be the link of a lookaside list: kernels that mark most such blocks leave some lists unmarked.
  bool may_be_listed = false;
};

/// Bytes of a block that its visitor may count on, where it is that large: a POOL_HEADER and what UsualFront looks at.
inline constexpr std::uint32_t kFrontBytes = 16 + 256;

/// The blocks in use that do not begin behind a gap, in parts that several threads may walk: classic pages in image
/// order, then the segment heap's subsegments in address order. Cost: a header a block; of the segment heap each
/// subsegment once.
class BlocksInUse {
 public:
  BlocksInUse(const AddressSpace& space, const PoolCensus& census);
  [[nodiscard]] std::uint64_t parts() const { return page_parts_ + range_parts_; }
  void Walk(std::uint64_t part, const std::function<void(const WalkedBlock&)>& visit) const;

 private:
  void WalkRange(const PageRange& range, const std::function<void(const WalkedBlock&)>& visit) const;

  const AddressSpace& space_;
  const PoolCensus& census_;
  std::uint64_t page_parts_ = 0, range_parts_ = 0;
};

/// Calls `look(block, part)` for all of them, each part with a fresh Part, and `merge(part)` in order, one at a time.
/// `threads`: 0 is as many as the machine has.
template <typename Part, typename Look, typename Merge>
void LookAtBlocksInUse(const AddressSpace& space, const PoolCensus& census, unsigned threads, Look&& look,
                       Merge&& merge) {
  const BlocksInUse blocks(space, census);
  const auto look_at_part = [&](std::uint64_t number) {
    Part part;
    blocks.Walk(number, [&](const WalkedBlock& block) { look(block, part); });
    return part;
  };
  RunChunksInOrder(ThreadsFor(threads, blocks.parts()), blocks.parts(), look_at_part,
                   [&](std::uint64_t, Part&& part) { merge(std::move(part)); });
}

}  // namespace poolblame
