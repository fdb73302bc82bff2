// The crash that follows. Parameters are those of the public bug check reference: 0x19/20 (header, next header, first
// ULONG), 0x19/3 (entry and what its neighbours say), 0xC2/7 (tag or line, first ULONG, address), 0x50 and 0xC5
// (garbage address). Where damage would not be met soon, or the recipe says none, somebody made it crash (0xE2).
#include <algorithm>

#include "samples/fault_target.h"
#include "samples/heap_crash.h"

namespace poolblame::samples {
namespace {

constexpr std::uint64_t kOldSourceLine = 0x1097;  // what kernels before Windows 10 pass instead of the tag

std::uint32_t FirstWord(const Machine& machine, std::uint64_t header) {
  return Load<std::uint32_t>(machine.memory().At(header));
}

BugCheckFacts FreedTwice(const Machine& machine, const BlockRef& block, std::uint64_t address) {
  const std::uint64_t header = block.header + block.pool->Find(block.header)->header_offset;
  const std::uint32_t tag = DecodeHeader(machine.memory().At(header), machine.profile().x64).tag;
  const std::uint64_t second = machine.profile().build >= 10240 ? tag : kOldSourceLine;
  return {0xC2, {7, second, FirstWord(machine, header), address}};
}

BugCheckFacts SizesDisagree(const Machine& machine, std::uint64_t header) {
  const HeaderFields fields = DecodeHeader(machine.memory().At(header), machine.profile().x64);
  return {0x19,
          {0x20, header, header + std::uint64_t{fields.units} * machine.profile().unit(), FirstWord(machine, header)}};
}

/// The bits of PoolType of which a free finds none in a block that is free already.
std::uint32_t InUseBits(InUseEncoding encoding) {
  switch (encoding) {
    case InUseEncoding::kBasePlusOneBit4:
      return 4;
    case InUseEncoding::kBasePlusOne:
      return 3;
    case InUseEncoding::kBit2:
      break;
  }
  return 2;
}

/// Somebody frees the block before the damage or the damaged one itself, whichever shows.
BugCheckFacts HeaderMet(Machine& machine, const BlockRef& victim) {
  const Pool& pool = *victim.pool;
  const HeaderFields now = DecodeHeader(machine.memory().At(victim.header), machine.profile().x64);
  const Block* before = pool.Previous(victim.header);
  const bool previous_wrong = before != nullptr && now.previous_units != before->units;
  if (previous_wrong && before->state == BlockState::kAllocated && machine.random().Chance(65)) {
    return SizesDisagree(machine, (victim.header & ~(kPage - 1)) + before->offset);
  }
  const Block& block = *pool.Find(victim.header);
  if (block.state != BlockState::kAllocated) return {};
  if ((now.type & InUseBits(machine.profile().encoding)) == 0)
    return FreedTwice(machine, victim, pool.Payload(victim.header));
  if (machine.profile().checks_links && now.units != block.units) return SizesDisagree(machine, victim.header);
  return {};
}

BugCheckFacts LinkMet(Machine& machine, const BlockRef& victim) {
  const KernelMemory& memory = machine.memory();
  const std::uint32_t pointer = machine.profile().pointer_size();
  const std::uint64_t entry = victim.pool->LinkOf(victim.header);
  const std::uint64_t forward = memory.ReadPointer(entry);
  const std::uint64_t back = memory.ReadPointer(entry + pointer);
  const auto follow = [&](std::uint64_t va) { return memory.MappedRange(va, pointer) ? memory.ReadPointer(va) : 0; };
  const std::uint64_t garbage = memory.Mapped(forward) ? back : forward;
  if (!machine.profile().checks_links) return {0xC5, {garbage, 2, 1, machine.layout().nt_base + 0x1400}};
  if (!memory.Mapped(forward) || !memory.Mapped(back)) {
    return {0x50, {garbage, 0, machine.layout().nt_base + 0x1400, 0}};
  }
  if (machine.profile().build >= 9200 && machine.random().Chance(50)) {
    return {0x139, {3, machine.layout().nt_data + 0x1F00, machine.layout().nt_data + 0x1F80, 0}};
  }
  return {0x19, {3, entry, follow(forward + pointer), follow(back)}};
}

/// The damaged object is used: whatever lies in its first damaged pointer-sized word is taken for an address.
BugCheckFacts PayloadMet(const Machine& machine, const FaultRecord& record) {
  const std::uint32_t pointer = machine.profile().pointer_size();
  const std::uint64_t at = record.damage.begin & ~std::uint64_t{pointer - 1};
  const std::uint64_t garbage = machine.memory().MappedRange(at, pointer) ? machine.memory().ReadPointer(at) : 0;
  return {0x50, {garbage, 0, machine.layout().nt_base + 0x1800, 0}};
}

/// The first block whose header the damage touches: an underrun starts in the block before it.
BlockRef FirstHeaderHit(const BlockRef& victim, const Truth& truth) {
  constexpr std::uint64_t kChecked = 8;  // bytes of a header that the allocator looks at
  if (truth.damage_start < victim.header + kChecked) return victim;
  const std::uint64_t next = victim.pool->BlockEnd(victim.header);
  if (next >= truth.damage_end || victim.pool->Find(next) == nullptr) return victim;
  return {victim.pool, next};
}

BugCheckFacts ByDamage(Machine& machine, const FaultRecord& record, const Truth& truth) {
  if (record.caught) {
    if (machine.recipe().fault == Fault::kBadFree) return {0xC2, {0x99, record.freed_address, 0, 0}};
    return FreedTwice(machine, record.culprit, record.freed_address);
  }
  if (!truth.visible || record.victim.header == 0) return {};
  if (!truth.header_hit) return machine.random().Chance(60) ? PayloadMet(machine, record) : BugCheckFacts{};
  const BlockRef victim = FirstHeaderHit(record.victim, truth);
  const bool in_header = truth.damage_start < victim.header + 8;
  if (!in_header && victim.pool->OnListHeads(*victim.pool->Find(victim.header))) return LinkMet(machine, victim);
  if (!in_header) return PayloadMet(machine, record);
  return HeaderMet(machine, victim);
}

std::uint32_t CodeOf(const std::string& word) { return static_cast<std::uint32_t>(std::stoul(word, nullptr, 16)); }

/// An unrelated crash, or none: most images that are looked at are healthy.
BugCheckFacts Unrelated(Machine& machine) {
  if (machine.random().Chance(60)) return {};
  return {0xD1, {0x18, 2, 0, machine.layout().driver_bases.back() + 0x1234}};
}

}  // namespace

BugCheckFacts CrashOf(Machine& machine, const FaultRecord& record, const Truth& truth) {
  const std::string& wanted = machine.recipe().bugcheck;
  // What Verifier says of a pointer of its own that is gone, and when, is not known well enough.
  if (wanted == "none" || machine.recipe().fault == Fault::kTailOverrun) return {};
  if (machine.recipe().fault == Fault::kNone) return Unrelated(machine);
  const bool heap = machine.profile().segment_heap;
  const BugCheckFacts facts = heap ? HeapCrashOf(machine, record, truth) : ByDamage(machine, record, truth);
  if (wanted == "auto") {
    const bool lucky = !record.caught && machine.random().Chance(15);  // captured before anybody met the damage
    return lucky ? BugCheckFacts{} : facts;
  }
  if (CodeOf(wanted) == facts.code || record.victim.header == 0) return facts;
  if (heap && CodeOf(wanted) == 0x13A) return HeapCorruption(machine, record);
  switch (CodeOf(wanted)) {
    case 0x19:
      return heap ? HeapCorruption(machine, record) : SizesDisagree(machine, record.victim.header);
    case 0xC2:
      return FreedTwice(machine, record.victim, record.victim.pool->Payload(record.victim.header));
    case 0x139:
      if (heap) return TreeCheckFailed(machine, record.victim.header + 8);
      return {0x139, {3, machine.layout().nt_data + 0x1F00, machine.layout().nt_data + 0x1F80, 0}};
    default:
      return PayloadMet(machine, record);
  }
}

}  // namespace poolblame::samples
