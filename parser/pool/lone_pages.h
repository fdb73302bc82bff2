// Pool pages of an image that holds only some pages, where no page segment and no subsegment header says what a page
// is: the page itself has to. A page of VS chunks has headers that lead to each other under HeapKey; a page of LFH
// slots has POOL_HEADERs of one size in step. What shows neither is left out: plain ranges and other memory look like
// anything.
#pragma once

#include <cstdint>
#include <vector>

#include "parser/base/address.h"
#include "parser/format/segment_heap.h"
#include "parser/image/address_space.h"
#include "parser/pool/page_segment.h"

namespace poolblame {

/// Ranges of neighbouring pages of one kind among `pages`, ascending; a page with the header of an LFH subsegment
/// begins a whole one. Without a key no page is taken for one of VS chunks. Cost: some 20 µs a page.
std::vector<PageRange> FindLonePages(const AddressSpace& space, const std::vector<VirtAddr>& pages,
                                     const SegmentHeapLayout& layout, const std::uint64_t* heap_key);

/// True where a POOL_HEADER of a block in use may stand on the page: what chunk headers may be looked for on.
bool MayHoldBlocks(ByteView page);

}  // namespace poolblame
