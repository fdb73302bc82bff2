// payload=rich: what real pools hold beside structures that are all filled alike. A block may be fresh and not filled
// yet, filled in part, cleared, a copy of what its neighbour holds, or the only one of its kind; text and arrays end
// before their buffer does. Which block is what goes by its seed and address, so the truth can ask again.
#pragma once

#include <cstdint>

#include "samples/kernel_memory.h"
#include "samples/payload.h"
#include "samples/pool.h"

namespace poolblame::samples {

enum class Habit : std::uint8_t {
  kUsual,
  kUnfilled,    // nothing written: the last owner's bytes
  kFirstWords,  // one to four words set, old bytes behind them
  kZeroed,      // cleared on allocation and nothing set yet
  kCopy,        // begins with what the block below it holds
  kOneOfAKind,  // holds what no other block of its tag does
};

/// Of the block of an owner's `seed` whose payload begins at `va`.
Habit HabitOf(std::uint64_t seed, std::uint64_t va);

/// Writes what the owner would write into the block it has just got.
void FillRich(KernelMemory& memory, const PayloadWorld& world, const Pool& pool, std::uint64_t header);

/// True where the byte is the same in every block of the tag that is filled as usual, and this block is.
bool IsFixedInRich(const PayloadWorld& world, const Block& block, std::uint64_t va, std::uint64_t offset);

}  // namespace poolblame::samples
