// What the machine, the faults and the truth need of an allocator, whichever one this Windows has: the classic pool
// (pool_allocator.h) or the segment heap (segment_heap.h). Both keep a shadow of what is true, by block; a block is
// named by its first byte: the POOL_HEADER of a classic block and of an LFH slot, the chunk header of a VS chunk.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "samples/pool_block.h"
#include "samples/pool_tracker.h"

namespace poolblame::samples {

inline constexpr std::uint32_t kCacheLine = 64;

enum class PoolKind { kNonPaged, kNonPagedNx, kPaged, kSession };

/// Tag of a block that went to ListHeads.
enum class FreeTagStyle { kMixed, kFree, kKeep };

/// What other allocators of the family do differently.
struct PoolStyle {
  bool index_kept = true;        // headers carry the descriptor's PoolIndex
  bool lookaside_marked = true;  // blocks on lookaside lists are marked freed
  FreeTagStyle free_tag = FreeTagStyle::kMixed;
  unsigned lookaside_depth = 6;  // blocks a lookaside list holds
  unsigned deferred_depth = 8;   // frees collected before they are really done
};

struct PoolSetup {
  PoolKind kind = PoolKind::kNonPaged;
  std::uint32_t index = 0;
  std::uint64_t base = 0;        // first virtual address of the pool's range; a segment heap's own address
  std::uint64_t max_pages = 0;   // pages this pool may hold at once
  std::uint64_t descriptor = 0;  // mapped memory for the POOL_DESCRIPTOR; 0 = a segment heap
  std::uint64_t lookaside = 0;   // mapped memory for the lookaside's SLIST heads; 0 = no lookaside
  std::uint64_t quota_cookie = 0;
};

struct PoolRequest {
  std::uint32_t bytes = 0;
  std::uint32_t tag = 0;
  std::uint16_t model = kNoModel;
  std::uint32_t seed = 0;
  std::uint64_t quota_process = 0;  // EPROCESS to charge; 0 = none
  bool cache_aligned = false;
  bool verified = false;  // Driver Verifier tracks it: a pointer more, and never cache-aligned here
};

/// The block is the requester's now, as far as the shadow goes.
inline void Own(Block& block, const PoolRequest& request) {
  block.state = BlockState::kAllocated;
  block.tag = request.tag;
  block.model = request.model;
  block.seed = request.seed;
  block.request = static_cast<std::uint16_t>(request.bytes);
}

/// Half-open range of virtual addresses.
struct VaRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  [[nodiscard]] bool Overlaps(std::uint64_t at, std::uint64_t size) const { return at < end && begin < at + size; }
};

/// A multi-page allocation: no POOL_HEADER, known to the big-page table only.
struct BigAllocation {
  std::uint64_t va = 0;
  std::uint32_t bytes = 0;
  std::uint32_t tag = 0;
  std::uint16_t model = kNoModel;
  std::uint32_t seed = 0;
  std::uint16_t slush = 0;  // bytes behind it up to its last page's end, where they hold the pattern
  std::uint8_t pattern = 0;
};

class Pool {
 public:
  explicit Pool(const PoolSetup& setup) : setup_(setup) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  virtual ~Pool() = default;

  /// Returns the address of a new block, or nullopt when the pool is full or what it would have to touch is damaged.
  virtual std::optional<std::uint64_t> Allocate(const PoolRequest& request) = 0;
  /// Frees the allocated block at `header`. False when damage stops it (the real kernel would bug-check).
  virtual bool Free(std::uint64_t header) = 0;
  /// Allocates more than a page, without a POOL_HEADER.
  virtual std::optional<BigAllocation> AllocateBig(const PoolRequest& request) = 0;
  /// Allocates more than a segment's range may have; with little of it in memory. nullopt where there is no such.
  virtual std::optional<BigAllocation> AllocateLarge(const PoolRequest&) { return std::nullopt; }
  /// Frees what AllocateLarge gave.
  virtual void FreeLarge(std::uint64_t) {}
  /// Makes the last range of a segment one of `request`, and has another segment begin behind it.
  virtual bool FillLastRange(const PoolRequest&) { return false; }
  /// Fills what is left behind big allocations with a pattern that their table names.
  virtual void FillSlush() {}
  /// From now on operations that would touch these bytes do not happen, so that the evidence stays.
  virtual void AddDamage(VaRange range) { damage_.push_back(range); }
  /// Writes what is kept in the shadow only until somebody looks: counters, list heads, trees.
  virtual void Settle() = 0;
  /// From now on it may hold half as many pages again.
  virtual void AllowMore() { setup_.max_pages += setup_.max_pages / 2; }
  /// True once the pool has held all the pages it may.
  [[nodiscard]] virtual bool Filled() const { return used_pages_ >= setup_.max_pages; }

