#include "heuristics/block_walk.h"

#include <algorithm>
#include <array>

#include "parser/pool/page_walk.h"
#include "parser/pool/segment_heap.h"

namespace poolblame {
namespace {

using Visit = std::function<void(const WalkedBlock&)>;

constexpr std::uint64_t kPagesOfPart = 256;  // a megabyte: large against the cost of a lock
constexpr std::uint64_t kRangesOfPart = 16;  // of 64 to 256 KiB each

/// The `size` items, at most, of one part.
template <typename T>
std::span<const T> PartOf(const std::vector<T>& all, std::uint64_t part, std::uint64_t size) {
  return std::span(all).subspan(part * size, std::min<std::uint64_t>(size, all.size() - part * size));
}

bool MayBeListed(const std::uint8_t* block, const PoolCensus& census) {
  const std::uint32_t word = census.layout->is_64bit ? 8 : 4;
  const std::uint64_t link = WordAt(Bytes(block + census.layout->header_size, word), word);
  return link == 0 || LooksLikeKernelPointer(link, word);
}

void WalkClassicPage(const PoolPageRef& page, const PoolCensus& census, const HeaderReader& reader,
                     const Visit& visit) {
  ForEachBlock(page.bytes, reader, [&](std::uint32_t place, const QuickHeader& header) {
    const std::uint32_t offset = place * reader.unit(), size = header.size * reader.unit();
    const std::uint8_t* block = page.bytes + offset;
    if (size > reader.layout().header_size && header.state == BlockState::kAllocated &&
        CacheAlignedGap(reader.layout(), block, size) == 0)
      visit({*page.address + offset, Bytes(block, size), 0, MayBeListed(block, census)});
  });
}

/// Freed, although its header says allocated.
bool IsListed(const HeapFreeState& free_state, const VsSubsegment& subsegment, const VsChunk& chunk) {
  const std::uint64_t begin = subsegment.address.value + chunk.offset;
  return free_state.ListedIn(begin + kChunkHeaderBytes, begin + chunk.size) != nullptr;
}

void WalkVs(const PoolHeaderLayout& layout, const HeapFreeState& free_state, const VsSubsegment& subsegment,
            const Visit& visit) {
  for (const VsChunk& chunk : subsegment.chunks) {
    const std::uint32_t header = chunk.offset + kChunkHeaderBytes;
    const bool whole = chunk.begin_known && chunk.end_known && subsegment.AbsentPages(chunk) == 0;
    if (!chunk.allocated || chunk.damaged() || !whole || chunk.size <= kChunkHeaderBytes) continue;
    if (IsListed(free_state, subsegment, chunk)) continue;
    const std::uint32_t size = chunk.size - kChunkHeaderBytes;
    if (header + size > subsegment.bytes.size() || CacheAlignedGap(layout, &subsegment.bytes[header], size) != 0)
      continue;
    visit({subsegment.address + chunk.offset, Bytes(subsegment.bytes).subspan(header, size), kChunkHeaderBytes, false});
  }
}

void WalkLfh(const AddressSpace& space, const PoolHeaderLayout& layout, const LfhSubsegment& subsegment,
             const Visit& visit) {
  std::array<std::uint8_t, kFrontBytes> front{};
  for (const LfhSlot& slot : subsegment.slots) {
    if (!slot.busy || !subsegment.states_known) continue;
    const VirtAddr begin = subsegment.address + slot.offset;
    const std::span<std::uint8_t> bytes(front.data(), std::min(kFrontBytes, slot.size));
    if (space.Read(begin, bytes) != Presence::kPresent) continue;
    if (CacheAlignedGap(layout, bytes.data(), static_cast<std::uint32_t>(bytes.size())) == 0)
      visit({begin, bytes, 0, false});
  }
}

}  // namespace

BlocksInUse::BlocksInUse(const AddressSpace& space, const PoolCensus& census) : space_(space), census_(census) {
  if (census.layout == nullptr) return;
  page_parts_ = (census.healthy_pages.size() + kPagesOfPart - 1) / kPagesOfPart;
  if (census.segment_heap != nullptr)
    range_parts_ = (census.segment_heap->ranges().size() + kRangesOfPart - 1) / kRangesOfPart;
}

void BlocksInUse::Walk(std::uint64_t part, const Visit& visit) const {
  if (part < page_parts_) {
    const HeaderReader reader(*census_.layout);
    for (const PoolPageRef& page : PartOf(census_.healthy_pages, part, kPagesOfPart))
      if (page.address) WalkClassicPage(page, census_, reader, visit);
  } else {
    for (const PageRange& range : PartOf(census_.segment_heap->ranges(), part - page_parts_, kRangesOfPart))
      WalkRange(range, visit);
  }
}

void BlocksInUse::WalkRange(const PageRange& range, const Visit& visit) const {
  if (range.kind == RangeKind::kVs || range.kind == RangeKind::kVsPages) {
    const SegmentHeap& heap = *census_.segment_heap;
    if (const auto vs = heap.ReadVs(space_, range)) WalkVs(*census_.layout, heap.free_state(), *vs, visit);
  } else if (range.kind == RangeKind::kLfh || range.kind == RangeKind::kLfhPages) {
    if (const auto lfh = census_.segment_heap->ReadLfh(space_, range)) WalkLfh(space_, *census_.layout, *lfh, visit);
  }
}

}  // namespace poolblame
