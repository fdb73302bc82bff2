// What one page is, asked about a single page: `poolblame page`, reasons in not_judged. The scan has its own fast path
// (page_scan.cc) and comes here only for pages it cannot place.
#include "parser/pool/page_class.h"

#include <algorithm>
#include <array>

#include "parser/base/little_endian.h"
#include "parser/pool/page_evidence.h"
#include "parser/pool/page_walk.h"
#include "parser/pool/special_pool.h"

namespace poolblame {
namespace {

// `_HEAP_VS_SUBSEGMENT`: (Size ^ Signature) & 0x7FFF == 0x2BED, at these offsets by build and machine.
constexpr std::uint16_t kVsSignature = 0x2BED;
struct VsPlace {
  std::uint32_t size, signature, first_chunk_unit;
};
constexpr std::array<VsPlace, 3> kVsPlaces = {{{0x20, 0x22, 16}, {0x20, 0x24, 16}, {0x14, 0x16, 8}}};

std::uint16_t Read16(ByteView page, std::uint32_t at) { return page.TryRead<Le16>(at).value_or(Le16{}); }

// A VS subsegment starts with a list entry of kernel pointers and a size that is not the signature itself.
bool IsVsSubsegment(ByteView page, bool is_64bit) {
  for (const VsPlace& place : kVsPlaces) {
    if ((place.first_chunk_unit == 16) != is_64bit) continue;
    const std::uint16_t size = Read16(page, place.size), signature = Read16(page, place.signature);
    if (((size ^ signature) & 0x7FFF) == kVsSignature && size != 0) return true;
  }
  return false;
}

// Headers whose PreviousSize is 0 and whose BlockSize leads to the next such header: LFH where it leads there exactly,
// VS where a chunk header of one unit lies between.
struct Stride {
  std::uint32_t exact = 0, with_gap = 0;
};
Stride CountStrides(const std::uint8_t* page, const HeaderReader& reader) {
  Stride stride;
  const std::uint32_t end = reader.units_in_page();
  const auto detached = [&](std::uint32_t place) {
    if (place >= end) return false;
    const QuickHeader header = reader.At(page, place);
    return header.previous == 0 && reader.LooksLikeBlock(header, place) && (header.type & 2) != 0;
  };
  for (std::uint32_t place = 0; place < end; ++place) {
    if (!detached(place)) continue;
    const std::uint32_t size = reader.At(page, place).size;
    if (detached(place + size)) ++stride.exact;
    if (detached(place + size + 1)) ++stride.with_gap;
  }
  return stride;
}

}  // namespace

SegmentKind LooksLikeSegmentHeap(ByteView page, const PoolHeaderLayout& layout) {
  if (page.size() != kPoolPageBytes) return SegmentKind::kNo;
  if (IsVsSubsegment(page, layout.is_64bit)) return SegmentKind::kVs;
  const Stride stride = CountStrides(page.data(), HeaderReader(layout));
  constexpr std::uint32_t kStridesSeen = 2;  // three blocks in a row that all deny having a left neighbour
  if (std::max(stride.exact, stride.with_gap) < kStridesSeen) return SegmentKind::kNo;
  return stride.exact >= stride.with_gap ? SegmentKind::kLfh : SegmentKind::kVs;
}

const char* PageClassName(PageClass page_class) {
  switch (page_class) {
    case PageClass::kClassicPool:
      return "classic pool";
    case PageClass::kDamagedClassicPool:
      return "damaged classic pool";
    case PageClass::kSegmentHeapLfh:
      return "segment heap (LFH)";
    case PageClass::kSegmentHeapVs:
      return "segment heap (VS)";
    case PageClass::kSpecialPool:
      return "special pool";
    case PageClass::kBigAllocation:
      return "big allocation";
    case PageClass::kZero:
      return "zero";
    case PageClass::kNotPool:
      break;
  }
  return "not pool";
}

PageClass ClassifyPage(ByteView page, const PoolHeaderLayout& layout) {
  if (page.size() != kPoolPageBytes) return PageClass::kNotPool;
  if (IsZeroPage(page.data())) return PageClass::kZero;
  const HeaderReader reader(layout);
  const PageWalk walk = WalkPage(page.data(), reader);
  if (IsHealthyWalk(walk)) return PageClass::kClassicPool;
  if (ReadSpecialPool(page, layout.is_64bit, std::nullopt, SpecialPoolTrust::kByBytes)) return PageClass::kSpecialPool;
  const PageEvidence evidence = WeighPage(page.data(), reader);
  if (evidence.points() < kPointsForPool || evidence.links_of_allocated == 0) {
    switch (LooksLikeSegmentHeap(page, layout)) {
      case SegmentKind::kLfh:
        return PageClass::kSegmentHeapLfh;
      case SegmentKind::kVs:
        return PageClass::kSegmentHeapVs;
      case SegmentKind::kNo:
        break;
    }
    return PageClass::kNotPool;
  }
  const Reconstruction rebuilt = ReconstructPage(page, reader, {});
  if (!IsBelievable(rebuilt, false)) return PageClass::kNotPool;
  if (rebuilt.damaged_headers > 0) return PageClass::kDamagedClassicPool;
  return rebuilt.leading_bytes > 0 ? PageClass::kBigAllocation : PageClass::kClassicPool;
}

}  // namespace poolblame
