// One place in a driver's image where a tag's four bytes stand, and what they are there.
#pragma once

#include <cstddef>

#include "parser/base/address.h"
#include "pooltag/pool_routines.h"

namespace poolblame {

/// From what says most to what says nothing.
enum class TagUse {
  kCall,       // the tag's argument of a pool routine
  kArgument,   // an argument of a call that could not be named: a wrapper of the driver's own, a table of functions
  kImmediate,  // any other operand: compared, stored in a structure
  kData,       // an aligned constant of its own in data
  kText,       // letters in the middle of a longer text
  kChance,     // four bytes that happen to be these: parts of instructions, unaligned data
};
inline constexpr std::size_t kTagUseCount = 6;

struct TagSite {
  TagUse use = TagUse::kChance;
  VirtAddr address{};                    // of the instruction; of the constant itself in data
  const PoolRoutine* routine = nullptr;  // of kCall
  unsigned argument = 0;                 // of kCall and kArgument, from 1
};

}  // namespace poolblame
