// Layout: PDB-derived headers (vergilius 18362 to 22631) and published dumps of 26100; see heap_layout.cc.
#include "samples/heap_manager.h"

namespace poolblame::samples {
namespace {

constexpr std::uint32_t kLookasidesInNode = 0x40;
constexpr std::uint32_t kNodeBytes = 0x20C0;
constexpr std::uint32_t kTrackerAt = 0x08;

void MapPage(KernelMemory& memory, std::uint64_t va) {
  const std::uint64_t page = va & ~(kPage - 1);
  if (!memory.Mapped(page)) memory.MapNew(page);
}

}  // namespace

std::uint64_t LookasideAt(const HeapManager& manager, const HeapLayout& layout, std::uint32_t index) {
  return manager.state + layout.pool_node_at + kLookasidesInNode + std::uint64_t{index} * kDynamicLookasideBytes;
}

void MapHeapManager(KernelMemory& memory, const HeapManager& manager, const HeapLayout& layout) {
  MapPage(memory, manager.state);
  const std::uint64_t node = manager.state + layout.pool_node_at;
  for (std::uint64_t va = manager.state + layout.number_of_pools_at; va < node + kNodeBytes; va += 0x40) {
    MapPage(memory, va);
  }
  MapPage(memory, manager.state + layout.special_heaps_at);
  MapPage(memory, manager.globals);
  MapPage(memory, manager.failure_info);
}

void WriteHeapManager(KernelMemory& memory, const HeapManager& manager, const HeapLayout& layout,
                      const std::vector<std::uint64_t>& heaps) {
  memory.Write64(manager.globals, manager.keys.heap_key);
  memory.Write64(manager.globals + 8, manager.keys.lfh_key);
  memory.Write64(manager.globals + 0x10, manager.failure_info);
  memory.Write64(manager.state, manager.globals);
  memory.Write64(manager.state + kTrackerAt, heaps.front());  // BaseAddress: of all that the heaps may track
  memory.Write32(manager.state + layout.number_of_pools_at, 1);
  for (std::size_t i = 0; i < heaps.size(); ++i) {
    memory.Write64(manager.state + layout.pool_node_at + 8 * i, heaps[i]);
  }
}

}  // namespace poolblame::samples
