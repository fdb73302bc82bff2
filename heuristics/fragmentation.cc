#include "heuristics/fragmentation.h"

#include <algorithm>
#include <bit>

namespace poolblame {

void Fragmentation::Add(const PlacedBlock& block) {
  const UsageType type = UsageTypeOf(block.kind);
  PoolFragmentation& pool = pools_[static_cast<std::size_t>(type)];
  if (block.state == BlockState::kFree) AddFree(block, pool);
  if (block.state == BlockState::kLookaside) ++pool.waiting[block.bytes];
  if (block.state == BlockState::kAllocated) AddToPages(block, type);
}

void Fragmentation::AddFree(const PlacedBlock& block, PoolFragmentation& pool) {
  if (block.bytes == 0) return;  // all of it was given back
  FreeClass& in_class = pool.free[static_cast<std::uint32_t>(std::bit_width(block.bytes)) - 1];
  ++in_class.blocks;
  in_class.bytes += block.bytes;
  std::vector<FreeRun>& largest = pool.largest;
  const auto place =
      std::find_if(largest.begin(), largest.end(), [&](const FreeRun& run) { return run.bytes < block.bytes; });
  if (static_cast<std::size_t>(place - largest.begin()) >= PoolFragmentation::kLargestRuns) return;
  largest.insert(place, {block.begin, block.bytes});
  if (largest.size() > PoolFragmentation::kLargestRuns) largest.pop_back();
}

/// A block over several pages fills those in the middle; its last one may be shared with the blocks behind.
void Fragmentation::AddToPages(const PlacedBlock& block, UsageType type) {
  const VirtAddr end = block.begin + block.bytes;
  BeginPage(block.begin.page(), type);
  const VirtAddr page_end = page_ + kPageSize;
  used_ += std::min(end, page_end) - block.begin;
  if (end <= page_end) return;
  const VirtAddr last = (end - 1).page();
  EndPage();
  pools_[static_cast<std::size_t>(type)].pages += (last - page_end) / kPageSize;
  BeginPage(last, type);
  used_ = end - last;
}

void Fragmentation::BeginPage(VirtAddr page, UsageType type) {
  if (page == page_) return;
  EndPage();
  page_ = page;
  page_type_ = type;
}

void Fragmentation::EndPage() {
  PoolFragmentation& pool = pools_[static_cast<std::size_t>(page_type_)];
  if (used_ > 0) ++pool.pages;
  if (used_ > 0 && used_ <= PoolFragmentation::kNearlyEmpty) {
    ++pool.nearly_empty;
    pool.nearly_empty_bytes += used_;
  }
  used_ = 0;
  page_ = VirtAddr{};
}

}  // namespace poolblame
