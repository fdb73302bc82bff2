// The census of an image whose pool is the segment heap: one pass over all pages for the heap's own structures, then
// one over its subsegments.
#pragma once

#include "parser/kernel/system.h"
#include "parser/pool/page_source.h"
#include "parser/pool/pool_census.h"

namespace poolblame {

/// Fills the census's counts, tags, findings and `segment_heap`. False when the image has no subsegment whose key can
/// be recovered; then only `pages_read` is filled. `census.layout` must be set. Pages of special pool are left to the
/// caller in `special`. The result does not depend on the thread count.
bool TakeSegmentCensus(const AddressSpace& space, const System& system, const ScanOptions& options, PageSource& source,
                       PoolCensus& census, std::vector<FoundPage>& special);

}  // namespace poolblame
