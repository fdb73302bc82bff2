// Faults around freeing: writing through a stale pointer, freeing twice, freeing what is no block, broken lists.
#include "samples/fault_target.h"

namespace poolblame::samples {
namespace {

constexpr std::uint32_t kRoomyBlock = 0x50;  // bytes; room for links and a field behind them

std::uint32_t LastOwnerTag(const Machine& machine, const Block& block) {
  const TagSpec& spec = Tags()[block.model];
  const bool is_protected = IsObject(spec) && machine.profile().protected_tags;
  return TagOf(spec.tag) | (is_protected ? 0x80000000U : 0U);
}

/// One of the low bits of a doubleword, where flags are: set, or cleared where it was.
void ChangeFlag(Machine& machine, Bytes& bytes) {
  constexpr std::uint64_t kFlags = 16;
  const std::uint64_t bit = machine.random().Below(kFlags);
  bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1U << bit % 8);
}

/// One less, or as often one more, with the borrow or carry of a whole doubleword.
void Count(Machine& machine, Bytes& bytes) {
  constexpr std::size_t kCounter = 4;
  const bool down = machine.random().Chance(50);
  for (std::size_t i = 0; i < kCounter; ++i) {
    bytes[i] = static_cast<std::uint8_t>(down ? bytes[i] - 1 : bytes[i] + 1);
    if (bytes[i] != (down ? 0xFF : 0)) break;
  }
}

/// What a stale pointer's owner does to the bytes it takes for its own: set a field, clear it, count, store a pointer.
Bytes StaleWrite(Machine& machine, const Block& block, std::uint64_t va, std::uint64_t offset) {
  const std::size_t pointer = machine.profile().pointer_size();
  Bytes bytes = machine.memory().Read(va, pointer);
  const std::string& variant = machine.recipe().variant;
  if (variant == "flag") return ChangeFlag(machine, bytes), bytes;
  if (variant == "decrement") return Count(machine, bytes), bytes;
  switch (machine.random().Below(5)) {
    case 0:
      bytes.assign(pointer, 0);
      break;
    case 1:
      bytes[0] = static_cast<std::uint8_t>(bytes[0] - 1);
      break;
    case 2:
      bytes[0] = static_cast<std::uint8_t>(bytes[0] + 1);
      break;
    case 3:
      return MakeContent(machine, {}, va, 0, 4);
    default: {
      const Bytes own =
          OwnerContent(machine.world(), Tags()[block.model], block.seed ^ 1, va - offset, offset + pointer, false);
      bytes.assign(own.end() - static_cast<std::ptrdiff_t>(pointer), own.end());
    }
  }
  return bytes;
}

}  // namespace

Result<FaultRecord> UseAfterFree(Machine& machine) {
  const auto block = PickBlock(machine, [&](const Pool&, std::uint64_t, const Block& b) {
    return b.state != BlockState::kAllocated && b.model != kNoModel &&
           b.units * machine.profile().unit() >= kRoomyBlock && VictimAllowed(machine, b);
  });
  if (!block) return NoFit("freed block with a known last owner");
  const Block& freed = *block->pool->Find(block->header);
  FaultRecord record;
  record.culprit = record.victim = *block;
  record.culprit_tag = LastOwnerTag(machine, freed);
  const std::string& variant = machine.recipe().variant;
  const bool links = variant == "links" || (variant != "payload" && machine.random().Chance(75));
  const std::uint64_t link_words = block->pool->LinkBytes(freed) / machine.profile().pointer_size();
  const std::uint64_t payload = block->pool->LinkOf(block->header);
  std::uint64_t at = payload;
  if (links && link_words != 0) {
    if (freed.state == BlockState::kFree && machine.random().Chance(50)) at += machine.profile().pointer_size();
    if (link_words > 2 && machine.random().Chance(33)) at = payload + 2 * machine.profile().pointer_size();
  } else {
    const VaRange stale = block->pool->StalePayload(block->header);
    at = stale.begin + machine.random().Below((stale.end - stale.begin) / 8) * 8;
  }
  Strike(machine, record, at, StaleWrite(machine, freed, at, at - payload), at);
  return record;
}

Result<FaultRecord> DoubleFree(Machine& machine) {
  const std::string& variant = machine.recipe().variant;
  const bool buried = variant == "buried";  // others were freed in between: the list becomes a ring
  const bool listed = buried || variant == "listed" ||
                      (variant != "caught" && machine.random().Chance(40) && machine.recipe().backend != "lfh");
  const auto block = PickBlock(machine, [&](const Pool& pool, std::uint64_t header, const Block& b) {
    if (b.model == kNoModel) return false;
    if (buried) return b.state == BlockState::kLookaside && !pool.FreedTwiceUnseen(header);
    return listed ? pool.FreedTwiceUnseen(header) : pool.FreedTwiceCaught(header);
  });
  if (!block) return NoFit("block on a lookaside list");
  const Block& freed = *block->pool->Find(block->header);
  FaultRecord record;
  record.culprit = record.victim = *block;
  record.culprit_tag = LastOwnerTag(machine, freed);
  const std::uint64_t link = block->pool->LinkOf(block->header);
  record.freed_address = link;
  record.caught = !listed;
  if (!listed) return record;
  record.damage = {link, link + machine.profile().pointer_size()};
  record.before = machine.memory().Read(link, machine.profile().pointer_size());
  block->pool->PushLookasideAgain(block->header);
  return record;
}

Result<FaultRecord> BadFree(Machine& machine) {
  const auto block = PickBlock(machine, [](const Pool&, std::uint64_t, const Block& b) {
    return b.state == BlockState::kAllocated && b.model != kNoModel && b.units > 4;
  });
  if (!block) return NoFit("block to free wrongly");
  FaultRecord record;
  record.culprit = record.victim = *block;
  record.caught = true;
  record.freed_address = block->pool->Payload(block->header) + 0x10 + machine.random().Below(4) * 8;
  return record;
}

Result<FaultRecord> FreeListDamage(Machine& machine) {
  if (machine.profile().segment_heap && machine.recipe().backend == "lfh")
    return Fail(ErrorKind::kUsage,
                "free low-fragmentation slots are on no list, only their bitmap says that they are free; "
                "fault=free-list needs backend=vs");
  const auto listed = [](const Pool& pool, std::uint64_t, const Block& b) { return pool.OnListHeads(b); };
  std::optional<BlockRef> victim;
  std::optional<BlockRef> other;
  for (int tries = 0; tries < 50 && !other; ++tries) {  // some pools have one listed block only
    victim = PickBlock(machine, listed);
    if (!victim) break;
    const std::uint64_t next = machine.memory().ReadPointer(victim->pool->LinkOf(victim->header));
    other = PickBlock(machine, [&](const Pool& pool, std::uint64_t header, const Block& b) {
      return listed(pool, header, b) && header != victim->header && &pool == victim->pool &&
             next != pool.LinkOf(header);
    });
  }
  if (!other) return NoFit("pair of listed free blocks");
  // A lost update, as two processors without the lock make it: the entry's next is a block that knows nothing of it.
  FaultRecord record;
  record.victim = *victim;
  const std::size_t pointer = machine.profile().pointer_size();
  Bytes bytes(8, 0);
  Put64(bytes, 0, other->pool->LinkOf(other->header));
  bytes.resize(pointer);
  const std::uint64_t at = victim->pool->LinkOf(victim->header);
  Strike(machine, record, at, bytes, at);
  return record;
}

}  // namespace poolblame::samples
