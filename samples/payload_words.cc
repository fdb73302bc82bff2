#include "samples/payload_words.h"

#include "samples/pool_block.h"
#include "samples/random.h"

namespace poolblame::samples {
namespace {

enum class WordKind { kConstant, kOwnerPointer, kPoolPointer, kSelfLink, kCounter, kFlags, kTime, kZero };

// Rich payloads: one block in so many.
constexpr std::uint64_t kHasOptional = 40, kRanAway = 60, kHasEntries = 10;
// Words that belong together: a union, or an optional name with its length and pointer.
constexpr std::size_t kGroupWords = 4;
// Salts of the draws, so that they do not move together.
constexpr std::uint64_t kShapeDraw = 0x5A9E, kUnionDraw = 0x0410, kOptionalDraw = 0x0F71, kValueDraw = 0xF00D;

enum class Group { kCommon, kUnion, kOptional };

/// What the four words around `index` are. The first four are common: a structure says there what it is.
Group GroupOf(const TagSpec& spec, std::size_t index) {
  const std::size_t group = index / kGroupWords;
  if (group == 0) return Group::kCommon;
  const std::uint64_t draw = Hash(TagSeed(spec) ^ kUnionDraw, group) % 10;
  return draw < 3 ? Group::kUnion : draw < 5 ? Group::kOptional : Group::kCommon;
}

/// The meaning of the word at `index` in a structure of this tag and shape: the same in every block.
WordKind KindOfWord(const PayloadWorld& world, const TagSpec& spec, std::uint64_t shape, std::size_t index) {
  if (index == 0) return WordKind::kConstant;
  const bool by_shape = world.rich && GroupOf(spec, index) == Group::kUnion;
  switch (Hash(TagSeed(spec) + (by_shape ? shape : 0), index) % 16) {
    case 0:
    case 1:
      return WordKind::kConstant;
    case 2:
    case 3:
      return WordKind::kOwnerPointer;
    case 4:
    case 5:
      return WordKind::kPoolPointer;
    case 6:
      return WordKind::kSelfLink;
    case 7:
    case 8:
      return WordKind::kCounter;
    case 9:
      return WordKind::kFlags;
    case 10:
      return WordKind::kTime;
    default:
      return WordKind::kZero;
  }
}

/// A list head is two pointers to itself, both or neither elsewhere, and lies at an even word.
bool IsListHead(const PayloadWorld& world, const TagSpec& spec, std::uint64_t shape, std::size_t index) {
  return world.rich && KindOfWord(world, spec, shape, index & ~std::size_t{1}) == WordKind::kSelfLink;
}

/// An optional name: where it is, how long it is, and its first characters, all zero where a block has none.
std::uint64_t OptionalWord(const PayloadWorld& world, std::uint64_t seed, std::uint64_t va, std::size_t index) {
  const std::size_t group = index / kGroupWords, word = index % kGroupWords;
  if (Hash(seed ^ kOptionalDraw, group) % kHasOptional != 0) return 0;
  if (word == 0) return va + (index + 2) * world.pointer_size;
  if (word == 1) return Hash(seed ^ kValueDraw, index) % 28 * 2 + 2;
  std::uint64_t text = 0;
  for (std::size_t i = 0; i < world.pointer_size; ++i)
    text |= std::uint64_t{static_cast<std::uint8_t>(TextCharacter(seed, (word - 2) * world.pointer_size + i, true))}
            << (8 * i);
  return text;
}

std::uint64_t CounterValue(const PayloadWorld& world, std::uint64_t seed, std::size_t index) {
  const std::uint64_t own = Hash(seed, index);
  const bool ran_away = world.rich && Hash(seed ^ kValueDraw, index) % kRanAway == 0;
  return ran_away ? own >> (own % 48) : own % 64;
}

}  // namespace

std::uint64_t ShapeOf(const PayloadWorld& world, std::uint64_t seed) {
  if (!world.rich) return 0;
  const std::uint64_t draw = Hash(seed, kShapeDraw) % 100;
  return draw < 62 ? 0 : draw < 86 ? 1 : draw < 96 ? 2 : 3;
}

bool IsEmptyEntry(const PayloadWorld& world, const TagSpec& spec, std::uint64_t seed, std::size_t index) {
  if (!world.rich || index == 0) return false;
  return Hash(TagSeed(spec) ^ kOptionalDraw, index) % 4 == 0 && Hash(seed ^ kOptionalDraw, index) % 8 != 0;
}

std::uint64_t StructWord(const PayloadWorld& world, const TagSpec& spec, std::uint64_t seed, std::uint64_t va,
                         std::size_t index) {
  if (world.rich && GroupOf(spec, index) == Group::kOptional) return OptionalWord(world, seed, va, index);
  const std::uint64_t fixed = Hash(TagSeed(spec), index ^ 0x5a5a);
  const std::uint64_t own = Hash(seed, index);
  const std::uint64_t in_pool = world.pool_base + (own % world.pool_size & ~std::uint64_t{15});
  const std::uint64_t shape = ShapeOf(world, seed);
  if (IsListHead(world, spec, shape, index)) {
    const std::size_t head = index & ~std::size_t{1};
    return Hash(seed ^ kValueDraw, head) % kHasEntries == 0 ? in_pool : va + head * world.pointer_size;
  }
  switch (KindOfWord(world, spec, shape, index)) {
    case WordKind::kConstant:
      return index == 0 ? (fixed & 0x0FFF000F) | 0x0100 : fixed & 0x00FFFFFF;
    case WordKind::kOwnerPointer:
      return world.driver_bases[spec.driver] + 0x1000 +
             (fixed % (Drivers()[spec.driver].image_size - 0x2000) & ~std::uint64_t{7});
    case WordKind::kPoolPointer:
      return in_pool;
    case WordKind::kSelfLink:
      return world.rich ? 0 : va + index * world.pointer_size;
    case WordKind::kCounter:
      return CounterValue(world, seed, index);
    case WordKind::kFlags:
      return (fixed & 0xFFFF) | (own % 4) << 16;
    case WordKind::kTime:
      return 0x01CF000000000000U | (own & 0xFFFFFFFFFFFFU);
    case WordKind::kZero:
      break;
  }
  return 0;
}

bool IsFixedWord(const PayloadWorld& world, const TagSpec& spec, std::size_t index) {
  if (world.rich && (GroupOf(spec, index) != Group::kCommon || IsListHead(world, spec, 0, index))) return false;
  const WordKind kind = KindOfWord(world, spec, 0, index);
  return kind == WordKind::kConstant || kind == WordKind::kOwnerPointer || kind == WordKind::kZero;
}

}  // namespace poolblame::samples