  [[nodiscard]] virtual const Block* Find(std::uint64_t header) const = 0;
  /// The block that begins where this one ends, or ends where it begins; nullptr where the allocator has none there.
  [[nodiscard]] virtual const Block* Next(std::uint64_t header) const = 0;
  [[nodiscard]] virtual const Block* Previous(std::uint64_t header) const = 0;
  /// Blocks that begin on this page, ascending.
  [[nodiscard]] virtual std::vector<std::uint64_t> HeadersOn(std::uint64_t page) const = 0;
  /// The block that holds `va`, 0 for the allocator's own structures, nullopt for what is not this pool's.
  [[nodiscard]] virtual std::optional<std::uint64_t> HeaderHolding(std::uint64_t va) const = 0;

  /// Address of the caller's first byte.
  [[nodiscard]] virtual std::uint64_t Payload(std::uint64_t header) const = 0;
  [[nodiscard]] virtual std::uint64_t BlockEnd(std::uint64_t header) const = 0;
  /// Bytes from Payload to BlockEnd (less the quota pointer at the tail on x86).
  [[nodiscard]] virtual std::uint32_t Capacity(std::uint64_t header) const = 0;
  /// Bytes of all headers in front of the payload.
  [[nodiscard]] virtual std::uint32_t HeaderBytes(const Block& block) const = 0;
  /// What a linear write from this block may reach without leaving its page (classic) or subsegment.
  [[nodiscard]] virtual VaRange Reach(std::uint64_t header) const = 0;
  /// Where a freed block's links lie, how many bytes they are, and what lies behind them.
  [[nodiscard]] virtual std::uint64_t LinkOf(std::uint64_t header) const = 0;
  [[nodiscard]] virtual std::uint32_t LinkBytes(const Block& block) const = 0;
  [[nodiscard]] virtual VaRange StalePayload(std::uint64_t header) const = 0;
  /// True where the block is on the structure that large requests are searched in: ListHeads, or the VS tree.
  [[nodiscard]] virtual bool OnListHeads(const Block& block) const = 0;
  /// True where the allocator would miss a change of this byte.
  [[nodiscard]] virtual bool IsHeaderByte(std::uint64_t va) const = 0;
  /// The allocator takes a second free of this block without looking; or it stops there.
  [[nodiscard]] virtual bool FreedTwiceUnseen(std::uint64_t header) const = 0;
  [[nodiscard]] virtual bool FreedTwiceCaught(std::uint64_t header) const = 0;
  /// Pushes a block that is already on its lookaside list once more, as an unchecked double free does.
  virtual void PushLookasideAgain(std::uint64_t header) = 0;
  /// Where headers of this block begin that are worth eight bytes; none where nobody has written one.
  [[nodiscard]] virtual std::vector<std::uint64_t> HeaderStarts(std::uint64_t header) const = 0;
  /// Where, behind this block, the next page's first block begins, if this one is the last of its page.
  [[nodiscard]] virtual std::optional<std::uint64_t> AcrossPage(std::uint64_t header) const = 0;
  /// The part of the segment heap whose memory `va` is; kClassic for none.
  [[nodiscard]] virtual Backend BackendAt(std::uint64_t va) const = 0;
  /// The first byte behind an allocation without a header, where somebody's memory begins.
  [[nodiscard]] virtual std::optional<std::uint64_t> BehindBig(const BigAllocation& big) const = 0;
  /// The header of a segment or subsegment that begins where this block, the last of its range, ends.
  [[nodiscard]] virtual std::optional<std::uint64_t> StructureBehind(std::uint64_t) const { return std::nullopt; }
  /// Stored PoolType less the in-use mark.
  [[nodiscard]] virtual std::uint32_t base_type() const = 0;

  /// Pages with blocks, in the order they were taken.
  [[nodiscard]] const std::vector<std::uint64_t>& pages() const { return page_order_; }
  [[nodiscard]] const std::vector<std::uint64_t>& live() const { return live_; }
  [[nodiscard]] const std::vector<BigAllocation>& big() const { return big_; }
  [[nodiscard]] const std::vector<BigAllocation>& freed_big() const { return freed_big_; }
  [[nodiscard]] const PoolSetup& setup() const { return setup_; }
  [[nodiscard]] const PoolTracker& tracker() const { return tracker_; }
  [[nodiscard]] std::uint64_t page_count() const { return used_pages_; }
  /// One past the highest address handed out.
  [[nodiscard]] virtual std::uint64_t end() const = 0;

 protected:
  [[nodiscard]] bool Sound(std::uint64_t va, std::uint64_t size) const {
    return std::none_of(damage_.begin(), damage_.end(), [&](const VaRange& r) { return r.Overlaps(va, size); });
  }

  [[nodiscard]] static std::uint64_t WholePages(std::uint64_t bytes) { return (bytes + 0xFFF) & ~std::uint64_t{0xFFF}; }

  PoolSetup setup_;
  PoolTracker tracker_;
  std::vector<std::uint64_t> page_order_;
  std::vector<std::uint64_t> live_;
  std::vector<BigAllocation> big_;
  std::vector<BigAllocation> freed_big_;  // gone, but still in the big-page table
  std::vector<VaRange> damage_;
  std::uint64_t used_pages_ = 0;
};

/// A block and the pool it belongs to; header 0 with a pool: the pool's own structures.
struct BlockRef {
  Pool* pool = nullptr;
  std::uint64_t header = 0;
};

}  // namespace poolblame::samples
