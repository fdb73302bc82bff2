// A small faithful copy of the classic Windows pool: one descriptor with its ListHeads, a lookaside list a size,
// deferred frees, splitting and coalescing inside pages. It works on the simulated bytes the way the kernel does (links
// and headers really lie in memory, stale headers stay where they were), and keeps a shadow of what is true. Sources:
// published disassembly of Windows 8.0, Mandt's Windows 7 notes, ReactOS' documentation of the old allocator.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "samples/kernel_memory.h"
#include "samples/pool.h"
#include "samples/random.h"
#include "samples/windows_profile.h"

namespace poolblame::samples {

inline constexpr std::uint32_t kMaxLookasideUnits = 32;       // larger blocks have no lookaside list
inline constexpr std::uint32_t kFragmentTag = TagOf("Free");  // of what is left over when a page is divided

class PoolAllocator final : public Pool {
 public:
  PoolAllocator(KernelMemory& memory, const WindowsProfile& profile, const PoolStyle& style, const PoolSetup& setup,
                std::uint64_t seed);

  /// For a cache-aligned block the address is that of the first header.
  std::optional<std::uint64_t> Allocate(const PoolRequest& request) override;
  bool Free(std::uint64_t header) override;
  /// Allocates whole pages without a header.
  std::optional<BigAllocation> AllocateBig(const PoolRequest& request) override;
  /// Writes the descriptor's counters and the lookaside heads. Call when the history is over.
  void Settle() override;

  [[nodiscard]] const Block* Find(std::uint64_t header) const override;
  /// The block behind this one on the same page; nullptr at the page's end.
  [[nodiscard]] const Block* Next(std::uint64_t header) const override;
  [[nodiscard]] const Block* Previous(std::uint64_t header) const override;
  [[nodiscard]] std::vector<std::uint64_t> HeadersOn(std::uint64_t page) const override;
  [[nodiscard]] std::optional<std::uint64_t> HeaderHolding(std::uint64_t va) const override;
  [[nodiscard]] const std::vector<Block>& BlocksOf(std::uint64_t page) const { return pages_.at(page); }
  [[nodiscard]] std::uint64_t end() const override { return next_va_; }

  [[nodiscard]] std::uint64_t Payload(std::uint64_t header) const override;
  [[nodiscard]] std::uint64_t BlockEnd(std::uint64_t header) const override;
  [[nodiscard]] std::uint32_t Capacity(std::uint64_t header) const override;
  [[nodiscard]] std::uint32_t HeaderBytes(const Block&) const override { return profile_.header_size(); }
  [[nodiscard]] VaRange Reach(std::uint64_t header) const override;
  /// Where a free block's LIST_ENTRY lies: the first address behind the header.
  [[nodiscard]] std::uint64_t LinkOf(std::uint64_t header) const override { return header + profile_.header_size(); }
  [[nodiscard]] std::uint32_t LinkBytes(const Block& block) const override;
  [[nodiscard]] VaRange StalePayload(std::uint64_t header) const override;
  [[nodiscard]] bool OnListHeads(const Block& block) const override {
    return block.state == BlockState::kFree && block.units > 1;
  }
  [[nodiscard]] bool IsHeaderByte(std::uint64_t va) const override;
  [[nodiscard]] bool FreedTwiceUnseen(std::uint64_t header) const override;
  [[nodiscard]] bool FreedTwiceCaught(std::uint64_t header) const override;
  void PushLookasideAgain(std::uint64_t header) override;
  [[nodiscard]] std::vector<std::uint64_t> HeaderStarts(std::uint64_t header) const override { return {header}; }
  [[nodiscard]] std::optional<std::uint64_t> AcrossPage(std::uint64_t header) const override;
  [[nodiscard]] Backend BackendAt(std::uint64_t) const override { return Backend::kClassic; }
  [[nodiscard]] std::optional<std::uint64_t> BehindBig(const BigAllocation& big) const override;
  [[nodiscard]] std::uint64_t ListHead(std::uint32_t units) const;
  [[nodiscard]] std::uint32_t base_type() const override;
  /// Blocks of a lookaside list, the one popped next last.
  [[nodiscard]] const std::vector<std::uint64_t>& LookasideOf(std::uint32_t units) const { return lookaside_[units]; }
  /// Really does the frees that were put off.
  void FlushDeferred();

 private:
  Block* FindMutable(std::uint64_t header);
  Block& Insert(std::uint64_t page, const Block& block);
  void Erase(std::uint64_t header);
  void WriteHeader(std::uint64_t header, const Block& block, std::uint32_t type);
  void SetPrevious(std::uint64_t page, const Block* next, std::uint32_t units);
  void SetType(std::uint64_t header, std::uint32_t type);
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
  void KeepDeferred(std::uint64_t header);
  void ReallyFree(std::uint64_t header);
  void ReturnPage(std::uint64_t page);
  void DropLive(Block& block);

  KernelMemory& memory_;
  const WindowsProfile& profile_;
  const PoolStyle& style_;
  Random random_;
  std::unordered_map<std::uint64_t, std::vector<Block>> pages_;  // page address -> blocks, ascending; never walked
  std::vector<std::vector<std::uint64_t>> lookaside_;            // by units, 0..32
  std::vector<std::uint64_t> deferred_;
  std::vector<std::uint64_t> va_holes_;      // virtual pages given back
  std::vector<std::uint64_t> spare_frames_;  // frames given back, with their old bytes
  std::uint64_t next_va_;
  std::uint64_t stale_frames_ = 0;
};

}  // namespace poolblame::samples
