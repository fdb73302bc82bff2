// The variable-size part of a segment heap: subsegments tiled by chunks with encoded headers, best fit from a tree of
// free chunks, coalescing on free, pages committed when a chunk needs them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "samples/heap_segments.h"
#include "samples/heap_space.h"

namespace poolblame::samples {

inline constexpr std::uint32_t kSizeAt = 0x20;  // in HEAP_VS_SUBSEGMENT

class VsBackend {
 public:
  VsBackend(HeapSpace& space, HeapSegments& segments);

  /// A chunk for `bytes` of POOL_HEADER and payload, all on one page. Returns its address; the block says where the
  /// POOL_HEADER goes.
  std::optional<std::uint64_t> Allocate(std::uint32_t bytes);
  /// A chunk whose payload begins a page and has no POOL_HEADER.
  std::optional<std::uint64_t> AllocateBig(std::uint32_t bytes);
  /// Coalesces. False where damage stands in the way.
  bool Free(std::uint64_t chunk);
  [[nodiscard]] bool CanFree(std::uint64_t chunk) const;
  /// Writes trees and lists.
  void Settle();
  /// No operation until the end: a node of a tree is damaged, and every operation may meet it.
  void Freeze() { frozen_ = true; }

  /// First and one-past-last byte of the subsegment's chunks that holds `va`.
  [[nodiscard]] std::optional<VaRange> ChunksAround(std::uint64_t va) const;
  /// True for the subsegment's own header.
  [[nodiscard]] bool IsHeaderByte(std::uint64_t va) const;
  /// The run of committed pages around the chunk's first byte, as far as chunks reach.
  [[nodiscard]] VaRange CommittedAround(std::uint64_t chunk) const;
  /// SLIST head of the frees that were put off.
  [[nodiscard]] std::uint64_t DelayListOf(std::uint64_t chunk) const;
  [[nodiscard]] std::vector<std::uint64_t> DelayLists() const;

 private:
  struct Subsegment {
    std::uint64_t end = 0;  // of its chunks
    std::uint32_t slot = 0;
  };
  /// Where a request comes to lie in a free chunk: the chunk to make, from begin to end, and its POOL_HEADER.
  struct Placement {
    std::uint64_t begin = 0, header = 0, end = 0;
  };
  using FreeKey = std::pair<std::uint32_t, std::uint64_t>;  // units, address: the tree's order

  [[nodiscard]] std::optional<Placement> PlaceSmall(std::uint64_t chunk, std::uint32_t bytes);
  [[nodiscard]] std::optional<Placement> PlaceBig(std::uint64_t chunk, std::uint32_t bytes) const;
  template <typename Place>
  std::optional<std::uint64_t> AllocateWith(std::uint32_t bytes, Place place);
  bool Carve(std::uint64_t chunk, Placement placement);
  bool AddSubsegment(std::uint32_t bytes);
  void ReleaseSubsegment(std::uint64_t subsegment);
  void MakeFree(std::uint64_t chunk, std::uint32_t units, const Block& like);
  void DropFree(std::uint64_t chunk);
  void WriteChunk(std::uint64_t chunk);
  void SetFullCommit(std::uint64_t subsegment, bool full);
  [[nodiscard]] std::uint64_t SubsegmentOf(std::uint64_t va) const;
  [[nodiscard]] std::uint32_t SlotRef(std::uint32_t slot) const;
  [[nodiscard]] std::uint64_t SlotAt(std::uint32_t slot) const;
  [[nodiscard]] std::uint64_t Context() const { return space_.heap + space_.layout.vs_context_at; }
  void WriteContext();

  HeapSpace& space_;
  HeapSegments& segments_;
  std::map<std::uint64_t, Subsegment> subsegments_;
  std::vector<std::set<FreeKey>> free_;  // by slot
  bool frozen_ = false;
};

}  // namespace poolblame::samples
