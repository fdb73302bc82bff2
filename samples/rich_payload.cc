#include "samples/rich_payload.h"

#include <algorithm>

#include "samples/random.h"

namespace poolblame::samples {
namespace {

// Salts of the draws, so that they do not move together.
constexpr std::uint64_t kHabitDraw = 0x4AB1, kFreshDraw = 0xF4E5, kLengthDraw = 0x1E46;

struct HabitShare {
  Habit habit;
  std::uint64_t percent;
};
// The shares are ours, not measured: each is common enough to occur several times in a small image.
constexpr HabitShare kShares[] = {
    {Habit::kUnfilled, 2}, {Habit::kFirstWords, 2}, {Habit::kZeroed, 1}, {Habit::kCopy, 3}, {Habit::kOneOfAKind, 1}};
// Memory that was cleared before it was handed out lies together: one piece of 1 KiB in forty.
constexpr std::uint64_t kFreshBytes = 0x400, kOneFreshIn = 40;

bool IsBuffer(const TagSpec& spec) {
  return spec.content == Content::kUnicode || spec.content == Content::kAscii || spec.content == Content::kPacket ||
         spec.content == Content::kRecords || spec.content == Content::kBitmap;
}

/// How much of it the owner fills: a buffer is seldom full. What is behind stays as it was.
std::size_t FilledBytes(const TagSpec& spec, const Block& block) {
  std::size_t filled = std::max<std::size_t>(std::size_t{block.request} * spec.fill_percent / 100, 4);
  const std::uint64_t draw = MixSeed(block.seed, kLengthDraw);
  if (IsBuffer(spec) && draw % 2 == 0) filled = std::max<std::size_t>(filled * (draw / 2 % 100) / 100, 8);
  if (spec.content == Content::kUnicode) filled &= ~std::size_t{1};
  return std::min<std::size_t>(filled, block.request);
}

/// What no other block of the tag holds: other content, or a structure of its own.
Bytes OneOfAKind(const PayloadWorld& world, const TagSpec& spec, const Block& block, std::uint64_t va) {
  constexpr Content kOthers[] = {Content::kStruct, Content::kAscii,   Content::kUnicode, Content::kPacket,
                                 Content::kRandom, Content::kRecords, Content::kPointers};
  const std::uint64_t draw = MixSeed(block.seed, kHabitDraw + 1);
  const TagSpec& other = Tags()[draw / 8 % Tags().size()];
  TagSpec mixed = spec;
  mixed.tag = other.tag;
  mixed.content = kOthers[draw % std::size(kOthers)];
  mixed.stride = 20;
  return OwnerContent(world, mixed, block.seed, va, block.request, true);
}

/// The first bytes of the block below, as many as fit: a packet or a name that was handed on.
Bytes CopyOfBelow(const KernelMemory& memory, const Pool& pool, std::uint64_t header) {
  const Block* below = pool.Previous(header);
  if (below == nullptr || below->state != BlockState::kAllocated || below->model == kNoModel) return {};
  const auto lower = pool.HeaderHolding(header - 1);
  if (!lower || *lower == 0 || pool.Find(*lower) != below) return {};
  return memory.Read(pool.Payload(*lower), std::min(below->request, pool.Find(header)->request));
}

}  // namespace

Habit HabitOf(std::uint64_t seed, std::uint64_t va) {
  if (MixSeed(va / kFreshBytes, kFreshDraw) % kOneFreshIn == 0) return Habit::kZeroed;
  std::uint64_t draw = MixSeed(seed, kHabitDraw) % 100;
  for (const HabitShare& share : kShares) {
    if (draw < share.percent) return share.habit;
    draw -= share.percent;
  }
  return Habit::kUsual;
}

void FillRich(KernelMemory& memory, const PayloadWorld& world, const Pool& pool, std::uint64_t header) {
  const Block& block = *pool.Find(header);
  const TagSpec& spec = Tags()[block.model];
  const std::uint64_t va = pool.Payload(header);
  const std::size_t filled = FilledBytes(spec, block);
  switch (HabitOf(block.seed, va)) {
    case Habit::kUnfilled:
      return;
    case Habit::kFirstWords: {
      const std::size_t words = 1 + MixSeed(block.seed, kLengthDraw) % 4;
      memory.Write(va, OwnerContent(world, spec, block.seed, va, std::min(words * world.pointer_size, filled), false));
      return;
    }
    case Habit::kZeroed:
      return memory.Write(va, Bytes(block.request, 0));
    case Habit::kOneOfAKind:
      return memory.Write(va, OneOfAKind(world, spec, block, va));
    case Habit::kCopy:
      memory.Write(va, OwnerContent(world, spec, block.seed, va, filled, true));
      return memory.Write(va, CopyOfBelow(memory, pool, header));
    case Habit::kUsual:
      break;
  }
  memory.Write(va, OwnerContent(world, spec, block.seed, va, filled, true));
}

bool IsFixedInRich(const PayloadWorld& world, const Block& block, std::uint64_t va, std::uint64_t offset) {
  const TagSpec& spec = Tags()[block.model];
  return HabitOf(block.seed, va) == Habit::kUsual && offset < FilledBytes(spec, block) &&
         IsFixedByte(world, spec, offset);
}

}  // namespace poolblame::samples
