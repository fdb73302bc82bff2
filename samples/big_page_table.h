// PoolBigPageTable: the kernel's list of allocations without a POOL_HEADER.
#pragma once

#include <cstdint>

#include "samples/machine.h"

namespace poolblame::samples {

/// Writes the table, and in front of the variable PoolTrackTable the two variables from which readers find it.
void WriteBigPageTable(Machine& machine, std::uint64_t track_table_variable);

}  // namespace poolblame::samples
