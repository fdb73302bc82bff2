// Page segments of the segment heap: which ranges of a segment are subsegments, and what their encoded signatures say
// of HeapKey. Segments are found by their own bytes, no symbol is needed; the heap they belong to is found by following
// their list to its head.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "parser/base/address.h"
#include "parser/base/byte_view.h"
#include "parser/format/segment_heap.h"
#include "parser/image/address_space.h"

namespace poolblame {

enum class RangeKind {
  kVs,
  kLfh,
  kPlain,
  // Pages whose subsegment's header, and what says how large it is, is not in the image:
  kVsPages,
  kLfhPages,
};

/// Pages that one allocation or one subsegment takes. Free ranges are left out.
struct PageRange {
  RangeKind kind = RangeKind::kPlain;
  VirtAddr address{};
  std::uint64_t bytes = 0;
};

struct PageSegment {
  VirtAddr address{};
  std::optional<VirtAddr> context;  // its HEAP_SEG_CONTEXT; nothing where the list cannot be followed
  std::uint64_t signature = 0;
  std::vector<PageRange> ranges;  // ascending
};

/// True when the 4096 bytes may begin a page segment. One page in 10^9 of other memory passes.
bool LooksLikePageSegment(ByteView page);

/// Reads the segment whose first page lies at `address`. Nothing when its header is not all there. Cost: two pages, and
/// up to kMostSegmentsInList pointers to find its context.
std::optional<PageSegment> ReadPageSegment(const AddressSpace& space, VirtAddr address);

inline constexpr std::uint32_t kMostSegmentsInList = 1 << 16;  // 64 GiB of pool; stops a list that runs in circles

}  // namespace poolblame
