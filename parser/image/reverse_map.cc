#include "parser/image/reverse_map.h"

#include <algorithm>
#include <numeric>

#include "parser/image/page_table_walk.h"

namespace poolblame {
namespace {

/// The wanted pages that have no address yet. Taking one makes it invisible to later searches, so a hostile image that
/// maps the same gigabyte a thousand times costs a thousand searches and not a thousand gigabytes of steps.
class Unmapped {
 public:
  explicit Unmapped(const std::vector<Pfn>& wanted) : wanted_(wanted), next_(wanted.size() + 1) {
    std::iota(next_.begin(), next_.end(), std::size_t{0});
  }

  /// Calls `take(index)` for each wanted page in [first, first + count) that has no address yet.
  template <typename Take>
  void TakeRange(Pfn first, std::uint64_t count, Take&& take) {
    const auto begin = std::lower_bound(wanted_.begin(), wanted_.end(), first);
    for (std::size_t i = Next(static_cast<std::size_t>(begin - wanted_.begin()));
         i < wanted_.size() && wanted_[i] - first < count; i = Next(i)) {
      take(i);
      next_[i] = i + 1;
    }
  }

 private:
  std::size_t Next(std::size_t i) {
    while (next_[i] != i) {
      next_[i] = next_[next_[i]];
      i = next_[i];
    }
    return i;
  }

  const std::vector<Pfn>& wanted_;
  std::vector<std::size_t> next_;  // the first free index at or after i, by way of others
};

}  // namespace

ReverseMap ReverseMap::Build(const AddressSpace& space, std::vector<Pfn> wanted) {
  ReverseMap map;
  if (space.paging() == nullptr || wanted.empty()) return map;
  Unmapped unmapped(wanted);
  PageTableWalk walk(space.image().pages(), *space.paging(), space.root());
  walk.Run([&](VirtAddr address, Pfn first, std::uint64_t count) {
    unmapped.TakeRange(first, count, [&](std::size_t i) {
      map.entries_.emplace_back(wanted[i], address + (wanted[i] - first) * kPageSize);
    });
    return map.entries_.size() < wanted.size();
  });
  std::sort(map.entries_.begin(), map.entries_.end());
  return map;
}

std::optional<VirtAddr> ReverseMap::Find(Pfn pfn) const {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), pfn,
                                   [](const std::pair<Pfn, VirtAddr>& entry, Pfn p) { return entry.first < p; });
  if (at == entries_.end() || at->first != pfn) return std::nullopt;
  return at->second;
}

}  // namespace poolblame
