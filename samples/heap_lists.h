// Freed VS chunks that still look allocated: those on the dynamic lookaside lists in front of the heap, and those on
// the VS context's delay-free list. Both are single lists through the first payload word.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "samples/heap_space.h"

namespace poolblame::samples {

class HeapLists {
 public:
  HeapLists(HeapSpace& space, std::uint64_t lookaside, const PoolStyle& style);

  /// Takes the freed chunk onto its lookaside list; false where it has none, or that one is full.
  bool PushLookaside(std::uint64_t chunk);
  void PushLookasideAgain(std::uint64_t chunk);
  /// A chunk with at least `bytes` of POOL_HEADER and payload, from the list such a request looks at.
  std::optional<std::uint64_t> PopLookaside(std::uint32_t bytes);
  [[nodiscard]] bool IsTop(std::uint64_t chunk) const;
  /// Puts the free off. Returns the chunks that are to be freed now, if it was one too many.
  std::vector<std::uint64_t> Defer(std::uint64_t chunk, std::uint64_t list);
  /// Back on its list: something damaged stands in the way of the real free.
  void Redefer(std::uint64_t chunk, std::uint64_t list);
  void Settle(const std::vector<std::uint64_t>& delay_lists);

 private:
  [[nodiscard]] std::optional<std::uint32_t> BucketOf(std::uint32_t bytes) const;
  [[nodiscard]] std::uint32_t BytesOf(std::uint64_t chunk) const;
  void Push(std::vector<std::uint64_t>& list, std::uint64_t chunk, BlockState state);
  void WriteHead(std::uint64_t at, const std::vector<std::uint64_t>& list);

  HeapSpace& space_;
  std::uint64_t lookaside_;  // RTL_DYNAMIC_LOOKASIDE; 0 = none
  PoolStyle style_;
  std::uint64_t enabled_;                                         // buckets that have become hot
  std::map<std::uint32_t, std::vector<std::uint64_t>> buckets_;   // the chunk popped next is last
  std::map<std::uint64_t, std::vector<std::uint64_t>> deferred_;  // by list head
};

}  // namespace poolblame::samples
