// Routing and the life of blocks; the answers about the shadow are in heap_shadow.cc.
#include "samples/segment_heap.h"

#include <algorithm>

namespace poolblame::samples {
namespace {

constexpr std::uint32_t kMaxSmall = 0xFE0;  // larger requests have no POOL_HEADER
constexpr std::uint32_t kSignatureAt = 0x10;
constexpr std::uint32_t kMostDeferred = 0x400;  // smaller chunks may be put off

/// Five pointers to functions, each XORed with its context and the key. The last, ExtendContext, is NULL in VS contexts
/// (unsure: whether a NULL is encoded like the others).
void WriteCallbacks(KernelMemory& memory, std::uint64_t at, std::uint64_t context, std::uint64_t key) {
  constexpr std::uint64_t kFunctions = 0xFFFFF80000800000;
  for (std::uint32_t i = 0; i < 5; ++i) {
    const std::uint64_t function = i == 4 ? 0 : kFunctions + i * 0x1540;
    memory.Write64(at + 8 * i, function ^ context ^ key);
  }
}

void WriteHeapHeader(KernelMemory& memory, const HeapLayout& layout, const HeapKeys& keys, std::uint64_t heap) {
  for (std::uint64_t page = 0; page < kHeapPages; ++page) memory.MapNew(heap + page * kPage);
  memory.Write32(heap + kSignatureAt, kHeapSignature);
  if (layout.callbacks_at != 0) WriteCallbacks(memory, heap + layout.callbacks_at, heap, keys.heap_key);
  if (layout.affinity_slots) return;
  WriteCallbacks(memory, heap + layout.vs_context_at + 0x88, heap + layout.vs_context_at, keys.heap_key);
  WriteCallbacks(memory, heap + layout.lfh_context_at + 8, heap + layout.lfh_context_at, keys.heap_key);
}

/// The header comes before the parts, which write into it.
KernelMemory& WithHeader(KernelMemory& memory, const HeapLayout& layout, const HeapKeys& keys, std::uint64_t heap) {
  WriteHeapHeader(memory, layout, keys, heap);
  return memory;
}

}  // namespace

void WriteEmptyHeap(KernelMemory& memory, const HeapLayout& layout, const HeapKeys& keys, std::uint64_t heap) {
  PoolSetup setup;
  setup.base = heap;
  SegmentHeap(memory, layout, keys, {}, setup, 0).Settle();
}

SegmentHeap::SegmentHeap(KernelMemory& memory, const HeapLayout& layout, const HeapKeys& keys, const PoolStyle& style,
                         const PoolSetup& setup, std::uint64_t seed)
    : Pool(setup),
      space_(WithHeader(memory, layout, keys, setup.base), layout, keys, setup, seed),
      segments_(space_, (setup.base & ~(kSegmentBytes - 1)) + kSegmentBytes),
      vs_(space_, segments_),
      lfh_(space_, segments_),
      large_(space_, segments_.Context() + kSegContextBytes),
      lists_(space_, setup.lookaside, style) {
  memory.Write64(setup.base + layout.user_context_at, setup.lookaside);
}

std::optional<std::uint64_t> SegmentHeap::Allocate(const PoolRequest& request) {
  PoolRequest actual = request;
  actual.cache_aligned = request.cache_aligned && !request.verified && request.bytes + kCacheLine <= kMaxSmall;
  const std::uint32_t bytes = request.bytes + (actual.cache_aligned ? kCacheLine : 0) + (actual.verified ? 8 : 0);
  if (bytes > kMaxSmall) return std::nullopt;
  std::optional<std::uint64_t> header = lists_.PopLookaside(bytes + kPoolHeader);
  if (!header) header = lfh_.Allocate(bytes + kPoolHeader);
  if (!header) header = vs_.Allocate(bytes + kPoolHeader);
  if (header) Occupy(*header, actual);
  return header;
}

/// PoolIndex keeps what was there before: nobody writes it since 1903.
void SegmentHeap::WritePoolHeader(std::uint64_t at, std::uint32_t previous, std::uint32_t units, std::uint32_t type,
                                  std::uint32_t tag) {
  std::uint8_t* header = space_.memory.At(at);
  header[0] = static_cast<std::uint8_t>(previous);
  header[2] = static_cast<std::uint8_t>(std::min(units, 0xFFU));
  header[3] = static_cast<std::uint8_t>(type);
  Store(header + 4, tag);
}

void SegmentHeap::Occupy(std::uint64_t header, const PoolRequest& request) {
  Block& block = space_.blocks.at(header);
  Own(block, request);
  block.quota = request.quota_process != 0;
  block.verified = request.verified;
  block.aligned_units = 0;
  block.live_index = static_cast<std::uint32_t>(live_.size());
  live_.push_back(header);
  // BlockSize is what the backend gave, from the POOL_HEADER on (in a chunk with a hole before it: unsure).
  const std::uint64_t at = header + block.header_offset;
  const auto units = static_cast<std::uint32_t>((BlockEnd(header) - at) / 16);
  tracker_.Allocated(block.tag, std::uint64_t{units} * 16);
  const std::uint32_t type = BusyType(InUseEncoding::kBit2, base_type(), block.quota);
  WritePoolHeader(at, 0, units, block.verified ? type | kVerifiedType : type, block.tag);
  if (block.quota) space_.memory.Write64(at + 8, request.quota_process ^ setup_.quota_cookie ^ at);
  if (request.cache_aligned) WriteAlignedHeader(header, block);
}

void SegmentHeap::WriteAlignedHeader(std::uint64_t header, Block& block) {
  const std::uint64_t first = header + block.header_offset;
  const std::uint64_t payload = first + kPoolHeader;
  const std::uint64_t distance = (payload + kCacheLine - 1) / kCacheLine * kCacheLine - payload;
  if (distance == 0) return;
  const auto units = static_cast<std::uint32_t>(distance / 16);
  const auto rest = static_cast<std::uint32_t>((BlockEnd(header) - first) / 16) - units;
  const std::uint64_t second = first + distance;
  WritePoolHeader(second, units, rest, BusyType(InUseEncoding::kBit2, base_type(), false) | 4U, block.tag);
  if (distance > kPoolHeader) space_.memory.Write64(first + kPoolHeader, second ^ setup_.quota_cookie);
  block.aligned_units = static_cast<std::uint8_t>(units);
}

void SegmentHeap::DropLive(const Block& block) {
  const std::uint64_t last = live_.back();
  live_[block.live_index] = last;
  space_.blocks.at(last).live_index = block.live_index;
  live_.pop_back();
}

bool SegmentHeap::Free(std::uint64_t header) {
  const auto at = space_.blocks.find(header);
  if (at == space_.blocks.end() || at->second.state != BlockState::kAllocated) return false;
  const bool lfh = at->second.backend == Backend::kLfh;
  if (lfh ? !lfh_.CanFree(header) : !vs_.CanFree(header)) return false;
  DropLive(at->second);
  tracker_.Freed(at->second.tag, (BlockEnd(header) - header - at->second.header_offset) / 16 * 16);
  if (lfh) {
    lfh_.Free(header);
    at->second.quota = at->second.verified = false;
    at->second.aligned_units = 0;
  } else {
    FreeVs(header);
  }
  return true;
}

void SegmentHeap::FreeVs(std::uint64_t chunk) {
  if (lists_.PushLookaside(chunk)) return;
  const bool small = space_.blocks.at(chunk).units * 16U < kMostDeferred;
  if (!small || !space_.random.Chance(60)) {
    vs_.Free(chunk);
    return;
  }
  const std::uint64_t list = vs_.DelayListOf(chunk);
  for (const std::uint64_t pending : lists_.Defer(chunk, list)) {
    if (!vs_.Free(pending)) lists_.Redefer(pending, list);
  }
}

/// Whole pages of a segment. In Windows that is the way of requests above 128 KB only; these images are too small for
/// such, so half of the large requests go here and half to the VS backend.
std::optional<std::uint64_t> SegmentHeap::TakeRange(const PoolRequest& request) {
  const auto pages = static_cast<std::uint32_t>((request.bytes + kPage - 1) / kPage);
  const auto unused = static_cast<std::uint32_t>(pages * kPage - request.bytes);
  const auto va = segments_.Take(pages, RangeKind::kPlain, unused);
  if (!va) return std::nullopt;
  if (!space_.Commit(*va, *va + pages * kPage)) {
    segments_.Release(*va);
    return std::nullopt;
  }
  Block block;
  block.units = static_cast<std::uint16_t>(pages * kPage / 16);
  block.backend = Backend::kLarge;
  block.headerless = true;
  space_.blocks[*va] = block;
  return va;
}

std::optional<BigAllocation> SegmentHeap::AllocateBig(const PoolRequest& request) {
  if (!big_.empty() && space_.random.Chance(30)) FreeSomeBig();
  const auto header = space_.random.Chance(50) ? TakeRange(request) : vs_.AllocateBig(request.bytes);
  if (!header) return std::nullopt;
  AddBig(*header, request);
  return big_.back();
}

void SegmentHeap::AddBig(std::uint64_t header, const PoolRequest& request) {
  Block& block = space_.blocks.at(header);
  Own(block, request);
  big_.push_back({header + block.header_offset, request.bytes, request.tag, request.model, request.seed});
  tracker_.Allocated(request.tag, WholePages(request.bytes));
}

std::optional<BigAllocation> SegmentHeap::AllocateLarge(const PoolRequest& request) {
  const auto va = large_.Allocate(request.bytes);
  if (!va) return std::nullopt;
  Block block;
  block.units = static_cast<std::uint32_t>((request.bytes + kPage - 1) / kPage * kPage / 16);
  block.backend = Backend::kLarge;
  block.headerless = true;
  space_.blocks[*va] = block;
  AddBig(*va, request);
  return big_.back();
}

void SegmentHeap::FreeLarge(std::uint64_t va) {
  const auto at = std::find_if(big_.begin(), big_.end(), [&](const BigAllocation& big) { return big.va == va; });
  tracker_.Freed(at->tag, WholePages(at->bytes));
  freed_big_.push_back(*at);
  big_.erase(at);
  space_.blocks.erase(va);
  large_.Free(va);
}

bool SegmentHeap::FillLastRange(const PoolRequest& request) {
  const auto pages = static_cast<std::uint32_t>((request.bytes + kPage - 1) / kPage);
  const auto unused = static_cast<std::uint32_t>(pages * kPage - request.bytes);
  const auto last = segments_.TakeLast(pages, unused);
  if (!AddRange(last, pages, request)) return false;
  // The segment behind is in use, too.
  const std::uint64_t behind = *last + pages * kPage;
  return AddRange(segments_.TakeIn(behind, pages, unused), pages, request) &&
         AddRange(segments_.TakeIn(behind, pages, unused), pages, request);
}

bool SegmentHeap::AddRange(std::optional<std::uint64_t> va, std::uint32_t pages, const PoolRequest& request) {
  if (!va || space_.memory.free_frames() < kFramesForKernel + pages) return false;
  for (std::uint32_t page = 0; page < pages; ++page) space_.memory.MapNew(*va + page * kPage);
  Block block;
  block.units = static_cast<std::uint32_t>(pages * kPage / 16);
  block.backend = Backend::kLarge;
  block.headerless = true;
  space_.blocks[*va] = block;
  AddBig(*va, request);
  return true;
}

/// Of ranges and large allocations: a chunk's last page is other chunks', too.
void SegmentHeap::FillSlush() {
  for (BigAllocation& big : big_) {
    const auto at = space_.blocks.find(big.va);
    const std::uint64_t end = big.va + big.bytes, page_end = (end + kPage - 1) & ~(kPage - 1);
    if (at == space_.blocks.end() || at->second.backend != Backend::kLarge) continue;
    big.slush = static_cast<std::uint16_t>(page_end - end);
    big.pattern = static_cast<std::uint8_t>(space_.random.Between(1, 255));
    space_.memory.Write(end, Bytes(big.slush, big.pattern));
  }
}

void SegmentHeap::FreeSomeBig() {
  const std::size_t index = space_.random.Below(big_.size());
  const BigAllocation big = big_[index];
  const std::uint64_t header = *HeaderHolding(big.va);
  if (!Sound(header, BlockEnd(header) - header) || !segments_.Holds(header)) return;
  if (space_.blocks.at(header).backend == Backend::kVs) {
    if (!vs_.Free(header)) return;
  } else {
    space_.blocks.erase(header);
    segments_.Release(header);
  }
  big_.erase(big_.begin() + static_cast<std::ptrdiff_t>(index));
  tracker_.Freed(big.tag, WholePages(big.bytes));
  freed_big_.push_back(big);
}

void SegmentHeap::AddDamage(VaRange range) {
  Pool::AddDamage(range);
  space_.damage.push_back(range);
  for (const auto& [header, block] : space_.blocks) {
    const bool node = block.backend == Backend::kVs && block.state == BlockState::kFree;
    if (node && range.Overlaps(header, kVsFreeHeader)) vs_.Freeze();
  }
}

void SegmentHeap::Settle() {
  vs_.Settle();
  lfh_.Settle();
  segments_.Settle();
  large_.Settle();
  lists_.Settle(vs_.DelayLists());
  used_pages_ = space_.used_pages;
  page_order_.clear();
  for (const auto& [header, block] : space_.blocks) {
    const std::uint64_t page = header & ~(kPage - 1);
    if (block.backend != Backend::kLarge && (page_order_.empty() || page_order_.back() != page)) {
      page_order_.push_back(page);
    }
  }
}

}  // namespace poolblame::samples
