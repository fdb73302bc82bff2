// EX_POOL_HEAP_MANAGER_STATE, the kernel's root of the segment heap: where it lies, and its bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "samples/heap_layout.h"
#include "samples/kernel_memory.h"

namespace poolblame::samples {

/// Addresses in the kernel's data. No symbol that a dump carries names them.
struct HeapManager {
  HeapKeys keys;
  std::uint64_t state = 0;         // EX_POOL_HEAP_MANAGER_STATE
  std::uint64_t globals = 0;       // RTLP_HP_HEAP_GLOBALS: HeapKey, LfhKey, FailureInfo
  std::uint64_t failure_info = 0;  // HEAP_FAILURE_INFORMATION
  std::uint64_t last_heap = 0;     // the fourth of the node, which stays empty
};

inline constexpr std::uint32_t kDynamicLookasideBytes = 0x1040;  // RTL_DYNAMIC_LOOKASIDE

/// Address of PoolNode[0].Lookasides[index]: 0 NonPagedNx, 1 paged.
std::uint64_t LookasideAt(const HeapManager& manager, const HeapLayout& layout, std::uint32_t index);

/// Maps the pages of the state that hold something: the rest of its half megabyte is other NUMA nodes' and the
/// allocation tracker, which this machine leaves out.
void MapHeapManager(KernelMemory& memory, const HeapManager& manager, const HeapLayout& layout);
/// Writes keys, heaps and counts. `heaps`: NonPaged, NonPagedNx, Paged, and the fourth.
void WriteHeapManager(KernelMemory& memory, const HeapManager& manager, const HeapLayout& layout,
                      const std::vector<std::uint64_t>& heaps);

}  // namespace poolblame::samples
