// POOL_HEADERs as the segment heap writes them: in front of each block, but nothing hangs on them any more, and only
// some fields are filled in.
#pragma once

#include <cstdint>

#include "parser/format/pool_header.h"

namespace poolblame {

/// Blocks from this size on have no POOL_HEADER.
inline constexpr std::uint32_t kLargestWithPoolHeader = 0xFF0;

/// BlockSize says `bytes`, the block's size with its POOL_HEADER. A remainder too small to be a chunk stays with the
/// block, and some versions count the chunk header: one unit more or less is right, too.
bool StatesItsSize(const PoolHeaderFields& header, std::uint32_t bytes, const PoolHeaderLayout& layout);

/// Not what a block of `bytes` bytes that is or was in use has in front.
bool IsOddPoolHeader(const PoolHeaderFields& header, std::uint32_t bytes, const PoolHeaderLayout& layout);

}  // namespace poolblame
