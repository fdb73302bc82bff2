// What 0x13A names, looked at in a dump of a few pages: the heap that reported and the page that it reported. The page
// mostly does not hold what the heap expected there; what it does hold, and which pages would tell more, is said.
#pragma once

#include "parser/image/address_space.h"
#include "parser/kernel/system.h"
#include "parser/pool/pool_census.h"
#include "parser/pool/segment_heap.h"

namespace poolblame {

/// Adds to `not_judged` and `notes`. Nothing for any other bug check, or where the pages are not there. Cost: a few
/// pages are read.
void TellHeapCrash(const AddressSpace& space, const System& system, const SegmentHeap& heap, PoolCensus& census);

/// Adds to `notes` what the heap wrote down before it raised 0x13A; of any other bug check an old record says nothing.
void TellHeapFailure(const System& system, const SegmentHeap& heap, PoolCensus& census);

}  // namespace poolblame
