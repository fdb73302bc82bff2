// Kinds of 0x13A: Microsoft's bug check reference and _HEAP_FAILURE_TYPE in public PDB dumps; what its second and third
// parameter are (mostly the segment context, the chunk or the subsegment): published crash reports.
#include "samples/heap_crash.h"

#include <algorithm>

#include "samples/segment_heap.h"

namespace poolblame::samples {
namespace {

// Parameter 1 of 0x13A:
constexpr std::uint64_t kEntry = 3;
constexpr std::uint64_t kBlockNotBusy = 8;
constexpr std::uint64_t kInvalidArgument = 9;
constexpr std::uint64_t kInvalidType = 0xA;
constexpr std::uint64_t kFreeLists = 0xD;
constexpr std::uint64_t kLfhBitmapMismatch = 0xF;
constexpr std::uint64_t kLfhBitmap = 0x10;
constexpr std::uint64_t kLfhDoubleFree = 0x11;
constexpr std::uint64_t kVsSubsegment = 0x12;
constexpr std::uint64_t kDelayFree = 0x17;  // 26100 and later

constexpr std::uint32_t kFirstWithDelayFree = 26100;

/// 0x13A, and the same facts in Globals.FailureInfo.
BugCheckFacts Corruption(Machine& machine, const Pool& pool, std::uint64_t type, std::uint64_t address) {
  const HeapLayout& layout = HeapLayoutFor(machine.profile().build);
  const std::uint64_t heap = pool.setup().base;
  const std::uint64_t draw = machine.random().Below(100);
  std::uint64_t reporter = heap + layout.seg_contexts_at;
  if (draw >= 70)
    reporter = heap + (pool.BackendAt(address) == Backend::kVs ? layout.vs_context_at : layout.lfh_context_at);
  if (draw >= 85 || type == kInvalidArgument) reporter = heap;
  const std::uint64_t info = machine.layout().heaps.failure_info;
  machine.memory().Write32(info + 8, static_cast<std::uint32_t>(type));
  machine.memory().Write64(info + 0x10, reporter);
  machine.memory().Write64(info + 0x18, address);
  return {0x13A, {type, reporter, address, 0}};
}

BugCheckFacts Caught(Machine& machine, const FaultRecord& record) {
  const Pool& pool = *record.culprit.pool;
  const bool coin = machine.random().Chance(70);
  if (machine.recipe().fault == Fault::kBadFree) {
    return Corruption(machine, pool, coin ? kInvalidArgument : kInvalidType, record.freed_address);
  }
  if (pool.Find(record.culprit.header)->backend != Backend::kLfh) {
    return Corruption(machine, pool, kBlockNotBusy, record.culprit.header);
  }
  return Corruption(machine, pool, coin ? kLfhDoubleFree : kLfhBitmapMismatch, record.culprit.header);
}

/// Somebody dereferences what lies there.
BugCheckFacts Garbage(const Machine& machine, std::uint64_t at) {
  at &= ~std::uint64_t{7};
  const std::uint64_t value = machine.memory().MappedRange(at, 8) ? machine.memory().ReadPointer(at) : 0;
  return {0x50, {value, 0, machine.layout().nt_base + 0x1800, 0}};
}

BugCheckFacts TreeMet(Machine& machine, const BlockRef& victim) {
  const std::uint64_t draw = machine.random().Below(100);
  if (draw < 65) return TreeCheckFailed(machine, victim.header + 8);
  if (draw < 85) return Corruption(machine, *victim.pool, kFreeLists, victim.header);
  return Garbage(machine, victim.header + 8);
}

BugCheckFacts ChunkMet(Machine& machine, const BlockRef& victim) {
  const auto& heap = dynamic_cast<const SegmentHeap&>(*victim.pool);
  const std::uint64_t type = machine.random().Chance(80) ? kVsSubsegment : kEntry;
  const bool subsegment = type == kVsSubsegment && machine.random().Chance(40);
  return Corruption(machine, heap, type, subsegment ? heap.RangeAt(victim.header) : victim.header);
}

/// Freeing looks at the quota bit only: a set one makes the kernel decode ProcessBilled.
BugCheckFacts PoolHeaderMet(Machine& machine, const BlockRef& victim) {
  const Block& block = *victim.pool->Find(victim.header);
  const std::uint64_t at = victim.header + block.header_offset;
  if (block.state != BlockState::kAllocated) return {};
  const Bytes header = machine.memory().Read(at, 16);
  const std::uint64_t billed = Load<std::uint64_t>(&header[8]) ^ machine.layout().quota_cookie ^ at;
  if ((header[3] & 8) == 0 || billed == machine.layout().process) return {};
  return {0xC2, {0xD, victim.pool->Payload(victim.header), Load<std::uint32_t>(&header[4]), billed}};
}

/// `at` is the last byte written: before the header there may be what is left behind the culprit's last slot.
BugCheckFacts StructureMet(Machine& machine, const BlockRef& victim, std::uint64_t at) {
  const bool lfh = victim.pool->BackendAt(at) == Backend::kLfh;
  const auto& heap = dynamic_cast<const SegmentHeap&>(*victim.pool);
  const std::uint64_t range = heap.RangeAt(at);
  return Corruption(machine, heap, lfh ? kLfhBitmap : kVsSubsegment, range == 0 ? at & ~(kPage - 1) : range);
}

/// The first block of which the damage changed something that the heap looks at.
BlockRef FirstMet(const BlockRef& victim, const Truth& truth) {
  if (victim.header == 0) return victim;
  for (std::uint64_t at = truth.damage_start; at < truth.damage_end; ++at) {
    const auto holder = victim.pool->HeaderHolding(at);
    if (holder && victim.pool->IsHeaderByte(at)) return {victim.pool, *holder};
  }
  return victim;
}

BugCheckFacts HeaderMet(Machine& machine, const FaultRecord& record, const Truth& truth) {
  const BlockRef victim = FirstMet(record.victim, truth);
  if (victim.header == 0) return StructureMet(machine, victim, truth.damage_end - 1);
  const Pool& pool = *victim.pool;
  const Block& block = *pool.Find(victim.header);
  const VaRange damage{truth.damage_start, truth.damage_end};
  const bool vs = block.backend == Backend::kVs;
  if (vs && damage.Overlaps(victim.header, 8)) return ChunkMet(machine, victim);
  if (block.headerless) return {};
  if (pool.OnListHeads(block)) return TreeMet(machine, victim);
  if (pool.LinkBytes(block) != 0 && damage.Overlaps(pool.LinkOf(victim.header), 8)) {
    const bool checked = block.state == BlockState::kDeferred && machine.profile().build >= kFirstWithDelayFree;
    if (checked) return Corruption(machine, pool, kDelayFree, victim.header);
    return Garbage(machine, pool.LinkOf(victim.header));
  }
  return PoolHeaderMet(machine, victim);
}

}  // namespace

BugCheckFacts HeapCrashOf(Machine& machine, const FaultRecord& record, const Truth& truth) {
  if (record.caught) return Caught(machine, record);
  if (!truth.visible || record.victim.pool == nullptr) return {};
  const BugCheckFacts facts = truth.header_hit ? HeaderMet(machine, record, truth) : BugCheckFacts{};
  if (facts.code != kNobodysCrash || !machine.random().Chance(50)) return facts;
  return Garbage(machine, record.damage.begin);  // nobody has freed it yet, but its owner reads it
}

BugCheckFacts TreeCheckFailed(Machine& machine, std::uint64_t node) {
  constexpr std::uint64_t kInvalidBalancedTree = 0x1D;
  constexpr std::uint64_t kRcx = 0x38, kRdx = 0x40, kRip = 0x168;  // in KTRAP_FRAME
  const std::uint64_t frame = machine.layout().nt_data + 0x1C00, record = machine.layout().nt_data + 0x1F80;
  KernelMemory& memory = machine.memory();
  memory.Write64(frame + kRcx, node);
  memory.Write64(frame + kRdx, memory.ReadPointer(node));
  memory.Write64(frame + kRip, machine.layout().nt_base + 0x1600);
  memory.Write32(record, 0xC0000409);  // STATUS_STACK_BUFFER_OVERRUN, which every fast fail raises
  memory.Write64(record + 0x20, kInvalidBalancedTree);
  return {0x139, {kInvalidBalancedTree, frame, record, 0}};
}

BugCheckFacts HeapCorruption(Machine& machine, const FaultRecord& record) {
  if (record.victim.header == 0) return StructureMet(machine, record.victim, record.damage.end - 1);
  const std::uint64_t at = record.victim.header;
  const Backend backend = record.victim.pool->BackendAt(at);
  return Corruption(machine, *record.victim.pool, backend == Backend::kVs ? kVsSubsegment : kLfhBitmap, at);
}

}  // namespace poolblame::samples
