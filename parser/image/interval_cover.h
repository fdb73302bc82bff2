// Overlapping intervals made disjoint. Damaged images list the same pages or addresses twice; whoever comes first in
// the file keeps them. One sweep instead of insertions, so that 65,536 hostile overlaps cost a sort and not their
// square.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace poolblame {

/// [begin, end); `source` is the index of the interval it was cut from.
struct Interval {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::size_t source = 0;
};

/// Cuts `intervals` into disjoint pieces, ascending; where several overlap the one with the lowest `source` keeps the
/// place. Empty intervals vanish. At most twice as many pieces as intervals; O(n log n).
std::vector<Interval> CutOverlaps(const std::vector<Interval>& intervals);

}  // namespace poolblame
