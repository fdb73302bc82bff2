// Faults of a writer who owns a block: over its end, before its start, or past an index.
#include <algorithm>

#include "samples/fault_target.h"

namespace poolblame::samples {
namespace {

/// Where a linear write of this recipe begins: at the buffer's start, or in its last bytes.
std::uint64_t WriteStart(Machine& machine, const BlockRef& culprit) {
  const std::uint64_t payload = culprit.pool->Payload(culprit.header);
  const std::uint64_t end = culprit.pool->BlockEnd(culprit.header);
  const std::string& reach = machine.recipe().reach;
  const bool tail = reach == "tail" || (reach == "auto" && machine.random().Chance(25));
  if (!tail) return payload;
  const std::uint64_t back = std::min<std::uint64_t>(end - payload, 1 + machine.random().Below(16));
  return end - back;
}

/// A linear write from `culprit`'s buffer to `length` bytes behind its block's end.
FaultRecord WriteOver(Machine& machine, const BlockRef& culprit, std::uint64_t victim, std::uint32_t length) {
  FaultRecord record;
  record.culprit = culprit;
  record.victim = BlockAt(machine, victim);
  const std::uint64_t start = WriteStart(machine, culprit);
  const std::uint64_t end = culprit.pool->BlockEnd(culprit.header);
  const Bytes bytes = MakeContent(machine, culprit, start, start - culprit.pool->Payload(culprit.header),
                                  end + length - start, &record.stride);
  Strike(machine, record, start, bytes, end);
  return record;
}

/// Bytes of its own buffer that a write below the buffer's start goes on into.
std::uint64_t InsideOf(Machine& machine, std::uint64_t below, std::uint64_t capacity) {
  switch (machine.random().Below(3)) {
    case 0:
      return capacity > below ? capacity - below : 0;
    case 1:
      return capacity == 0 ? 0 : 1 + machine.random().Below(capacity);
    default:
      return 0;
  }
}

bool Owned(const Block& block) { return block.state == BlockState::kAllocated && block.model != kNoModel; }

}  // namespace

Result<FaultRecord> Overrun(Machine& machine) {
  const std::uint32_t length = DamageLength(machine);
  const auto culprit = PickBlock(machine, [&](const Pool& pool, std::uint64_t header, const Block& block) {
    const Block* next = pool.Next(header);
    return Owned(block) && next != nullptr && VictimAllowed(machine, *next) &&
           pool.BlockEnd(header) + length <= pool.Reach(header).end;
  });
  if (!culprit) return NoFit("block with a neighbour to overrun");
  return WriteOver(machine, *culprit, culprit->pool->BlockEnd(culprit->header), length);
}

Result<FaultRecord> OffByOne(Machine& machine) {
  const auto culprit = PickBlock(machine, [&](const Pool& pool, std::uint64_t header, const Block& block) {
    if (!Owned(block) || pool.Next(header) == nullptr || !VictimAllowed(machine, *pool.Next(header))) return false;
    const Content content = Tags()[block.model].content;
    return content == Content::kAscii || content == Content::kUnicode || content == Content::kPacket;
  });
  if (!culprit) return NoFit("text block with a neighbour");
  FaultRecord record;
  record.culprit = *culprit;
  const Block& block = *culprit->pool->Find(culprit->header);
  const std::uint64_t payload = culprit->pool->Payload(culprit->header);
  const std::uint64_t end = culprit->pool->BlockEnd(culprit->header);
  record.victim = BlockAt(machine, end);
  // A terminator one place too far. In the segment heap, where the first byte behind a block may well be zero already,
  // a loop over a packet runs one byte too far instead.
  const Content content = Tags()[block.model].content;
  const std::size_t extra = content == Content::kUnicode ? 2 : 1;
  const bool data = machine.profile().segment_heap && content == Content::kPacket;
  Bytes bytes = OwnerContent(machine.world(), Tags()[block.model], block.seed, payload,
                             end - payload + (data ? extra : 0), false);
  if (!data) bytes.insert(bytes.end(), extra, 0);
  Strike(machine, record, payload, bytes, end);
  return record;
}

Result<FaultRecord> Underrun(Machine& machine) {
  const std::uint32_t length = std::min(DamageLength(machine), 64U);
  const auto culprit = PickBlock(machine, [&](const Pool& pool, std::uint64_t header, const Block& block) {
    const Block* previous = pool.Previous(header);
    return Owned(block) && block.aligned_units == 0 && previous != nullptr && VictimAllowed(machine, *previous) &&
           pool.Payload(header) - length > pool.Reach(header).begin;
  });
  if (!culprit) return NoFit("block to underrun");
  FaultRecord record;
  record.culprit = *culprit;
  const std::uint64_t payload = culprit->pool->Payload(culprit->header);
  const std::uint64_t start = payload - length;
  record.victim = start >= culprit->header ? *culprit : BlockAt(machine, start);
  // A third is a pointer that is too low, so that all of the owner's data stands shifted; a third are loops that run
  // down from somewhere in the buffer; a third a negative offset that touches nothing of it.
  const std::uint64_t capacity = culprit->pool->Capacity(culprit->header);
  const std::uint64_t inside = InsideOf(machine, length, capacity);
  Bytes bytes = MakeContent(machine, *culprit, start, 0, length + inside, &record.stride);
  Strike(machine, record, start, Bytes(bytes.begin(), bytes.begin() + length), start);
  machine.memory().Write(payload, Bytes(bytes.begin() + length, bytes.end()));
  record.written_to = payload + inside;
  return record;
}

Result<FaultRecord> NonlinearOverrun(Machine& machine) {
  const std::uint32_t length = machine.recipe().bytes != 0
                                   ? machine.recipe().bytes
                                   : static_cast<std::uint32_t>(machine.random().Between(1, 4) * 4);
  const auto culprit = PickBlock(machine, [&](const Pool& pool, std::uint64_t header, const Block& block) {
    return Owned(block) && pool.BlockEnd(header) + pool.HeaderBytes(block) + 0x20 + length <= pool.Reach(header).end;
  });
  if (!culprit) return NoFit("block with room behind it");
  const std::uint32_t header_size = culprit->pool->HeaderBytes(*culprit->pool->Find(culprit->header));
  const std::uint64_t end = culprit->pool->BlockEnd(culprit->header);
  const std::uint64_t reach = culprit->pool->Reach(culprit->header).end;
  const std::uint64_t room = std::min<std::uint64_t>(reach - end - header_size - length, 0x300);
  const std::uint64_t at = end + header_size + machine.random().Below(room / 4) * 4;
  FaultRecord record;
  record.culprit = *culprit;
  record.victim = BlockAt(machine, at);
  Strike(machine, record, at, MakeContent(machine, *culprit, at, at - culprit->pool->Payload(culprit->header), length),
         at);
  return record;
}

Result<FaultRecord> PayloadOverrun(Machine& machine) {
  const std::uint32_t beyond = std::max(DamageLength(machine), 4U);
  const auto culprit = PickBlock(machine, [&](const Pool& pool, std::uint64_t header, const Block& block) {
    const Block* next = pool.Next(header);
    return Owned(block) && next != nullptr && Owned(*next) && next->aligned_units == 0 &&
           std::uint64_t{next->units} * machine.profile().unit() >= pool.HeaderBytes(*next) + beyond;
  });
  if (!culprit) return NoFit("pair of owned neighbours");
  const std::uint32_t header_size = culprit->pool->HeaderBytes(*culprit->pool->Next(culprit->header));
  const std::uint32_t length = header_size + beyond;
  const std::uint64_t end = culprit->pool->BlockEnd(culprit->header);
  const Bytes header = machine.memory().Read(end, header_size);
  FaultRecord record = WriteOver(machine, *culprit, end, length);
  machine.memory().Write(end, header);  // the attacker knows what the header was
  return record;
}

Result<FaultRecord> CrossPage(Machine& machine) {
  const std::uint32_t length = std::min(DamageLength(machine), static_cast<std::uint32_t>(kPage));
  const auto culprit = PickBlock(machine, [&](const Pool& pool, std::uint64_t header, const Block& block) {
    const auto across = pool.AcrossPage(header);
    if (!Owned(block) || !across || !machine.memory().MappedRange(*across, length)) return false;
    const Block* next = pool.Find(pool.HeaderHolding(*across).value_or(0));
    return next == nullptr ? machine.recipe().victim == VictimChoice::kAny : VictimAllowed(machine, *next);
  });
  if (!culprit) return NoFit("last block of a page with a pool page behind it");
  const std::uint64_t across = *culprit->pool->AcrossPage(culprit->header);
  const auto gap = static_cast<std::uint32_t>(across - culprit->pool->BlockEnd(culprit->header));
  return WriteOver(machine, *culprit, across, gap + length);
}

Result<FaultRecord> BigOverrun(Machine& machine) {
  const std::uint32_t length = std::min(DamageLength(machine), static_cast<std::uint32_t>(kPage));
  for (const auto& pool : machine.pools()) {
    for (const BigAllocation& big : pool->big()) {
      const auto end = pool->BehindBig(big);
      if (!end || !machine.memory().MappedRange(big.va, *end + length - big.va)) continue;
      FaultRecord record;
      record.culprit = {pool.get(), pool->HeaderHolding(big.va).value_or(big.va)};
      record.culprit_tag = big.tag;
      record.victim = BlockAt(machine, *end);
      const Bytes bytes =
          OwnerContent(machine.world(), Tags()[big.model], big.seed, big.va, *end + length - big.va, false);
      Strike(machine, record, big.va, bytes, *end);
      record.stride = StrideOfOwner(big.model);
      return record;
    }
  }
  return NoFit("big allocation with a pool page behind it");
}

namespace {

bool HeaderWanted(const Machine& machine, const Pool& pool, std::uint64_t structure) {
  const std::string& variant = machine.recipe().variant;
  if (variant == "auto") return true;
  if (structure % 0x100000 == 0) return variant == "segment";
  return variant == (pool.BackendAt(structure) == Backend::kVs ? "vs" : "lfh");
}

/// Blocks in use that end where a header of the heap's own begins, with enough memory behind for `length` bytes.
std::vector<BlockRef> BlocksBelowHeaders(Machine& machine, std::uint32_t length) {
  std::vector<BlockRef> found;
  const auto add = [&](Pool& pool, std::uint64_t header) {
    const auto structure = pool.StructureBehind(header);
    const Block& block = *pool.Find(header);
    if (!structure || !Owned(block) || !HeaderWanted(machine, pool, *structure)) return;
    const std::uint64_t payload = pool.Payload(header);
    if (machine.memory().MappedRange(payload, *structure + length - payload)) found.push_back({&pool, header});
  };
  for (const auto& pool : machine.pools()) {
    if (!PoolAllowed(machine, pool->setup().kind)) continue;
    for (const std::uint64_t page : pool->pages())
      for (const std::uint64_t header : pool->HeadersOn(page)) add(*pool, header);
    for (const BigAllocation& big : pool->big()) add(*pool, *pool->HeaderHolding(big.va));
  }
  return found;
}

}  // namespace

Result<FaultRecord> RangeOverrun(Machine& machine) {
  const std::uint32_t length = DamageLength(machine);
  const std::vector<BlockRef> culprits = BlocksBelowHeaders(machine, length);
  if (culprits.empty()) return NoFit("block that ends where such a header begins");
  const BlockRef culprit = culprits[machine.random().Below(culprits.size())];
  const std::uint64_t structure = *culprit.pool->StructureBehind(culprit.header);
  const auto gap = static_cast<std::uint32_t>(structure - culprit.pool->BlockEnd(culprit.header));
  return WriteOver(machine, culprit, structure, gap + length);
}

Result<FaultRecord> SlushOverrun(Machine& machine) {
  std::vector<std::pair<Pool*, BigAllocation>> found;
  for (const auto& pool : machine.pools())
    for (const BigAllocation& big : pool->big())
      if (big.slush != 0 && PoolAllowed(machine, pool->setup().kind)) found.emplace_back(pool.get(), big);
  constexpr std::size_t kFewest = 8;  // fewer make no rule that anybody could see broken
  if (found.size() < kFewest) return NoFit("number of big allocations with a pattern behind them");
  const auto& [pool, big] = found[machine.random().Below(found.size())];
  const std::uint32_t length = std::min<std::uint32_t>(DamageLength(machine), big.slush);
  FaultRecord record;
  record.culprit = record.victim = {pool, big.va};
  record.culprit_tag = big.tag;
  const std::uint64_t end = big.va + big.bytes;
  Strike(machine, record, end, MakeContent(machine, record.culprit, end, big.bytes, length), end);
  return record;
}

Result<FaultRecord> TailOverrun(Machine& machine) {
  const std::uint32_t length = std::min(DamageLength(machine), machine.profile().pointer_size());
  const auto culprit =
      PickBlock(machine, [](const Pool&, std::uint64_t, const Block& block) { return Owned(block) && block.verified; });
  if (!culprit) return NoFit("block that Driver Verifier tracks");
  FaultRecord record;
  record.culprit = record.victim = *culprit;
  const std::uint64_t payload = culprit->pool->Payload(culprit->header);
  const std::uint64_t tail = payload + culprit->pool->Capacity(culprit->header);
  const std::uint64_t start = machine.recipe().reach == "tail" ? tail - 4 : payload;
  Strike(machine, record, start, MakeContent(machine, *culprit, start, start - payload, tail + length - start), tail);
  return record;
}

}  // namespace poolblame::samples
