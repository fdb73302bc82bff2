// A small faithful copy of the kernel's segment heap (Windows 10 1903 and later, x64): one SEGMENT_HEAP with its LFH,
// VS and page-range backends. Like the classic allocator it works on the simulated bytes (headers, trees and bitmaps
// really lie in memory, freed memory keeps what it had) and keeps a shadow of what is true. Left out: session heaps
// (session tags live in the paged heap).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "samples/heap_lists.h"
#include "samples/heap_segments.h"
#include "samples/heap_space.h"
#include "samples/large_backend.h"
#include "samples/lfh_backend.h"
#include "samples/pool.h"
#include "samples/vs_backend.h"

namespace poolblame::samples {

inline constexpr std::uint64_t kHeapPages = 2;  // SEGMENT_HEAP, affinity slots, LFH owners

/// Maps and writes a SEGMENT_HEAP without any segment, as the node's fourth heap stays.
void WriteEmptyHeap(KernelMemory& memory, const HeapLayout& layout, const HeapKeys& keys, std::uint64_t heap);

class SegmentHeap final : public Pool {
 public:
  SegmentHeap(KernelMemory& memory, const HeapLayout& layout, const HeapKeys& keys, const PoolStyle& style,
              const PoolSetup& setup, std::uint64_t seed);

  std::optional<std::uint64_t> Allocate(const PoolRequest& request) override;
  bool Free(std::uint64_t header) override;
  std::optional<BigAllocation> AllocateBig(const PoolRequest& request) override;
  std::optional<BigAllocation> AllocateLarge(const PoolRequest& request) override;
  void FreeLarge(std::uint64_t va) override;
  bool FillLastRange(const PoolRequest& request) override;
  void FillSlush() override;
  void AddDamage(VaRange range) override;
  void Settle() override;
  void AllowMore() override {
    Pool::AllowMore();
    space_.max_pages = setup_.max_pages;
  }
  [[nodiscard]] bool Filled() const override { return space_.refused || space_.used_pages >= setup_.max_pages; }

  [[nodiscard]] const Block* Find(std::uint64_t header) const override;
  [[nodiscard]] const Block* Next(std::uint64_t header) const override;
  [[nodiscard]] const Block* Previous(std::uint64_t header) const override;
  [[nodiscard]] std::vector<std::uint64_t> HeadersOn(std::uint64_t page) const override;
  [[nodiscard]] std::optional<std::uint64_t> HeaderHolding(std::uint64_t va) const override;
  [[nodiscard]] std::uint64_t Payload(std::uint64_t header) const override;
  [[nodiscard]] std::uint64_t BlockEnd(std::uint64_t header) const override;
  [[nodiscard]] std::uint32_t Capacity(std::uint64_t header) const override;
  [[nodiscard]] std::uint32_t HeaderBytes(const Block& block) const override;
  [[nodiscard]] VaRange Reach(std::uint64_t header) const override;
  [[nodiscard]] std::uint64_t LinkOf(std::uint64_t header) const override;
  [[nodiscard]] std::uint32_t LinkBytes(const Block& block) const override;
  [[nodiscard]] VaRange StalePayload(std::uint64_t header) const override;
  [[nodiscard]] bool OnListHeads(const Block& block) const override;
  [[nodiscard]] bool IsHeaderByte(std::uint64_t va) const override;
  [[nodiscard]] bool FreedTwiceUnseen(std::uint64_t header) const override;
  [[nodiscard]] bool FreedTwiceCaught(std::uint64_t header) const override;
  void PushLookasideAgain(std::uint64_t header) override { lists_.PushLookasideAgain(header); }
  [[nodiscard]] std::optional<std::uint64_t> BehindBig(const BigAllocation& big) const override;
  [[nodiscard]] std::optional<std::uint64_t> StructureBehind(std::uint64_t header) const override;
  [[nodiscard]] std::uint32_t base_type() const override { return setup_.kind == PoolKind::kPaged ? 1 : 0; }
  [[nodiscard]] std::uint64_t end() const override { return std::max(segments_.end(), large_.end()); }

  [[nodiscard]] std::vector<std::uint64_t> HeaderStarts(std::uint64_t header) const override;
  [[nodiscard]] std::optional<std::uint64_t> AcrossPage(std::uint64_t header) const override;
  [[nodiscard]] Backend BackendAt(std::uint64_t va) const override;
  /// First byte of the range (subsegment or large block) that holds `va`; 0 for none.
  [[nodiscard]] std::uint64_t RangeAt(std::uint64_t va) const;

 private:
  void Occupy(std::uint64_t header, const PoolRequest& request);
  void WritePoolHeader(std::uint64_t at, std::uint32_t previous, std::uint32_t units, std::uint32_t type,
                       std::uint32_t tag);
  void WriteAlignedHeader(std::uint64_t header, Block& block);
  void FreeVs(std::uint64_t chunk);
  void FreeSomeBig();
  std::optional<std::uint64_t> TakeRange(const PoolRequest& request);
  void AddBig(std::uint64_t header, const PoolRequest& request);
  bool AddRange(std::optional<std::uint64_t> va, std::uint32_t pages, const PoolRequest& request);
  [[nodiscard]] bool IsSlushByte(std::uint64_t va) const;
  void DropLive(const Block& block);
  [[nodiscard]] bool IsPoolHeaderByte(std::uint64_t header, const Block& block, std::uint64_t va) const;

  HeapSpace space_;
  HeapSegments segments_;
  VsBackend vs_;
  LfhBackend lfh_;
  LargeBackend large_;
  HeapLists lists_;
};

}  // namespace poolblame::samples
