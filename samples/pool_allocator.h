// A small faithful copy of the classic Windows pool: one descriptor with its ListHeads, a lookaside list a size,
// deferred frees, splitting and coalescing inside pages. It works on the simulated bytes the way the kernel does (links
// and headers really lie in memory, stale headers stay where they were), and keeps a shadow of what is true. Sources:
// published disassembly of Windows 8.0, Mandt's Windows 7 notes, ReactOS' documentation of the old allocator.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "samples/kernel_memory.h"
#include "samples/pool_block.h"
#include "samples/random.h"
#include "samples/windows_profile.h"

namespace poolblame::samples {

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
  std::uint64_t base = 0;        // first virtual address of the pool's range
  std::uint64_t max_pages = 0;   // pages this pool may hold at once
  std::uint64_t descriptor = 0;  // mapped memory for the POOL_DESCRIPTOR
  std::uint64_t lookaside = 0;   // mapped memory for 32 SLIST heads; 0 = no lookaside
  std::uint64_t quota_cookie = 0;
};

struct PoolRequest {
  std::uint32_t bytes = 0;
  std::uint32_t tag = 0;
  std::uint16_t model = kNoModel;
  std::uint32_t seed = 0;
  std::uint64_t quota_process = 0;  // EPROCESS to charge; 0 = none
  bool cache_aligned = false;
};

/// Half-open range of virtual addresses.
struct VaRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  [[nodiscard]] bool Overlaps(std::uint64_t at, std::uint64_t size) const { return at < end && begin < at + size; }
};

/// A multi-page allocation: no header, known to the big-page table only.
struct BigAllocation {
  std::uint64_t va = 0;
  std::uint32_t bytes = 0;
  std::uint32_t tag = 0;
  std::uint16_t model = kNoModel;
  std::uint32_t seed = 0;
};

class PoolAllocator {
 public:
  PoolAllocator(KernelMemory& memory, const WindowsProfile& profile, const PoolStyle& style, const PoolSetup& setup,
                std::uint64_t seed);

  /// Returns the header's address of a new block, or nullopt when the pool is full or what it would have to touch is
  /// damaged. For a cache-aligned block the address is that of the first header.
  std::optional<std::uint64_t> Allocate(const PoolRequest& request);
  /// Frees the allocated block at `header`. False when damage stops it (the real kernel would bug-check).
  bool Free(std::uint64_t header);
  /// Allocates whole pages without a header.
  std::optional<BigAllocation> AllocateBig(const PoolRequest& request);

  /// Bytes that a fault changed: the allocator will not read or write links and headers there.
  void AddDamage(VaRange range) { damage_.push_back(range); }

  [[nodiscard]] const Block* Find(std::uint64_t header) const;
  /// The block behind this one on the same page; nullptr at the page's end.
  [[nodiscard]] const Block* Next(std::uint64_t header) const;
  [[nodiscard]] const Block* Previous(std::uint64_t header) const;
  [[nodiscard]] const std::vector<Block>& BlocksOf(std::uint64_t page) const { return pages_.at(page); }
  /// Small-pool pages in use, in the order they were taken.
  [[nodiscard]] const std::vector<std::uint64_t>& pages() const { return page_order_; }
  [[nodiscard]] const std::vector<std::uint64_t>& live() const { return live_; }
  [[nodiscard]] const std::vector<BigAllocation>& big() const { return big_; }
  [[nodiscard]] const PoolSetup& setup() const { return setup_; }
  [[nodiscard]] std::uint64_t page_count() const { return used_pages_; }
  /// One past the highest address handed out.
  [[nodiscard]] std::uint64_t end() const { return next_va_; }

  /// Address of the caller's first byte.
  [[nodiscard]] std::uint64_t Payload(std::uint64_t header) const;
  [[nodiscard]] std::uint64_t BlockEnd(std::uint64_t header) const;
  /// Bytes from Payload to BlockEnd (less the quota pointer at the tail on x86).
  [[nodiscard]] std::uint32_t Capacity(std::uint64_t header) const;
  /// Where a free block's LIST_ENTRY lies: the first address behind the header.
  [[nodiscard]] std::uint64_t LinkOf(std::uint64_t header) const { return header + profile_.header_size(); }
  [[nodiscard]] bool OnListHeads(const Block& block) const {
    return block.state == BlockState::kFree && block.units > 1;
  }
  [[nodiscard]] std::uint64_t ListHead(std::uint32_t units) const;
  [[nodiscard]] std::uint32_t base_type() const;
  /// Blocks of a lookaside list, the one popped next last.
  [[nodiscard]] const std::vector<std::uint64_t>& LookasideOf(std::uint32_t units) const { return lookaside_[units]; }
  /// Really does the frees that were put off.
  void FlushDeferred();
  /// Pushes a block that is already on its lookaside list once more, as an unchecked double free does.
  void PushLookasideAgain(std::uint64_t header);
  /// Writes the descriptor's counters and the lookaside heads. Call when the history is over.
  void Settle();

 private:
  Block* FindMutable(std::uint64_t header);
  Block& Insert(std::uint64_t page, const Block& block);
  void Erase(std::uint64_t header);
  void WriteHeader(std::uint64_t header, const Block& block, std::uint32_t type);
  void SetPrevious(std::uint64_t page, const Block* next, std::uint32_t units);
  void SetType(std::uint64_t header, std::uint32_t type);
  [[nodiscard]] bool Sound(std::uint64_t va, std::uint64_t size) const;
  [[nodiscard]] bool CanUnlink(std::uint64_t header) const;
  [[nodiscard]] bool CanFree(std::uint64_t header) const;
  void Unlink(std::uint64_t header);
  void Link(std::uint64_t header, std::uint32_t units);
  std::optional<std::uint64_t> PopLookaside(std::uint32_t units);
  std::optional<std::uint64_t> TakeFromLists(std::uint32_t units);
  std::uint64_t Split(std::uint64_t header, std::uint32_t units);
  std::optional<std::uint64_t> TakeFreshPage(std::uint32_t units);
  std::optional<std::uint64_t> ReserveVa(std::uint64_t pages);
  bool BackPage(std::uint64_t va);
  void Occupy(std::uint64_t header, const PoolRequest& request);
  void WriteAlignedHeader(std::uint64_t header, const Block& block);
  void PushListed(std::uint64_t header, BlockState state);
  void ReallyFree(std::uint64_t header);
  void ReturnPage(std::uint64_t page);
  void DropLive(Block& block);

  KernelMemory& memory_;
  const WindowsProfile& profile_;
  const PoolStyle& style_;
  PoolSetup setup_;
  Random random_;
  std::unordered_map<std::uint64_t, std::vector<Block>> pages_;  // page address -> blocks, ascending; never walked
  std::vector<std::uint64_t> page_order_;
  std::vector<std::uint64_t> live_;
  std::vector<BigAllocation> big_;
  std::vector<std::vector<std::uint64_t>> lookaside_;  // by units, 0..32
  std::vector<std::uint64_t> deferred_;
  std::vector<std::uint64_t> va_holes_;      // virtual pages given back
  std::vector<std::uint64_t> spare_frames_;  // frames given back, with their old bytes
  std::vector<VaRange> damage_;
  std::uint64_t next_va_;
  std::uint64_t used_pages_ = 0;
  std::uint64_t stale_frames_ = 0;
};

}  // namespace poolblame::samples
