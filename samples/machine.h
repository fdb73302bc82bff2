// The simulated machine: memory, drivers, pools and the history of allocations that fills them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "samples/heap_manager.h"
#include "samples/kernel_memory.h"
#include "samples/page_tables.h"
#include "samples/payload.h"
#include "samples/pool.h"
#include "samples/recipe.h"
#include "samples/tag_life.h"
#include "samples/verifier_pool.h"

namespace poolblame::samples {

/// Where things lie in this machine's kernel space.
struct KernelLayout {
  std::uint64_t nt_base = 0;
  std::uint64_t nonpaged_base = 0;  // of the pools' halves of kernel space
  std::uint64_t paged_base = 0;
  std::vector<std::uint64_t> driver_bases;  // by index in Drivers()
  std::uint64_t nt_data = 0;                // two pages of the kernel's .data: KDBG and the variables it names
  std::uint64_t nt_lists = 0;               // module entries and names
  std::uint64_t prcb = 0;
  std::uint64_t descriptors = 0;  // POOL_DESCRIPTORs, 0x1140 apart
  std::uint64_t process = 0;      // an EPROCESS for quota, in nonpaged memory of its own
  std::uint64_t quota_cookie = 0;
  HeapManager heaps;  // builds with the segment heap
};

class Machine {
 public:
  explicit Machine(const Recipe& recipe);

  /// Fills the pools to their share of RAM and lives on for `recipe.activity` operations.
  void Populate();
  /// `operations` more allocations and frees; those that would meet damage do not happen.
  void Live(std::uint32_t operations);
  /// Writes what the owner would write into a block it has just got.
  void FillBlock(Pool& pool, std::uint64_t header);

  [[nodiscard]] const Recipe& recipe() const { return recipe_; }
  [[nodiscard]] Paging paging() const {
    if (recipe_.arm64) return Paging::kArm64;
    if (profile().x64) return recipe_.la57 ? Paging::kX64La57 : Paging::kX64;
    return recipe_.pae ? Paging::kPae : Paging::kX86;
  }
  [[nodiscard]] const WindowsProfile& profile() const { return recipe_.profile; }
  KernelMemory& memory() { return memory_; }
  [[nodiscard]] const KernelMemory& memory() const { return memory_; }
  [[nodiscard]] const KernelLayout& layout() const { return layout_; }
  [[nodiscard]] const PayloadWorld& world() const { return world_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Pool>>& pools() const { return pools_; }
  Random& random() { return random_; }
  /// The pool that holds `va`, or nullptr.
  Pool* PoolOf(std::uint64_t va);

 private:
  void PlaceKernel();
  void AddPool(PoolKind kind, std::uint32_t index, std::uint64_t base, std::uint64_t pages);
  void AddPools();
  void AddHeap(PoolKind kind, std::uint64_t pages);
  void AddHeaps();
  Pool& PoolFor(const TagSpec& spec, std::uint16_t model);
  void AllocateOne();
  BlockRef AllocateOf(std::uint16_t model);
  void LiveByHabit();
  void MakeRoom();
  void AllocateBigOne();
  void AddLarge();
  void FillSegmentsEnd();
  [[nodiscard]] PoolRequest BigRequest(Random& random, std::uint32_t bytes, std::uint16_t model) const;
  void FreeOne();
  void FreeBlock(Pool& pool, std::uint64_t header);
  [[nodiscard]] std::uint16_t DrawModel();
  [[nodiscard]] std::uint32_t DrawSize(const TagSpec& spec, std::uint16_t model);

  Recipe recipe_;
  Random random_;
  KernelMemory memory_;
  KernelLayout layout_;
  PayloadWorld world_;
  std::vector<std::unique_ptr<Pool>> pools_;
  std::optional<VerifierPool> tracking_;  // once the kernel is placed
  TagLife life_;
  std::uint32_t total_weight_ = 0;
};

}  // namespace poolblame::samples
