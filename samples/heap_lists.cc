// RTL_DYNAMIC_LOOKASIDE and its buckets: public PDB dumps and "Scoop the Windows 10 pool!" (SSTIC 2020). Unsure: where
// in the chunk the delay-free list's link lies; here, as with the lookaside, the POOL_HEADER stays whole.
#include "samples/heap_lists.h"

#include <utility>

namespace poolblame::samples {
namespace {

constexpr std::uint32_t kBucketCount = 64;
constexpr std::uint32_t kBucketsAt = 0x40;
constexpr std::uint32_t kBucketBytes = 0x40;
constexpr std::uint64_t kSequence = 0x2A70000;  // SLIST_HEADER: Depth is the low word, Sequence the rest

std::uint64_t PayloadOf(const HeapSpace& space, std::uint64_t chunk) {
  return chunk + space.blocks.at(chunk).header_offset + kPoolHeader;
}

}  // namespace

HeapLists::HeapLists(HeapSpace& space, std::uint64_t lookaside, const PoolStyle& style)
    : space_(space), lookaside_(lookaside), style_(style), enabled_(space.random.Next() | space.random.Next()) {}

std::uint32_t HeapLists::BytesOf(std::uint64_t chunk) const {
  const Block& block = space_.blocks.at(chunk);
  return block.units * 16U - block.header_offset;
}

/// Steps of 16 bytes up to 0x400, of 64 up to 0x800, of 128 up to 0xF80.
std::optional<std::uint32_t> HeapLists::BucketOf(std::uint32_t bytes) const {
  std::uint32_t bucket = 0;
  if (lookaside_ == 0 || bytes <= 0x200 || bytes > 0xF80) return std::nullopt;
  if (bytes <= 0x400) {
    bucket = (bytes - 0x201) / 16;
  } else if (bytes <= 0x800) {
    bucket = 32 + (bytes - 0x401) / 64;
  } else {
    bucket = 48 + (bytes - 0x801) / 128;
  }
  if ((enabled_ >> bucket & 1) == 0) return std::nullopt;
  return bucket;
}

void HeapLists::Push(std::vector<std::uint64_t>& list, std::uint64_t chunk, BlockState state) {
  space_.memory.Write64(PayloadOf(space_, chunk), list.empty() ? 0 : PayloadOf(space_, list.back()));
  list.push_back(chunk);
  Block& block = space_.blocks.at(chunk);
  block.state = state;
  block.quota = block.verified = false;
  block.aligned_units = 0;
}

bool HeapLists::PushLookaside(std::uint64_t chunk) {
  const auto bucket = BucketOf(BytesOf(chunk));
  if (!bucket || buckets_[*bucket].size() >= style_.lookaside_depth) return false;
  Push(buckets_[*bucket], chunk, BlockState::kLookaside);
  return true;
}

void HeapLists::PushLookasideAgain(std::uint64_t chunk) {
  Push(buckets_.at(*BucketOf(BytesOf(chunk))), chunk, BlockState::kLookaside);
}

std::optional<std::uint64_t> HeapLists::PopLookaside(std::uint32_t bytes) {
  const auto bucket = BucketOf(bytes);
  if (!bucket || buckets_[*bucket].empty()) return std::nullopt;
  std::vector<std::uint64_t>& list = buckets_[*bucket];
  const std::uint64_t chunk = list.back();
  if (BytesOf(chunk) < bytes || !space_.Sound(chunk, space_.blocks.at(chunk).units * 16U)) return std::nullopt;
  list.pop_back();
  return chunk;
}

bool HeapLists::IsTop(std::uint64_t chunk) const {
  const auto bucket = BucketOf(BytesOf(chunk));
  return bucket && buckets_.contains(*bucket) && !buckets_.at(*bucket).empty() && buckets_.at(*bucket).back() == chunk;
}

std::vector<std::uint64_t> HeapLists::Defer(std::uint64_t chunk, std::uint64_t list) {
  std::vector<std::uint64_t>& pending = deferred_[list];
  Push(pending, chunk, BlockState::kDeferred);
  return pending.size() >= style_.deferred_depth ? std::exchange(pending, {}) : std::vector<std::uint64_t>{};
}

void HeapLists::Redefer(std::uint64_t chunk, std::uint64_t list) {
  const std::uint64_t next = deferred_[list].empty() ? 0 : PayloadOf(space_, deferred_[list].back());
  space_.Put64(PayloadOf(space_, chunk), next);
  deferred_[list].push_back(chunk);
}

void HeapLists::WriteHead(std::uint64_t at, const std::vector<std::uint64_t>& list) {
  space_.memory.Write64(at, list.size() | (list.empty() ? 0 : kSequence));
  space_.memory.Write64(at + 8, list.empty() ? 0 : PayloadOf(space_, list.back()));
}

void HeapLists::Settle(const std::vector<std::uint64_t>& delay_lists) {
  for (const std::uint64_t list : delay_lists) WriteHead(list, deferred_[list]);
  if (lookaside_ == 0) return;
  space_.memory.Write64(lookaside_, enabled_);
  space_.memory.Write32(lookaside_ + 8, kBucketCount);
  space_.memory.Write32(lookaside_ + 0xC, kBucketCount);
  for (std::uint32_t bucket = 0; bucket < kBucketCount; ++bucket) {
    const std::uint64_t at = lookaside_ + kBucketsAt + std::uint64_t{bucket} * kBucketBytes;
    WriteHead(at, buckets_[bucket]);
    space_.memory.Write32(at + 0x10, style_.lookaside_depth | style_.lookaside_depth << 16);  // Depth, MaximumDepth
  }
}

}  // namespace poolblame::samples
