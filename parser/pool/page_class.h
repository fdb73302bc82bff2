// Pages that are pool of another kind: a healthy one of them must never be judged by classic pool's rules.
#pragma once

#include "parser/base/byte_view.h"
#include "parser/format/pool_header.h"
#include "parser/pool/page_reconstruction.h"
#include "parser/pool/pool_census.h"

namespace poolblame {

enum class SegmentKind { kNo, kLfh, kVs };
/// A page of the segment heap (Windows 10 1903 on): a VS subsegment by its signature, else rows of blocks that all
/// have PreviousSize 0.
SegmentKind LooksLikeSegmentHeap(ByteView page, const PoolHeaderLayout& layout);

}  // namespace poolblame
