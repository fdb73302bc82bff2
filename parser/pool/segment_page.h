// One page of the segment heap in the form of every pool page, whatever it belongs to: blocks with headers, which bytes
// of them are wrong, and what is wrong with the heap's own headers.
#pragma once

#include "parser/pool/segment_block_check.h"

namespace poolblame {

/// The page at `address`, whatever subsegment or damaged structure it belongs to; nothing when it belongs to none.
/// Cost: its subsegment.
std::optional<PoolPage> SegmentPageAt(const SegmentPageSource& source, const SegmentHeap& heap, VirtAddr address);

}  // namespace poolblame
