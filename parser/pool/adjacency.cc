#include "parser/pool/adjacency.h"

#include <algorithm>

namespace poolblame {

NeighbourCounts& TagNeighbours::At(const Neighbourhood& where) {
  return where.slot_size == 0 ? chains_[where.paged ? 1 : 0] : slots_[where];
}

void TagNeighbours::Count(const Neighbourhood& where, bool same) {
  NeighbourCounts& counts = At(where);
  ++counts.below;
  if (same) ++counts.below_same;
}

void TagNeighbours::Add(const TagNeighbours& other) {
  for (std::size_t i = 0; i < chains_.size(); ++i) chains_[i].Add(other.chains_[i]);
  for (const auto& [where, counts] : other.slots_) slots_[where].Add(counts);
}

NeighbourCounts TagNeighbours::In(const Neighbourhood& where) const {
  if (where.slot_size == 0) return chains_[where.paged ? 1 : 0];
  const auto found = slots_.find(where);
  return found == slots_.end() ? NeighbourCounts{} : found->second;
}

std::uint32_t SlotSizeOf(const PoolPage& page) {
  if (page.backend != PoolBackend::kLfh || page.blocks.empty()) return 0;
  const auto smaller = [](const PoolBlock& a, const PoolBlock& b) { return a.size < b.size; };
  return std::min_element(page.blocks.begin(), page.blocks.end(), smaller)->size;
}

}  // namespace poolblame
