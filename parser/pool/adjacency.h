// How often a tag stands where the writer of an overrun would: its block in use right below an intact block. Across
// dumps a neighbour that recurs is suspect only as far as it recurs more often than that.
//
// A neighbour comes from the same pool, and in a subsegment of slots from the same size: each such population is
// counted for itself.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>

#include "parser/pool/pool_page.h"

namespace poolblame {

/// Blocks that can be each other's neighbours.
struct Neighbourhood {
  bool paged = false;           // of paged or session pool
  std::uint32_t slot_size = 0;  // bytes, of an LFH subsegment; 0 where blocks of any size stand side by side
  friend auto operator<=>(const Neighbourhood&, const Neighbourhood&) = default;
};

/// Of one tag in one neighbourhood.
struct NeighbourCounts {
  std::uint64_t below = 0;       // its blocks in use that stand right below an intact block
  std::uint64_t below_same = 0;  // of these, below a block in use of their own tag
  void Add(const NeighbourCounts& other) {
    below += other.below;
    below_same += other.below_same;
  }
  friend auto operator<=>(const NeighbourCounts&, const NeighbourCounts&) = default;
};

/// Of one tag. Chains of blocks are most of a pool and are found without a search.
class TagNeighbours {
 public:
  void Count(const Neighbourhood& where, bool same);
  void Add(const TagNeighbours& other);
  [[nodiscard]] NeighbourCounts In(const Neighbourhood& where) const;

 private:
  NeighbourCounts& At(const Neighbourhood& where);

  std::array<NeighbourCounts, 2> chains_;           // by `paged`
  std::map<Neighbourhood, NeighbourCounts> slots_;  // sizes are of the allocator: some 130 for each pool
};

/// Of all blocks: pairs of one block and an intact one right above it.
struct PairCounts {
  std::map<Neighbourhood, std::uint64_t> pairs;
  void Add(const PairCounts& other) {
    for (const auto& [where, count] : other.pairs) pairs[where] += count;
  }
};

/// What an LFH page's slots are counted under: the smallest block on it, since the last one may have a hole behind it.
/// 0 for the pages of every other backend.
std::uint32_t SlotSizeOf(const PoolPage& page);

}  // namespace poolblame
