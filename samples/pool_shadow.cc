// The classic pool's answers about its own shadow: what lies where, and which bytes it would miss.
#include "samples/pool_allocator.h"

namespace poolblame::samples {
namespace {

bool Listed(const Block& block) {
  return block.state == BlockState::kLookaside || block.state == BlockState::kDeferred;
}

}  // namespace

std::vector<std::uint64_t> PoolAllocator::HeadersOn(std::uint64_t page) const {
  std::vector<std::uint64_t> headers;
  const auto found = pages_.find(page);
  if (found == pages_.end()) return headers;
  for (const Block& block : found->second) headers.push_back(page + block.offset);
  return headers;
}

std::optional<std::uint64_t> PoolAllocator::HeaderHolding(std::uint64_t va) const {
  for (const std::uint64_t header : HeadersOn(PageOf(va))) {
    if (va >= header && va < BlockEnd(header)) return header;
  }
  return std::nullopt;
}

VaRange PoolAllocator::Reach(std::uint64_t header) const { return {PageOf(header), PageOf(header) + kPage}; }

std::uint32_t PoolAllocator::LinkBytes(const Block& block) const {
  if (OnListHeads(block)) return 2 * profile_.pointer_size();
  return Listed(block) ? profile_.pointer_size() : 0;
}

VaRange PoolAllocator::StalePayload(std::uint64_t header) const { return {LinkOf(header) + 16, BlockEnd(header) - 16}; }

bool PoolAllocator::FreedTwiceUnseen(std::uint64_t header) const {
  const Block& block = *Find(header);
  return block.units <= kMaxLookasideUnits && block.state == BlockState::kLookaside &&
         lookaside_[block.units].back() == header;
}

bool PoolAllocator::FreedTwiceCaught(std::uint64_t header) const {
  const Block& block = *Find(header);
  return block.units <= kMaxLookasideUnits && Listed(block);
}

std::optional<std::uint64_t> PoolAllocator::AcrossPage(std::uint64_t header) const {
  const std::uint64_t end = BlockEnd(header);
  return end % kPage != 0 || Find(end) == nullptr ? std::nullopt : std::optional(end);
}

std::optional<std::uint64_t> PoolAllocator::BehindBig(const BigAllocation& big) const {
  const std::uint64_t end = (big.va + big.bytes + kPage - 1) & ~(kPage - 1);
  return Find(end) == nullptr ? std::nullopt : std::optional(end);
}

bool PoolAllocator::IsHeaderByte(std::uint64_t va) const {
  const auto header = HeaderHolding(va);
  if (!header) return false;
  const Block& block = *Find(*header);
  const std::uint64_t at = va - *header;
  if (at < 8) return true;  // fields and tag, both machines
  if (profile_.x64 && at < 16) return block.quota || (profile_.encoded_quota && Listed(block));
  if (block.quota && va >= BlockEnd(*header) - 4 && !profile_.x64) return true;
  if (block.verified && va >= BlockEnd(*header) - profile_.pointer_size()) return true;
  const std::uint64_t second = std::uint64_t{block.aligned_units} * profile_.unit();
  if (second != 0 && at >= second && at < second + 8) return true;
  return va >= LinkOf(*header) && va < LinkOf(*header) + LinkBytes(block);
}

}  // namespace poolblame::samples
