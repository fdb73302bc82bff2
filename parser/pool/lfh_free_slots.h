// What the free slots of one page of an LFH subsegment have to hold. A slot that nobody had yet is zero, one that was
// given back keeps its last owner's POOL_HEADER; but a page that came to the subsegment with old bytes in it holds
// neither, and says nothing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "parser/base/byte_view.h"
#include "parser/format/pool_header.h"
#include "parser/pool/lfh_subsegment.h"

namespace poolblame {

enum class SlotContent {
  kHeader,  // a POOL_HEADER that states the slot's size
  kZero,    // nothing but zeros: nobody had it yet
  kOdd,     // neither
};

/// What stands in `slot` of `block_size` bytes, which begins at `page + slot.offset % kPageSize`.
SlotContent ContentOf(ByteView page, const LfhSlot& slot, std::uint32_t block_size, const PoolHeaderLayout& layout);

/// What an odd slot must have held, by the other slots of its page.
enum class ExpectedContent { kUnknown, kHeader, kZero };

/// For each of `slots`, all those of one page, what it must have held where it is free and odd. Known where the odd
/// slots lie in one short row behind one that somebody had, as a write leaves them, and others of the page are still
/// zero, one in front of the row among them; and where one pattern runs on into a damaged header. Cost: the page's
/// bytes once.
std::vector<ExpectedContent> ExpectedOfOddSlots(ByteView page, std::span<const LfhSlot> slots, std::uint32_t block_size,
                                                const PoolHeaderLayout& layout);

}  // namespace poolblame
