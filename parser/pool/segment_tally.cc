#include "parser/pool/segment_tally.h"

#include <algorithm>

#include "parser/pool/lfh_free_slots.h"
#include "parser/pool/segment_pool_header.h"
#include "parser/pool/vs_pool_header.h"

namespace poolblame {

void SegmentHeapTally::Add(const VsSubsegment& subsegment, std::uint64_t heap_key, const PoolHeaderLayout& layout) {
  for (const VsChunk& chunk : subsegment.chunks) {
    if (chunk.damaged() || !subsegment.PageIsPresent(chunk.offset)) continue;
    ++chunks;
    const std::uint64_t address = (subsegment.address + chunk.offset).value;
    const std::uint32_t absent = subsegment.AbsentPages(chunk);
    if (DecodeChunk(chunk.read, heap_key, address).MemoryCost > absent) ++with_odd_cost;
    if (absent != 0) continue;
    const auto place = PlaceOfPoolHeader(chunk, subsegment, layout);
    if (!place || WaitsToBeFreed(chunk, subsegment)) continue;
    ++headers;
    if (IsOddPoolHeader(layout.Decode(subsegment.bytes.data() + place->offset), place->bytes, layout)) ++odd_headers;
  }
}

void SegmentHeapTally::Add(const AddressSpace& space, const LfhSubsegment& subsegment, const PoolHeaderLayout& layout) {
  for (const LfhSlot& slot : subsegment.slots) {
    const VirtAddr address = subsegment.address + slot.offset;
    const PageBytes page = space.Page(address);
    if (page.presence != Presence::kPresent) continue;
    const SlotContent content = ContentOf(page.bytes, slot, subsegment.geometry.block_size, layout);
    if (!slot.busy && content == SlotContent::kZero) continue;
    ++(slot.busy ? headers : freed_headers);
    if (content != SlotContent::kHeader) ++(slot.busy ? odd_headers : odd_freed_headers);
  }
}

void SegmentHeapTally::Add(const SegmentHeapTally& other) {
  chunks += other.chunks;
  with_odd_cost += other.with_odd_cost;
  headers += other.headers;
  odd_headers += other.odd_headers;
  freed_headers += other.freed_headers;
  odd_freed_headers += other.odd_freed_headers;
}

SegmentHeapTrust SegmentHeapTally::Learn(bool few_pages) const {
  const std::uint64_t enough = few_pages ? 4 : 16;  // blocks that must be seen before they make a rule
  const auto holds = [&](std::uint64_t odd, std::uint64_t all) {
    return all >= enough && odd * 2 < all && odd <= std::max<std::uint64_t>(2, all / 20);
  };
  const bool freed_keep = few_pages ? odd_freed_headers * 2 <= freed_headers : holds(odd_freed_headers, freed_headers);
  return {holds(with_odd_cost, chunks), holds(odd_headers, headers), freed_keep};
}

}  // namespace poolblame
