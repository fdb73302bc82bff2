// The words of a structure: what stands at each place of a tag's structures, and in rich payloads how its blocks differ
// in that: a tag has up to four shapes, with unions whose meaning goes by the shape; fields that few blocks have set;
// counters that ran away in one block of many; list heads that are empty in most.
#pragma once

#include <cstddef>
#include <cstdint>

#include "samples/payload.h"
#include "samples/random.h"

namespace poolblame::samples {

/// What payloads draw their words from.
constexpr std::uint64_t Hash(std::uint64_t a, std::uint64_t b) { return MixSeed(a, b + 1); }
constexpr std::uint64_t TagSeed(const TagSpec& spec) { return TagOf(spec.tag); }

/// The pointer-sized word at `index` of the structure at `va`.
std::uint64_t StructWord(const PayloadWorld& world, const TagSpec& spec, std::uint64_t seed, std::uint64_t va,
                         std::size_t index);
/// True where this word is the same in every structure of the tag.
bool IsFixedWord(const PayloadWorld& world, const TagSpec& spec, std::size_t index);

/// Which of its tag's shapes a block has, 0 the commonest; always 0 in plain payloads.
std::uint64_t ShapeOf(const PayloadWorld& world, std::uint64_t seed);
/// A table of pointers has no function here, in this block.
bool IsEmptyEntry(const PayloadWorld& world, const TagSpec& spec, std::uint64_t seed, std::size_t index);

}  // namespace poolblame::samples
