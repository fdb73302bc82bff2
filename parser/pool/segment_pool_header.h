// POOL_HEADERs as the segment heap writes them: in front of each block, but nothing hangs on them any more, and only
// some fields are filled in.
#pragma once

#include <cstdint>
#include <optional>

#include "parser/base/byte_view.h"
#include "parser/format/pool_header.h"

namespace poolblame {

/// Blocks from this size on have no POOL_HEADER.
inline constexpr std::uint32_t kLargestWithPoolHeader = 0xFF0;

/// BlockSize says `bytes`, the block's size with its POOL_HEADER. A remainder too small to be a chunk stays with the
/// block, and some versions count the chunk header: one unit more or less is right, too.
bool StatesItsSize(const PoolHeaderFields& header, std::uint32_t bytes, const PoolHeaderLayout& layout);

/// Units that the POOL_HEADER of a block in use at `at` states, for bytes of which it is not known that a header stands
/// there; nothing where none does.
std::optional<std::uint32_t> UnitsStatedAt(ByteView bytes, std::size_t at);

/// Not what a block of `bytes` bytes that is or was in use has in front.
bool IsOddPoolHeader(const PoolHeaderFields& header, std::uint32_t bytes, const PoolHeaderLayout& layout);

/// Drivers give tags of three characters, too: the last byte is then zero, as in 'TPM'.
bool IsShortTag(std::uint32_t tag);

/// PoolType as the header of a block in use must have it when it reads `type`: one bit says "in use", the others come
/// from the request, which has no more than these ("Scoop the Windows 10 pool!", SSTIC 2020).
inline constexpr std::uint16_t kPoolTypeInUse = 0x02, kPoolTypeRequest = 0x6D;
std::uint16_t ExpectedPoolType(std::uint16_t type);

}  // namespace poolblame
