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

PoolRequest Machine::BigRequest(Random& random, std::uint32_t bytes, std::uint16_t model) const {
  PoolRequest request;
  request.bytes = bytes;
  request.tag = TagOf(Tags()[model].tag);
  request.model = model;
  request.seed = random.Next32();
  return request;
}

/// Large allocations, every fourth of them gone again; the pattern behind big ones where the build's table names it.
/// From a stream of their own, so that the rest of the image is the same with and without them.
void Machine::AddLarge() {
  constexpr std::uint32_t kForSlush = 12;  // enough that their pattern is a rule
  const std::uint32_t count =
      recipe_.fault == Fault::kSlushOverrun ? std::max(recipe_.large, kForSlush) : recipe_.large;
  Random random(MixSeed(recipe_.seed, 0x1A26E));
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto model = static_cast<std::uint16_t>(random.Below(Tags().size()));
    const auto bytes =
        static_cast<std::uint32_t>(i % 3 == 2 ? random.Between(0x810008, 0x980000) : random.Between(0x80008, 0xFF000));
    Pool& pool = PoolFor(Tags()[model], model);
    const auto large = pool.AllocateLarge(BigRequest(random, bytes, model));
    if (!large) continue;
    for (const std::uint64_t at : {large->va, (large->va + bytes - 1) & ~(kPage - 1)}) {
      const std::uint64_t end = std::min<std::uint64_t>(at + kPage, large->va + bytes);
      const Bytes content = OwnerContent(world_, Tags()[model], large->seed, at, end - at, true);
      memory_.Write(at, content);
    }
    if (i % 4 == 3) pool.FreeLarge(large->va);
  }
  if (recipe_.fault == Fault::kRangeOverrun && recipe_.variant == "segment") FillSegmentsEnd();
  constexpr std::uint32_t kNoSlush = 20348;  // unsure from there on
  const bool wanted = recipe_.large > 0 || recipe_.fault == Fault::kSlushOverrun;
  for (const auto& pool : pools_)
    if (wanted && profile().build < kNoSlush) pool->FillSlush();
}

/// Small images never fill a segment; a fault at a segment's end needs one that ends in use.
void Machine::FillSegmentsEnd() {
  Random random(MixSeed(recipe_.seed, 0x5E6E));
  for (const auto& pool : pools_) {
    const auto model = static_cast<std::uint16_t>(random.Below(Tags().size()));
    const auto bytes = static_cast<std::uint32_t>(random.Between(0x1008, 0x3000));
    const PoolRequest request = BigRequest(random, bytes, model);
    const std::size_t before = pool->big().size();
    pool->FillLastRange(request);
    for (std::size_t i = before; i < pool->big().size(); ++i) {
      const std::uint64_t va = pool->big()[i].va;
      memory_.Write(va, OwnerContent(world_, Tags()[model], request.seed, va, bytes, true));
    }
  }
}

}  // namespace poolblame::samples
