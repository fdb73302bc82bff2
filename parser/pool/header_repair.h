// The most likely page, second half: given the block boundaries, what was every header, which bytes differ, and what
// can no longer be known?
#pragma once

#include <cstdint>
#include <vector>

#include "parser/pool/page_tiling.h"
#include "parser/pool/pool_page.h"

namespace poolblame {

/// The blocks of a tiling with `read`, `expected`, `damaged_bytes` and `doubtful_bytes` filled in. PreviousSize,
/// BlockSize and PoolIndex are known from the page; a type or tag inside a run is kept where something else vouches
/// for it, mended where exactly one known value is one bit away, and else marked as not known.
std::vector<PoolBlock> RepairHeaders(const std::uint8_t* page, const HeaderReader& reader, const PageProfile& profile,
                                     const ImageKnowledge& knowledge, const PageTiling& tiling);

}  // namespace poolblame
