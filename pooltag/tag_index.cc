#include "pooltag/tag_index.h"

#include <algorithm>

namespace poolblame {

TagIndex TagIndex::Build(const std::vector<TagPattern>& patterns) {
  TagIndex index;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    const auto row = static_cast<std::uint32_t>(i);
    if (patterns[i].is_exact())
      index.exact_.emplace_back(patterns[i].value, row);
    else
      index.wildcards_.emplace_back(patterns[i], row);
  }
  std::sort(index.exact_.begin(), index.exact_.end());
  std::stable_sort(index.wildcards_.begin(), index.wildcards_.end(),
                   [](const auto& a, const auto& b) { return a.first.literals > b.first.literals; });
  return index;
}

std::vector<TagIndex::Match> TagIndex::Find(PoolTag tag) const {
  std::vector<Match> matches;
  const std::uint32_t name = tag.name().value;
  auto exact = std::lower_bound(exact_.begin(), exact_.end(), std::pair<std::uint32_t, std::uint32_t>(name, 0));
  for (; exact != exact_.end() && exact->first == name; ++exact) matches.push_back({4, exact->second});
  for (const auto& [pattern, row] : wildcards_) {
    if (pattern.Matches(tag)) matches.push_back({pattern.literals, row});
  }
  return matches;
}

bool TagIndex::HasExact(PoolTag tag) const {
  const std::uint32_t name = tag.name().value;
  const auto found = std::lower_bound(exact_.begin(), exact_.end(), std::pair<std::uint32_t, std::uint32_t>(name, 0));
  return found != exact_.end() && found->first == name;
}

}  // namespace poolblame
