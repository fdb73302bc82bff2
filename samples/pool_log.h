// Driver Verifier's log of pool calls, as `pool_log=N` asks for it: N records of allocations of blocks that are in the
// pools, one of them the culprit's.
#pragma once

#include "samples/builder.h"
#include "samples/machine.h"

namespace poolblame::samples {

/// Where the owner of blocks of this model calls the pool from.
std::uint64_t CallSiteOf(const Machine& machine, std::uint16_t model);

/// Writes the log and the kernel's pointer to it; as much of it as there is RAM for. Call when the history is over.
void WritePoolLog(Machine& machine, const Truth& truth);

}  // namespace poolblame::samples
