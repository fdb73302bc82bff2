// The blocks in use of an image's sound pages, whichever backend they belong to, seen once more after the scan: for
// rules that need what the scan has learned of the whole image.
#pragma once

#include <cstdint>
#include <functional>

#include "heuristics/content.h"
#include "parser/image/address_space.h"
#include "parser/pool/pool_census.h"

namespace poolblame {

struct WalkedBlock {
  VirtAddr begin{};  // of its chunk header, where it has one, else of its POOL_HEADER
  Bytes bytes;       // from the POOL_HEADER on, kFrontBytes of them or to its end or its page's; valid in the visit
  std::uint32_t chunk_header = 0;  // bytes between `begin` and the POOL_HEADER
  /// The first word may be the link of a lookaside list: kernels that mark most such blocks leave some lists unmarked.
  bool may_be_listed = false;
};

/// Bytes of a block that its visitor may count on, where it is that large: a POOL_HEADER and 32 words.
inline constexpr std::uint32_t kFrontBytes = 16 + 32 * 8;

/// Blocks in use that do not begin behind a gap. In address order of the ranges,
/// classic pages in image order. Cost: a header a block; of the segment heap each subsegment once.
void ForEachBlockInUse(const AddressSpace& space, const PoolCensus& census,
                       const std::function<void(const WalkedBlock&)>& visit);

}  // namespace poolblame
