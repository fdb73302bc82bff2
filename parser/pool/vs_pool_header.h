// Where a VS chunk in use has its POOL_HEADER, and when it has none any more.
#pragma once

#include <cstdint>
#include <optional>

#include "parser/format/pool_header.h"
#include "parser/pool/vs_subsegment.h"

namespace poolblame {

struct PoolHeaderPlace {
  std::uint32_t offset = 0;  // in the subsegment
  std::uint32_t bytes = 0;   // from there to the chunk's end
};

/// Behind the chunk header; in a chunk that crosses a page the block may begin with the next page, a hole before it.
std::optional<PoolHeaderPlace> PlaceOfPoolHeader(const VsChunk& chunk, const VsSubsegment& subsegment,
                                                 const PoolHeaderLayout& layout);

/// A freed block that waits for the heap to take it back still counts as in use, and the list it waits on is linked
/// through the place of its POOL_HEADER; the second half of that is as it was. The last one's link is null.
bool WaitsToBeFreed(const VsChunk& chunk, const VsSubsegment& subsegment);

}  // namespace poolblame
