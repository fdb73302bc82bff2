// The machine's pools on a build with the segment heap: three heaps in use, the fourth empty.
#include <algorithm>

#include "samples/machine.h"
#include "samples/segment_heap.h"

namespace poolblame::samples {

void Machine::AddHeap(PoolKind kind, std::uint64_t pages) {
  constexpr std::uint64_t kHeapStride = 0x4000000;  // 64 segments; and the next heap
  const HeapLayout& heap = HeapLayoutFor(profile().build);
  PoolSetup setup;
  setup.kind = kind;
  setup.base = kind == PoolKind::kPaged ? layout_.paged_base : layout_.nonpaged_base;
  if (kind == PoolKind::kNonPagedNx) setup.base += kHeapStride;
  setup.max_pages = pages;
  if (kind != PoolKind::kNonPaged) setup.lookaside = LookasideAt(layout_.heaps, heap, kind == PoolKind::kPaged ? 1 : 0);
  setup.quota_cookie = layout_.quota_cookie;
  pools_.push_back(std::make_unique<SegmentHeap>(memory_, heap, layout_.heaps.keys, recipe_.style, setup,
                                                 MixSeed(recipe_.seed, 100 + pools_.size())));
}

void Machine::AddHeaps() {
  Random keys(MixSeed(recipe_.seed, 0x4EA9));
  HeapManager& heaps = layout_.heaps;
  heaps.keys = {keys.Next(), keys.Next()};
  heaps.state = layout_.nt_base + 0x260000 + keys.Below(64) * 0x40;
  heaps.globals = layout_.nt_base + 0x23A000 + keys.Below(64) * 0x20;
  heaps.failure_info = (heaps.globals & ~(kPage - 1)) + 0x900;
  const HeapLayout& heap = HeapLayoutFor(profile().build);
  MapHeapManager(memory_, heaps, heap);
  // Kernel data, page tables and the heaps' own structures take some 60 pages whatever the image's size.
  constexpr std::uint64_t kOverhead = 60;
  const std::uint64_t budget = std::min(recipe_.pages * recipe_.pool_percent / 100, recipe_.pages - kOverhead);
  AddHeap(PoolKind::kNonPaged, budget / 6);
  AddHeap(PoolKind::kNonPagedNx, budget / 2);
  AddHeap(PoolKind::kPaged, budget - budget / 6 - budget / 2);
  heaps.last_heap = pools_.back()->setup().base + 0x2000;
  WriteEmptyHeap(memory_, heap, heaps.keys, heaps.last_heap);
  world_.pool_base = pools_[1]->setup().base + 0x100000;
  world_.pool_size = 0x100000;
}

}  // namespace poolblame::samples
