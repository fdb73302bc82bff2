// Faults without a neighbour to blame: hardware, stray pointers, foreign sectors, fields nobody set.
#include <algorithm>

#include "samples/fault_target.h"

namespace poolblame::samples {

Result<FaultRecord> BitFlip(Machine& machine) {
  const std::string& variant = machine.recipe().variant;
  const bool link =
      variant == "link" || (variant != "header" && machine.random().Chance(25) && machine.recipe().backend != "lfh");
  const auto block = PickBlock(machine, [&](const Pool& pool, std::uint64_t header, const Block& b) {
    return VictimAllowed(machine, b) && (link ? pool.OnListHeads(b) : !pool.HeaderStarts(header).empty());
  });
  if (!block) return NoFit("block whose bit could flip");
  const auto starts = block->pool->HeaderStarts(block->header);
  const std::uint64_t start = starts.size() < 2 ? block->header : starts[machine.random().Below(starts.size())];
  const std::uint64_t base = link ? block->pool->LinkOf(block->header) : start;
  const std::uint64_t bytes = link ? 2 * machine.profile().pointer_size() : machine.random().Chance(75) ? 4 : 8;
  const int column = machine.recipe().column;
  const std::uint64_t at =
      column < 0 ? base + machine.random().Below(bytes) : base + static_cast<std::uint64_t>(column) / 8;
  Bytes value = machine.memory().Read(at, 1);
  const std::uint64_t bit = column < 0 ? machine.random().Below(8) : static_cast<std::uint64_t>(column) % 8;
  value[0] = static_cast<std::uint8_t>(value[0] ^ 1U << bit);
  FaultRecord record;
  record.victim = *block;
  Strike(machine, record, at, value, at);
  return record;
}

Result<FaultRecord> WildWrite(Machine& machine) {
  const auto block =
      PickBlock(machine, [&](const Pool&, std::uint64_t, const Block& b) { return VictimAllowed(machine, b); });
  if (!block) return NoFit("block");
  constexpr std::uint64_t kSizes[] = {1, 2, 4, 4, 8, 8, 12};
  constexpr std::uint32_t kMost = 64;  // a stray write that is larger is a copy: another fault
  const std::uint64_t size =
      machine.recipe().bytes != 0 ? std::min(machine.recipe().bytes, kMost) : kSizes[machine.random().Below(7)];
  std::uint64_t at = block->header;
  if (machine.random().Chance(50)) {
    at += machine.random().Below(8 / std::min<std::uint64_t>(size, 8)) * std::min<std::uint64_t>(size, 4);
  } else {
    const std::uint64_t end = std::min(block->pool->BlockEnd(block->header), block->pool->Reach(block->header).end);
    at += machine.random().Below((end - block->header) / 4) * 4;
  }
  at = std::min(at, (at & ~(kPage - 1)) + kPage - size);
  FaultRecord record;
  record.victim = BlockAt(machine, at);
  Strike(machine, record, at, MakeContent(machine, {}, at, 0, size), at);
  return record;
}

Result<FaultRecord> PageStomp(Machine& machine) {
  const auto block = PickBlock(machine, [](const Pool&, std::uint64_t, const Block&) { return true; });
  if (!block) return NoFit("page");
  const std::uint64_t page = block->header & ~(kPage - 1);
  constexpr std::uint64_t kSizes[] = {512, 1024, 2048, 4096};
  const std::uint64_t size = kSizes[machine.random().Below(4)];
  const std::uint64_t at = page + machine.random().Below(kPage / size) * size;
  FaultRecord record;
  record.victim = BlockAt(machine, at);
  Strike(machine, record, at, MakeContent(machine, {}, at, 0, size), at);
  return record;
}

/// A device that still has the address of memory that is somebody else's now writes whole cache lines.
Result<FaultRecord> DmaLine(Machine& machine) {
  constexpr std::uint64_t kLine = 64;
  const auto block =
      PickBlock(machine, [&](const Pool&, std::uint64_t, const Block& b) { return VictimAllowed(machine, b); });
  if (!block) return NoFit("block");
  const std::uint64_t at = block->header & ~(kLine - 1);
  FaultRecord record;
  record.victim = BlockAt(machine, at);
  Strike(machine, record, at, MakeContent(machine, {}, at, 0, kLine), at);
  return record;
}

Result<FaultRecord> Uninitialised(Machine& machine) {
  const auto block = PickBlock(machine, [&](const Pool& pool, std::uint64_t header, const Block& b) {
    if (b.state != BlockState::kAllocated || b.model == kNoModel || pool.Capacity(header) < 0x40) return false;
    return Tags()[b.model].content == Content::kStruct;
  });
  if (!block) return NoFit("structure");
  // The owner sets the first words and forgets the rest: what lies there is the last owner's text or data.
  const std::uint64_t payload = block->pool->Payload(block->header);
  const std::uint64_t from = payload + 0x10;
  const std::uint64_t size = std::min<std::uint64_t>(block->pool->Capacity(block->header) - 0x10, 0x40);
  FaultRecord record;
  record.culprit = record.victim = *block;
  Strike(machine, record, from, MakeContent(machine, {}, from, 0, size), from);
  return record;
}

}  // namespace poolblame::samples
