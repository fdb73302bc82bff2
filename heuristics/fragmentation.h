// How the pools' free memory lies: in which sizes, how large its largest pieces are, how many pages are held for a few
// bytes, and what waits on lookaside lists.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "heuristics/usage.h"

namespace poolblame {

struct FreeClass {
  std::uint64_t blocks = 0, bytes = 0;
};

struct FreeRun {
  VirtAddr begin{};
  std::uint64_t bytes = 0;
};

struct PoolFragmentation {
  std::map<std::uint32_t, FreeClass> free;         // by the power of two that is not above the size
  std::vector<FreeRun> largest;                    // free blocks, largest first, at most kLargestRuns
  std::map<std::uint64_t, std::uint64_t> waiting;  // blocks on lookaside and delay-free lists, by their size
  std::uint64_t pages = 0;                         // with anything in use
  std::uint64_t nearly_empty = 0;                  // of those: at most kNearlyEmpty bytes in use
  std::uint64_t nearly_empty_bytes = 0;            // in use on them

  static constexpr std::size_t kLargestRuns = 5;
  static constexpr std::uint64_t kNearlyEmpty = kPageSize / 8;
};

class Fragmentation {
 public:
  /// Blocks in the order of ForEachPoolBlock.
  void Add(const PlacedBlock& block);
  /// After the last block.
  void Finish() { EndPage(); }
  [[nodiscard]] const PoolFragmentation& Of(UsageType type) const { return pools_[static_cast<std::size_t>(type)]; }

 private:
  void AddFree(const PlacedBlock& block, PoolFragmentation& pool);
  void AddToPages(const PlacedBlock& block, UsageType type);
  void BeginPage(VirtAddr page, UsageType type);
  void EndPage();

  std::array<PoolFragmentation, kUsageTypes> pools_;
  // The page that blocks are just being added to:
  VirtAddr page_{};
  UsageType page_type_ = UsageType::kUnknown;
  std::uint64_t used_ = 0;
};

}  // namespace poolblame
