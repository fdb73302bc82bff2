// The crash on a build with the segment heap.
#pragma once

#include "samples/fault.h"

namespace poolblame::samples {

/// What the kernel would say when it meets the damage: 0x13A and its kind, 0x139 for a broken tree, 0xC2 for a quota
/// pointer that is none, 0x50 for a garbage pointer; nobody's crash where the damage would not be met soon.
BugCheckFacts HeapCrashOf(Machine& machine, const FaultRecord& record, const Truth& truth);

/// 0x139 of a balanced tree, with `node` in a register of the trap frame.
BugCheckFacts TreeCheckFailed(Machine& machine, std::uint64_t node);

/// 0x13A whatever the damage is, as a recipe may ask for.
BugCheckFacts HeapCorruption(Machine& machine, const FaultRecord& record);

}  // namespace poolblame::samples
