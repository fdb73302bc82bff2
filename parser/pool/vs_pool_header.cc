#include "parser/pool/vs_pool_header.h"

#include "parser/base/little_endian.h"
#include "parser/pool/segment_pool_header.h"

namespace poolblame {

std::optional<PoolHeaderPlace> PlaceOfPoolHeader(const VsChunk& chunk, const VsSubsegment& subsegment,
                                                 const PoolHeaderLayout& layout) {
  if (!chunk.allocated || chunk.size <= kChunkHeaderBytes) return std::nullopt;
  const std::uint32_t front = chunk.offset + kChunkHeaderBytes, end = chunk.offset + chunk.size;
  const auto next_page = static_cast<std::uint32_t>((front + kPageSize - 1) / kPageSize * kPageSize);
  if (next_page > front && next_page + layout.header_size < end && end - next_page < kLargestWithPoolHeader) {
    if (!subsegment.PageIsPresent(next_page)) return std::nullopt;
    const PoolHeaderFields there = layout.Decode(subsegment.bytes.data() + next_page);
    if (!IsOddPoolHeader(there, end - next_page, layout)) return PoolHeaderPlace{next_page, end - next_page};
  }
  if (end - front >= kLargestWithPoolHeader || !subsegment.PageIsPresent(front)) return std::nullopt;
  return PoolHeaderPlace{front, end - front};
}

bool WaitsToBeFreed(const VsChunk& chunk, const VsSubsegment& subsegment) {
  const std::uint32_t at = chunk.offset + kChunkHeaderBytes;
  if (!chunk.allocated || chunk.damaged() || !subsegment.PageIsPresent(at)) return false;
  const std::uint64_t link = ByteView(subsegment.bytes).TryRead<Le64>(at).value_or(Le64{});
  const std::uint64_t behind = ByteView(subsegment.bytes).TryRead<Le64>(at + 8).value_or(Le64{});
  // A heap's memory lies within one entry of the topmost page table, of 512 GiB.
  constexpr unsigned kRegionShift = 39;
  const bool leads_to_heap = link >> kRegionShift == subsegment.address.value >> kRegionShift;
  return (leads_to_heap && link % kChunkUnit == 0) || (link == 0 && behind != 0);
}

}  // namespace poolblame
