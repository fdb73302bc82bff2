// Page segments of the segment heap: which ranges of a segment are subsegments, and what their encoded signatures say
// of HeapKey. Segments are found by their own bytes, no symbol is needed; the heap they belong to is found by following
// their list to its head.
#pragma once

#include <cstdint>
#include <map>
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
  bool context_confirmed = false;   // the context names a heap that is one
  std::uint64_t flink = 0, blink = 0;
  std::uint64_t signature = 0;
  std::vector<PageRange> ranges;             // ascending
  std::vector<std::uint32_t> damaged_units;  // first units of ranges that only their later units still tell of
};

/// True when the 4096 bytes may begin a page segment, its links and signature damaged or not. One page in 10^9 of other
/// memory passes.
bool LooksLikePageSegment(ByteView page);

/// Follows the lists that segments hang in to their heads. All entries of one list have the same head, so what one walk
/// found is known for all of them: else an image of many segments would cost their number squared.
class SegmentLists {
 public:
  explicit SegmentLists(const AddressSpace& space) : space_(space) {}

  /// The HEAP_SEG_CONTEXT whose list the segment's link at `link` (0 or 8) leads to, through segments alone.
  [[nodiscard]] std::optional<VirtAddr> Follow(VirtAddr segment, std::uint32_t link);

 private:
  using Known = std::map<std::uint64_t, std::optional<VirtAddr>>;

  const AddressSpace& space_;
  std::map<std::uint32_t, Known> known_;  // by link
};

/// Reads the segment whose first page lies at `address`. Nothing when its header is not all there. Cost: two pages, and
/// what its list costs.
std::optional<PageSegment> ReadPageSegment(const AddressSpace& space, VirtAddr address, const SegmentHeapLayout& layout,
                                           SegmentLists& lists);

/// Finds contexts of segments whose own links are damaged: a neighbour in the list still names them.
void AskNeighboursForContext(std::vector<PageSegment>& segments);

inline constexpr std::uint32_t kMostSegmentsInList = 1 << 16;  // 64 GiB of pool; stops a list that runs in circles

}  // namespace poolblame
