// Faults in special pool, with the bug checks that Microsoft's reference gives them: 0xC1 at the free, by what of the
// filler is wrong; 0xCC, 0xCD, 0xD5, 0xD6 at the access itself, by where it hit and whose code it was.
#include <algorithm>
#include <functional>

#include "samples/fault_target.h"
#include "samples/special_pool.h"

namespace poolblame::samples {
namespace {

using Blocks = std::vector<SpecialBlock>;
using SpecialTest = std::function<bool(const SpecialBlock&)>;

const SpecialBlock* Pick(Machine& machine, const Blocks& blocks, const SpecialTest& test) {
  std::vector<const SpecialBlock*> fitting;
  for (const SpecialBlock& block : blocks)
    if (test(block)) fitting.push_back(&block);
  return fitting.empty() ? nullptr : fitting[machine.random().Below(fitting.size())];
}

bool Any(const SpecialBlock& /*block*/) { return true; }

Result<SpecialFault> NoBlock() {
  return Fail(ErrorKind::kUsage, "this image has no such block in special pool; special=N, or another seed");
}

std::string TagOfBlock(const SpecialBlock& block) {
  std::string tag = Tags()[block.model].tag;
  tag.resize(4, ' ');
  return tag;
}

/// The block is culprit and victim; hardware has no culprit.
SpecialFault About(const Machine& machine, const SpecialBlock& block) {
  SpecialFault fault;
  Truth& truth = fault.truth;
  truth.kind = KindOfFault(machine.recipe().fault);
  truth.visible = true;
  truth.culprit_tag = truth.victim_tag = TagOfBlock(block);
  truth.culprit_header = truth.victim_header = block.header();
  truth.page = block.page;
  return fault;
}

/// Writes over filler only; a byte that happens to be the filler shows nothing, so the first and last are made to.
void Write(Machine& machine, const SpecialBlock& block, std::uint64_t va, Bytes bytes, SpecialFault& fault) {
  for (std::uint8_t* end : {&bytes.front(), &bytes.back()})
    if (*end == block.fill) *end = static_cast<std::uint8_t>(~*end);
  machine.memory().Write(va, bytes);
  fault.truth.damage_start = va;
  fault.truth.damage_end = va + bytes.size();
}

/// `size` bytes behind the data: what the owner would have gone on with, or what the recipe says.
Bytes Behind(Machine& machine, const SpecialBlock& block, std::size_t size) {
  const WriteContent content = machine.recipe().content;
  if (content != WriteContent::kContinue && content != WriteContent::kAuto)
    return MakeContent(machine, {}, block.data_end(), 0, size);
  const Bytes all =
      OwnerContent(machine.world(), Tags()[block.model], block.seed, block.data(), block.request + size, false);
  return {all.begin() + block.request, all.end()};
}

void FreeFound(const SpecialBlock& block, std::uint64_t bad_byte, std::uint64_t why, SpecialFault& fault) {
  fault.crash = {0xC1, {block.data(), bad_byte, 0, why}};
}

Result<SpecialFault> Slop(Machine& machine, const Blocks& blocks) {
  const SpecialBlock* block = Pick(machine, blocks, [&](const SpecialBlock& b) {
    return b.slop_end() - b.data_end() >= std::max(machine.recipe().bytes, 1U);
  });
  if (block == nullptr) return NoBlock();
  const std::uint64_t room = block->slop_end() - block->data_end();
  const std::uint64_t size = std::min<std::uint64_t>(room, DamageLength(machine));
  SpecialFault fault = About(machine, *block);
  Write(machine, *block, block->data_end(), Behind(machine, *block, size), fault);
  FreeFound(*block, fault.truth.damage_start, 0x24, fault);
  return fault;
}

Result<SpecialFault> Underrun(Machine& machine, const Blocks& blocks) {
  const std::uint64_t wanted = DamageLength(machine);
  const SpecialBlock* block = Pick(machine, blocks, [&](const SpecialBlock& b) {
    return !b.at_start && b.data() - b.header() > b.header_size + 8 + wanted;
  });
  if (block == nullptr) return NoBlock();
  SpecialFault fault = About(machine, *block);
  const std::uint64_t at = block->data() - wanted;
  Write(machine, *block, at, MakeContent(machine, {}, at, 0, wanted), fault);
  FreeFound(*block, at, 0x23, fault);
  return fault;
}

Result<SpecialFault> Flip(Machine& machine, const Blocks& blocks) {
  const SpecialBlock* block =
      Pick(machine, blocks, [](const SpecialBlock& b) { return !b.at_start && b.data() - b.header() > 128; });
  if (block == nullptr) return NoBlock();
  SpecialFault fault = About(machine, *block);
  fault.truth.culprit_tag.clear();
  fault.truth.culprit_header = 0;
  const std::uint64_t first = block->header() + 64;
  const std::uint64_t at = first + machine.random().Below(block->data() - 16 - first);
  const std::uint8_t flipped = static_cast<std::uint8_t>(block->fill ^ 1U << machine.random().Below(8));
  machine.memory().Write(at, Bytes{flipped});
  fault.truth.damage_start = at;
  fault.truth.damage_end = at + 1;
  FreeFound(*block, at, 0x32, fault);
  return fault;
}

Result<SpecialFault> FreedTwice(Machine& machine, const Blocks& blocks) {
  const SpecialBlock* block = Pick(machine, blocks, Any);
  if (block == nullptr) return NoBlock();
  SpecialFault fault = About(machine, *block);
  FreeSpecialBlock(machine, *block);
  FreeFound(*block, 0, 0x20, fault);
  return fault;
}

/// The owner's own code, or the kernel's that works for it.
BugCheckFacts Trapped(const Machine& machine, const SpecialBlock& block, std::uint64_t address, bool after_free) {
  const std::uint8_t driver = Tags()[block.model].driver;
  const std::uint32_t code = after_free ? (driver == 0 ? 0xCC : 0xD5) : (driver == 0 ? 0xCD : 0xD6);
  return {code, {address, 1, machine.layout().driver_bases[driver] + 0x10E6, 0}};
}

Result<SpecialFault> Guard(Machine& machine, const Blocks& blocks) {
  const SpecialBlock* block = Pick(machine, blocks, Any);
  if (block == nullptr) return NoBlock();
  SpecialFault fault = About(machine, *block);
  if (block->at_start) fault.truth.kind = "underrun";
  // Whoever writes byte after byte fills what lies between the block's end and the page's first.
  const std::uint64_t slop = block->at_start ? 0 : block->slop_end() - block->data_end();
  if (slop > 0) Write(machine, *block, block->data_end(), Behind(machine, *block, slop), fault);
  fault.crash = Trapped(machine, *block, block->at_start ? block->page - 4 : block->page + kPage, false);
  return fault;
}

Result<SpecialFault> AfterFree(Machine& machine, const Blocks& blocks) {
  const SpecialBlock* block = Pick(machine, blocks, Any);
  if (block == nullptr) return NoBlock();
  SpecialFault fault = About(machine, *block);
  FreeSpecialBlock(machine, *block);
  fault.crash = Trapped(machine, *block, block->data() + machine.random().Below(block->request) / 4 * 4, true);
  return fault;
}

}  // namespace

bool IsSpecialFault(Fault fault) { return fault >= Fault::kSpecialOverrun; }

Result<SpecialFault> InjectSpecialFault(Machine& machine, const Blocks& blocks) {
  const auto inject = [&]() -> Result<SpecialFault> {
    switch (machine.recipe().fault) {
      case Fault::kSpecialOverrun:
        return Slop(machine, blocks);
      case Fault::kSpecialUnderrun:
        return Underrun(machine, blocks);
      case Fault::kSpecialBitFlip:
        return Flip(machine, blocks);
      case Fault::kSpecialDoubleFree:
        return FreedTwice(machine, blocks);
      case Fault::kSpecialGuard:
        return Guard(machine, blocks);
      default:
        return AfterFree(machine, blocks);
    }
  };
  Result<SpecialFault> fault = inject();
  if (fault && machine.recipe().bugcheck == "none") fault->crash = {};
  return fault;
}

}  // namespace poolblame::samples
