// The kernel routines that take a pool tag, and which argument it is.
#pragma once

#include <string_view>

namespace poolblame {

enum class TagVerb { kAllocates, kFrees, kInitialises };

struct PoolRoutine {
  std::string_view name;
  std::string_view exporter;  // whose export it is; "ntoskrnl.exe" for the kernel under any of its names
  TagVerb verb = TagVerb::kAllocates;
  unsigned argument = 0;      // place of the tag among the arguments, from 1
  unsigned argument_x86 = 0;  // the same in 4-byte stack slots: a 64-bit argument before it takes two
};

/// nullptr for any other routine.
const PoolRoutine* FindPoolRoutine(std::string_view name);
/// True where the table has a routine of this driver's: its exports are worth reading.
bool ExportsPoolRoutines(std::string_view driver);

}  // namespace poolblame
