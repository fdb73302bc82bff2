#include "samples/machine.h"

#include <algorithm>

#include "samples/pool_allocator.h"
#include "samples/pool_log.h"
#include "samples/rich_payload.h"

namespace poolblame::samples {
namespace {

constexpr std::uint64_t kDescriptorStride = 0x1140;
constexpr std::size_t kMaxPools = 5;
constexpr std::uint64_t kTrackingBelowKernel = 0x200000;
constexpr std::uint64_t kLookasideStride = 0xC00;  // room for 32 entries of 0x60 bytes

/// Base addresses by generation. Not exact for any one machine, typical for its Windows.
struct Bases {
  std::uint64_t nt, drivers, nonpaged, paged, session;
};

Bases BasesOf48Bits(const WindowsProfile& profile, Random& random) {
  if (!profile.x64) {
    if (profile.build < 6000) return {0x804D7000, 0xF7400000, 0x81A00000, 0xE1000000, 0xBC400000};
    return {0x82800000 + random.Below(32) * 0x1000, 0x8B000000, 0x84C00000, 0x91000000, 0xFE600000};
  }
  if (profile.build < 9200) {
    return {0xFFFFF80002A00000 + random.Below(64) * 0x1000, 0xFFFFF88001000000, 0xFFFFFA8001200000, 0xFFFFF8A000000000,
            0xFFFFF900C0000000};
  }
  const std::uint64_t slide = random.Below(0x400) * 0x100000;
  if (profile.segment_heap) {  // heaps begin at random places of their halves, 2 MB aligned here to save page tables
    const std::uint64_t nonpaged = 0xFFFFA80000000000 + random.Below(0x400) * 0x40000000;
    const std::uint64_t paged = 0xFFFFE20000000000 + random.Below(0x400) * 0x40000000;
    return {0xFFFFF80000000000 + 0x1C000000 + slide * 4, 0xFFFFF80100000000 + slide, nonpaged, paged, 0};
  }
  return {0xFFFFF80000000000 + 0x1C000000 + slide * 4, 0xFFFFF80100000000 + slide, 0xFFFFE00000000000 + slide * 8,
          0xFFFFC00000000000 + slide * 8, 0xFFFFF90140000000};
}

Bases BasesFor(const Recipe& recipe, Random& random) {
  Bases bases = BasesOf48Bits(recipe.profile, random);
  if (recipe.wide) {  // where Windows puts its pools then is not known: anywhere in the kernel half
    constexpr std::uint64_t kWide = 0x0080000000000000;
    bases.nonpaged ^= kWide;
    bases.paged ^= kWide;
  }
  return bases;
}

}  // namespace

Machine::Machine(const Recipe& recipe)
    : recipe_(recipe),
      random_(MixSeed(recipe.seed, 1)),
      memory_(recipe.pages, recipe.idle_pages, recipe.profile.pointer_size(), recipe.seed),
      life_(recipe.habits, recipe.seed) {
  for (const TagSpec& spec : Tags()) total_weight_ += spec.weight;
  PlaceKernel();
  tracking_.emplace(memory_, recipe.verifier, layout_.nt_base - kTrackingBelowKernel, recipe.seed);
  profile().segment_heap ? AddHeaps() : AddPools();
}

void Machine::PlaceKernel() {
  const Bases bases = BasesFor(recipe_, random_);
  layout_.nt_base = bases.nt;
  layout_.nonpaged_base = bases.nonpaged;
  layout_.paged_base = bases.paged;
  std::uint64_t next = bases.drivers;
  for (const DriverSpec& driver : Drivers()) {
    const bool kernel = &driver == Drivers().data();
    layout_.driver_bases.push_back(kernel ? bases.nt : next);
    if (!kernel) next += (driver.image_size + 0xFFFFU) / 0x10000U * 0x10000U;
  }
  layout_.nt_data = bases.nt + 0x1F0000;
  layout_.nt_lists = bases.nt + 0x210000;
  layout_.prcb = bases.nt + 0x220000;
  layout_.descriptors = bases.nt + 0x1F4000;
  layout_.process = bases.nt + 0x230000;
  layout_.quota_cookie = random_.Next();
  for (std::uint64_t page = 0; page < 2; ++page) memory_.MapNew(layout_.nt_data + page * kPage);
  for (std::uint64_t page = 0; page < 4; ++page) memory_.MapNew(layout_.prcb + page * kPage);
  for (std::uint64_t page = 0; !profile().segment_heap && page * kPage < kMaxPools * kDescriptorStride; ++page) {
    memory_.MapNew(layout_.descriptors + page * kPage);
  }
  memory_.MapNew(layout_.process);
  memory_.Write32(layout_.process, 0x00260003);  // DISPATCHER_HEADER: Type 3 = process
  world_.pointer_size = profile().pointer_size();
  world_.driver_bases = layout_.driver_bases;
  world_.pool_base = bases.nonpaged;
  world_.rich = recipe_.rich_payload;
  world_.object_headers_have_type_index = profile().build >= 7600;
}

void Machine::AddPool(PoolKind kind, std::uint32_t index, std::uint64_t base, std::uint64_t pages) {
  PoolSetup setup;
  setup.kind = kind;
  setup.index = index;
  setup.base = base;
  setup.max_pages = pages;
  setup.descriptor = layout_.descriptors + pools_.size() * kDescriptorStride;
  // The PRCB's lookaside arrays: session pool has its own, in session space, which this machine leaves out.
  if (kind != PoolKind::kSession && index < 2) {
    const std::uint64_t slot = kind == PoolKind::kNonPagedNx ? 0 : kind == PoolKind::kNonPaged ? 1 : 2;
    setup.lookaside = layout_.prcb + 0x880 + slot * kLookasideStride;
  }
  setup.quota_cookie = layout_.quota_cookie;
  pools_.push_back(std::make_unique<PoolAllocator>(memory_, recipe_.profile, recipe_.style, setup,
                                                   MixSeed(recipe_.seed, 100 + pools_.size())));
}

void Machine::AddPools() {
  Random again(MixSeed(recipe_.seed, 1));
  const Bases bases = BasesFor(recipe_, again);
  const std::uint64_t budget = recipe_.pages * recipe_.pool_percent / 100;
  const std::uint64_t paged = budget * 35 / 100;
  const std::uint64_t session = budget / 10;
  const std::uint64_t nonpaged = budget - paged - session;
  const std::uint64_t far = std::max<std::uint64_t>(0x400000, recipe_.pages * kPage / 2 & ~std::uint64_t{0xFFFFF});
  if (profile().nx_pool) {
    AddPool(PoolKind::kNonPaged, 0, bases.nonpaged, nonpaged / 4);
    AddPool(PoolKind::kNonPagedNx, 0, bases.nonpaged + far, nonpaged - nonpaged / 4);
  } else {
    AddPool(PoolKind::kNonPaged, 0, bases.nonpaged, nonpaged);
  }
  AddPool(PoolKind::kPaged, 1, bases.paged, paged - paged / 3);
  AddPool(PoolKind::kPaged, 2, bases.paged + far, paged / 3);
  AddPool(PoolKind::kSession, 0, bases.session, session);
  world_.pool_size = std::max<std::uint64_t>(nonpaged, 16) * kPage;
}

Pool* Machine::PoolOf(std::uint64_t va) {
  for (const auto& pool : pools_) {
    if (va >= pool->setup().base && va < pool->end()) return pool.get();
  }
  return nullptr;
}

Pool& Machine::PoolFor(const TagSpec& spec, std::uint16_t model) {
  PoolKind kind = spec.session ? PoolKind::kSession : spec.paged ? PoolKind::kPaged : PoolKind::kNonPaged;
  if (kind == PoolKind::kSession && profile().segment_heap) kind = PoolKind::kPaged;
  // On Windows 8 and later most nonpaged tags have moved to the no-execute pool; which ones is the tag's habit.
  if (kind == PoolKind::kNonPaged && profile().nx_pool && model % 5 != 0) kind = PoolKind::kNonPagedNx;
  const bool second_paged = kind == PoolKind::kPaged && random_.Chance(33);
  Pool* chosen = nullptr;
  for (const auto& pool : pools_) {
    if (pool->setup().kind != kind) continue;
    chosen = pool.get();
    if (!second_paged) break;
  }
  return *chosen;
}

std::uint16_t Machine::DrawModel() {
  std::uint64_t at = random_.Below(total_weight_);
  for (std::uint16_t i = 0; i < Tags().size(); ++i) {
    if (at < Tags()[i].weight) return i;
    at -= Tags()[i].weight;
  }
  return 0;
}

std::uint32_t Machine::DrawSize(const TagSpec& spec, std::uint16_t model) {
  const std::uint32_t range = spec.max_bytes - spec.min_bytes;
  // Structures come in one to three sizes a tag, buffers in any; this Windows' build moves a structure a little.
  if (spec.content == Content::kObject || spec.content == Content::kStruct) {
    const auto sizes = static_cast<std::uint32_t>(1 + MixSeed(model, recipe_.profile.build) % 3);
    const std::uint32_t step = range / sizes;
    const auto drawn = static_cast<std::uint32_t>(random_.Below(sizes));
    // An inline name, a list of other length: one structure in eight is longer by some words.
    const auto longer = world_.rich && random_.Below(8) == 0 ? static_cast<std::uint32_t>(random_.Below(12)) * 8 : 0;
    return ScaledSize(spec, (spec.min_bytes + drawn * step + longer + 7) & ~7U, profile().x64);
  }
  std::uint32_t bytes = spec.min_bytes + static_cast<std::uint32_t>(random_.Below(range + 1));
  if (random_.Chance(60)) bytes = spec.min_bytes + (bytes - spec.min_bytes) / 4;  // small ones are common
  if (spec.content == Content::kRecords) bytes = bytes / spec.stride * spec.stride;
  if (spec.content == Content::kUnicode) bytes &= ~1U;
  return ScaledSize(spec, std::max(bytes, 8U), profile().x64);
}

void Machine::AllocateOne() { AllocateOf(DrawModel()); }

/// Header 0 where there is no room.
BlockRef Machine::AllocateOf(std::uint16_t model) {
  const TagSpec& spec = Tags()[model];
  PoolRequest request;
  request.bytes = DrawSize(spec, model);
  request.tag = TagOf(spec.tag);
  if (IsObject(spec) && profile().protected_tags) request.tag |= 0x80000000U;
  request.model = model;
  request.seed = random_.Next32();
  request.verified = tracking_->Takes(spec);
  // On x86 quota's pointer would want the same place (unsure: which of the two comes first).
  const bool charged = random_.Chance(spec.quota_percent);
  if (charged && (profile().x64 || !request.verified)) request.quota_process = layout_.process;
  request.cache_aligned = spec.content == Content::kPacket && random_.Chance(10);
  Pool& pool = PoolFor(spec, model);
  const auto header = pool.Allocate(request);
  if (!header) return {};
  FillBlock(pool, *header);
  if (request.verified) tracking_->Track(pool, *header, request, CallSiteOf(*this, model));
  return {&pool, *header};
}

/// A pool that is full to the last page can neither leak nor fill a cache.
void Machine::MakeRoom() {
  std::size_t live = 0;
  for (const auto& pool : pools_) {
    pool->AllowMore();
    live += pool->live().size();
  }
  for (std::size_t i = 0; i < live * 2 / 5; ++i) FreeOne();
}

void Machine::LiveByHabit() {
  const TagStep step = life_.Next();
  if (step.release) FreeBlock(*step.release->pool, step.release->header);
  if (!step.allocate) return;
  const BlockRef block = AllocateOf(*step.allocate);
  if (block.pool != nullptr) life_.Own(*step.allocate, block);
}

void Machine::AllocateBigOne() {
  const std::uint16_t model = DrawModel();
  const TagSpec& spec = Tags()[model];
  PoolRequest request;
  request.bytes = static_cast<std::uint32_t>(random_.Between(0x1008, 0x3800));
  request.tag = TagOf(spec.tag);
  request.model = model;
  request.seed = random_.Next32();
  if (const auto big = PoolFor(spec, model).AllocateBig(request)) {
    memory_.Write(big->va, OwnerContent(world_, spec, request.seed, big->va, request.bytes, true));
  }
}

void Machine::FillBlock(Pool& pool, std::uint64_t header) {
  const Block& block = *pool.Find(header);
  const TagSpec& spec = Tags()[block.model];
  if (world_.rich) return FillRich(memory_, world_, pool, header);
  const std::uint64_t va = pool.Payload(header);
  const std::size_t written = std::max<std::size_t>(std::size_t{block.request} * spec.fill_percent / 100, 4);
  memory_.Write(va, OwnerContent(world_, spec, block.seed, va, std::min<std::size_t>(written, block.request), true));
}

void Machine::FreeBlock(Pool& pool, std::uint64_t header) {
  if (pool.Free(header)) tracking_->Release(header);
}

void Machine::FreeOne() {
  std::size_t live = 0;
  for (const auto& pool : pools_) live += pool->live().size();
  std::size_t at = random_.Below(live);
  for (const auto& pool : pools_) {
    if (at < pool->live().size()) {
      const std::uint64_t header = pool->live()[at];
      if (!life_.Keeps(header, pool->Find(header)->model)) FreeBlock(*pool, header);
      return;
    }
    at -= pool->live().size();
  }
}

void Machine::Populate() {
  // Grow: mostly allocations, until every pool has once had all its pages. The bound stops a mix that cannot fill one.
  const std::uint64_t bound = recipe_.pages * 60;
  // Segment heaps have a backend for large blocks, which an image should show.
  const bool wants_big = recipe_.fault == Fault::kBigOverrun || recipe_.fault == Fault::kSlushOverrun;
  const std::uint64_t big_every = wants_big ? 80 : profile().segment_heap ? 150 : 700;
  std::vector<bool> was_full(pools_.size(), false);
  for (std::uint64_t i = 0; i < bound && std::count(was_full.begin(), was_full.end(), false) > 0; ++i) {
    for (std::size_t p = 0; p < pools_.size(); ++p) {
      if (pools_[p]->Filled()) was_full[p] = true;
    }
    if (random_.Chance(28)) {
      FreeOne();
    } else if (random_.Below(big_every) == 0) {
      AllocateBigOne();
    } else {
      AllocateOne();
    }
  }
  if (recipe_.habits.any()) MakeRoom();
  Live(recipe_.activity);
  if (!profile().segment_heap) return;
  AddLarge();
  for (const auto& pool : pools_) pool->Settle();  // a fault meets trees and lists as they would be
}

void Machine::Live(std::uint32_t operations) {
  for (std::uint32_t i = 0; i < operations; ++i) {
    if (random_.Chance(50)) {
      FreeOne();
    } else {
      AllocateOne();
    }
    if (recipe_.habits.any()) LiveByHabit();
  }
}

}  // namespace poolblame::samples
