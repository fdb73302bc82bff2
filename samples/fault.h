// The ways a pool gets damaged. Each verb chooses its blocks from the allocator's shadow, changes bytes in memory as
// the bug would, and records what it did; the truth is made by comparing the bytes before and after.
#pragma once

#include <cstdint>
#include <optional>

#include "parser/base/error.h"
#include "samples/builder.h"
#include "samples/crash_facts.h"
#include "samples/machine.h"

namespace poolblame::samples {

/// What a fault did. Blocks that do not exist (a wild write has no culprit) have header 0.
struct FaultRecord {
  BlockRef culprit, victim;
  std::uint32_t culprit_tag = 0;
  VaRange damage;                   // bytes outside what the culprit owned, [begin, end)
  std::uint64_t written_from = 0;   // where the write began; damage.begin or before
  std::uint64_t written_to = 0;     // the byte behind its last; damage.end or behind
  std::uint32_t stride = 0;         // bytes of one record that it wrote; 0 = it wrote none
  Bytes before;                     // of `damage`
  bool caught = false;              // nothing was damaged: the kernel stopped at the faulty call
  std::uint64_t freed_address = 0;  // the address of that call
};

/// Does what the recipe's fault says. kUsage where no block of this image fits (too few pages, no such pool).
Result<FaultRecord> InjectFault(Machine& machine);

/// The truth about it, from the bytes as they are now.
Truth TruthOf(const Machine& machine, const FaultRecord& record);

/// What the kernel would say when it meets the damage, on this Windows.
BugCheckFacts CrashOf(Machine& machine, const FaultRecord& record, const Truth& truth);

}  // namespace poolblame::samples
