#include "parser/pool/segment_page.h"

#include "parser/pool/lfh_page.h"
#include "parser/pool/vs_page.h"

namespace poolblame {
namespace {

std::optional<PoolPage> PageInRange(const SegmentPageSource& source, const SegmentHeap& heap, VirtAddr address) {
  const PageRange* range = heap.RangeAt(address);
  if (range == nullptr) return std::nullopt;
  if (const auto vs = heap.ReadVs(source.space, *range)) {
    const auto in_chunks = static_cast<std::uint32_t>(address.page() - vs->address);
    return in_chunks < vs->bytes.size() ? VsPages(source).Of(*vs, in_chunks) : std::nullopt;
  }
  const auto offset = static_cast<std::uint32_t>(address.page() - range->address);
  if (const auto lfh = heap.ReadLfh(source.space, *range)) return LfhPages(source, *lfh).Of(offset);
  return std::nullopt;
}

}  // namespace

std::optional<PoolPage> SegmentPageAt(const SegmentPageSource& source, const SegmentHeap& heap, VirtAddr address) {
  auto page = PageInRange(source, heap, address);
  const HeapStructure* damaged = heap.DamagedOn(address);
  if (damaged == nullptr) return page;
  if (!page) page = source.EmptyPage(address);
  if (!page) return std::nullopt;
  page->structure = *damaged;
  switch (damaged->kind()) {
    case HeapStructureKind::kPageSegment:
      page->backend = PoolBackend::kPageSegment;
      break;
    case HeapStructureKind::kVsSubsegment:
      page->backend = PoolBackend::kVs;
      break;
    case HeapStructureKind::kLfhSubsegment:
      page->backend = PoolBackend::kLfh;
      break;
    case HeapStructureKind::kSlush:            // of a big allocation, which is none of the heap's
    case HeapStructureKind::kVerifierPointer:  // of a block
    case HeapStructureKind::kNone:
      break;
  }
  return page;
}

}  // namespace poolblame
