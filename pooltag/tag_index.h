// Finds the rows of a tag table that fit a tag, most specific first. Exact rows are found by binary search, so that
// asking for every block of an image stays cheap; the few hundred rows with wildcards are compared one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "parser/base/pool_tag.h"
#include "pooltag/tag_pattern.h"

namespace poolblame {

class TagIndex {
 public:
  struct Match {
    unsigned literals = 0;  // of the row's pattern
    std::uint32_t row = 0;  // as given to Build
  };

  TagIndex() = default;
  /// `patterns[i]` is row i. Cost: one sort.
  static TagIndex Build(const std::vector<TagPattern>& patterns);

  /// More literal characters first, then row order.
  [[nodiscard]] std::vector<Match> Find(PoolTag tag) const;
  /// True when a row names exactly this tag.
  [[nodiscard]] bool HasExact(PoolTag tag) const;

 private:
  std::vector<std::pair<std::uint32_t, std::uint32_t>> exact_;   // (tag, row), ascending
  std::vector<std::pair<TagPattern, std::uint32_t>> wildcards_;  // more literals first, then row order
};

}  // namespace poolblame
