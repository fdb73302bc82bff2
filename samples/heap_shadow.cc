// The segment heap's answers about its own shadow: what lies where, and which bytes it would miss.
#include <algorithm>
#include <iterator>

#include "samples/segment_heap.h"

namespace poolblame::samples {
namespace {

bool ListedInHeap(const Block& block) {
  return block.state == BlockState::kLookaside || block.state == BlockState::kDeferred;
}

/// Bytes of a POOL_HEADER with a meaning: all of the first eight but PoolIndex.
bool IsFieldOf(std::uint64_t header, std::uint64_t va) { return va >= header && va < header + 8 && va != header + 1; }

}  // namespace

const Block* SegmentHeap::Find(std::uint64_t header) const {
  const auto found = space_.blocks.find(header);
  return found == space_.blocks.end() ? nullptr : &found->second;
}

const Block* SegmentHeap::Next(std::uint64_t header) const { return Find(BlockEnd(header)); }

const Block* SegmentHeap::Previous(std::uint64_t header) const {
  const auto at = space_.blocks.find(header);
  if (at == space_.blocks.begin()) return nullptr;
  const auto& [before, block] = *std::prev(at);
  return BlockEnd(before) == header ? &block : nullptr;
}

std::vector<std::uint64_t> SegmentHeap::HeadersOn(std::uint64_t page) const {
  std::vector<std::uint64_t> headers;
  for (auto at = space_.blocks.lower_bound(page); at != space_.blocks.end() && at->first < page + kPage; ++at) {
    headers.push_back(at->first);
  }
  return headers;
}

std::optional<std::uint64_t> SegmentHeap::HeaderHolding(std::uint64_t va) const {
  if (!segments_.Holds(va) && (large_.IsEmpty() || !large_.Holds(va))) return std::nullopt;
  const auto after = space_.blocks.upper_bound(va);
  if (after == space_.blocks.begin()) return 0;
  const std::uint64_t header = std::prev(after)->first;
  return va < BlockEnd(header) ? header : 0;
}

std::uint64_t SegmentHeap::Payload(std::uint64_t header) const {
  const Block& block = *Find(header);
  return header + HeaderBytes(block) + block.aligned_units * 16U;
}

std::uint64_t SegmentHeap::BlockEnd(std::uint64_t header) const {
  return header + std::uint64_t{Find(header)->units} * 16;
}

std::uint32_t SegmentHeap::Capacity(std::uint64_t header) const {
  return static_cast<std::uint32_t>(BlockEnd(header) - Payload(header)) - (Find(header)->verified ? 8 : 0);
}

std::uint32_t SegmentHeap::HeaderBytes(const Block& block) const {
  return block.header_offset + (block.headerless ? 0 : kPoolHeader);
}

VaRange SegmentHeap::Reach(std::uint64_t header) const {
  if (const auto slots = lfh_.SlotsAround(header)) return *slots;
  if (vs_.ChunksAround(header)) return vs_.CommittedAround(header);
  return {header, BlockEnd(header)};
}

bool SegmentHeap::OnListHeads(const Block& block) const {
  return block.backend == Backend::kVs && block.state == BlockState::kFree;
}

std::uint64_t SegmentHeap::LinkOf(std::uint64_t header) const {
  return OnListHeads(*Find(header)) ? header + 8 : Payload(header);
}

std::uint32_t SegmentHeap::LinkBytes(const Block& block) const {
  if (OnListHeads(block)) return kVsFreeHeader - 8;
  return ListedInHeap(block) ? 8 : 0;
}

VaRange SegmentHeap::StalePayload(std::uint64_t header) const {
  const std::uint64_t begin = LinkOf(header) + LinkBytes(*Find(header));
  const std::uint64_t end = std::min(BlockEnd(header), Reach(header).end);
  return end < begin + 8 ? VaRange{header + 8, header + kVsFreeHeader} : VaRange{begin, end};
}

bool SegmentHeap::IsPoolHeaderByte(std::uint64_t header, const Block& block, std::uint64_t va) const {
  const std::uint64_t first = header + block.header_offset;
  if (block.headerless || block.model == kNoModel) return false;  // has none, or nobody has had the slot yet
  if (IsFieldOf(first, va)) return true;
  if (block.quota && va >= first + 8 && va < first + kPoolHeader) return true;
  return block.aligned_units != 0 && IsFieldOf(first + block.aligned_units * 16U, va);
}

bool SegmentHeap::IsSlushByte(std::uint64_t va) const {
  return std::any_of(big_.begin(), big_.end(), [&](const BigAllocation& big) {
    return va >= big.va + big.bytes && va - (big.va + big.bytes) < big.slush;
  });
}

bool SegmentHeap::IsHeaderByte(std::uint64_t va) const {
  if (IsSlushByte(va)) return true;
  const auto header = HeaderHolding(va);
  if (!header) return false;
  if (*header == 0) return segments_.IsDescriptorByte(va) || vs_.IsHeaderByte(va) || lfh_.IsHeaderByte(va);
  constexpr std::uint32_t kVsFields = 12;  // the encoded word, and the flags behind it
  const Block& block = *Find(*header);
  if (block.backend == Backend::kVs && va < *header + (OnListHeads(block) ? kVsFreeHeader : kVsFields)) return true;
  if (OnListHeads(block)) return false;
  if (block.verified && va >= BlockEnd(*header) - 8) return true;
  if (ListedInHeap(block) && va >= LinkOf(*header) && va < LinkOf(*header) + 8) return true;
  return IsPoolHeaderByte(*header, block, va);
}

bool SegmentHeap::FreedTwiceUnseen(std::uint64_t header) const {
  return Find(header)->state == BlockState::kLookaside && lists_.IsTop(header);
}

bool SegmentHeap::FreedTwiceCaught(std::uint64_t header) const { return Find(header)->state == BlockState::kFree; }

std::optional<std::uint64_t> SegmentHeap::BehindBig(const BigAllocation& big) const {
  const std::uint64_t behind = BlockEnd(*HeaderHolding(big.va));
  const auto holder = HeaderHolding(behind);
  return holder && space_.memory.Mapped(behind) ? std::optional(behind) : std::nullopt;
}

/// A range's last pages may never have been committed, and the last slot leaves a rest.
std::optional<std::uint64_t> SegmentHeap::StructureBehind(std::uint64_t header) const {
  const std::uint64_t end = (BlockEnd(header) + kPage - 1) & ~(kPage - 1);
  const auto next = space_.blocks.upper_bound(header);
  if (next != space_.blocks.end() && next->first < end) return std::nullopt;
  if (!space_.memory.Mapped(end) || !segments_.Holds(end)) return std::nullopt;
  if (end % kSegmentBytes == 0) return end;
  const Backend backend = BackendAt(end);
  const bool is_subsegment = backend == Backend::kVs || backend == Backend::kLfh;
  return is_subsegment && RangeAt(end) == end ? std::optional(end) : std::nullopt;
}

std::vector<std::uint64_t> SegmentHeap::HeaderStarts(std::uint64_t header) const {
  const Block& block = *Find(header);
  std::vector<std::uint64_t> starts;
  if (block.backend == Backend::kVs) starts.push_back(header);
  const bool pool_header = !block.headerless && !OnListHeads(block) && block.model != kNoModel;
  if (pool_header) starts.push_back(header + block.header_offset);
  return starts;
}

/// In VS also a chunk header in the last bytes of the page: what it belongs to begins on the next. In LFH slots that
/// would straddle are passed over. Behind the last slot or chunk the next range's own header counts as a neighbour.
std::optional<std::uint64_t> SegmentHeap::AcrossPage(std::uint64_t header) const {
  const std::uint64_t end = BlockEnd(header);
  const std::uint64_t page = (end + kPage - 1) & ~(kPage - 1);
  if (end + kVsHeader == page && Find(header)->backend == Backend::kVs && Find(end) != nullptr) return page;
  if (end != page && (Find(end) != nullptr || BackendAt(header) != Backend::kLfh)) return std::nullopt;
  if (!space_.memory.Mapped(page) || !segments_.Holds(page)) return std::nullopt;
  const auto holder = space_.blocks.lower_bound(end);
  const bool same_range = RangeAt(page) == RangeAt(header);
  if (!same_range) return page;
  return holder == space_.blocks.end() || holder->first >= page + kPage ? std::nullopt : std::optional(holder->first);
}

Backend SegmentHeap::BackendAt(std::uint64_t va) const {
  const auto range = segments_.RangeOf(va);
  if (!range) return large_.RangeAt(va) != 0 ? Backend::kLarge : Backend::kClassic;
  switch (range->second.kind) {
    case RangeKind::kVs:
      return Backend::kVs;
    case RangeKind::kLfh:
      return Backend::kLfh;
    case RangeKind::kPlain:
      return Backend::kLarge;
    case RangeKind::kFree:
      break;
  }
  return Backend::kClassic;
}

std::uint64_t SegmentHeap::RangeAt(std::uint64_t va) const {
  const auto range = segments_.RangeOf(va);
  return range ? range->first : large_.RangeAt(va);
}

}  // namespace poolblame::samples
