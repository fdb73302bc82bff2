// nt!PoolTrackTable: the counts of all pools but session pool, which has a table of its own that is left out here.
#pragma once

#include "samples/machine.h"

namespace poolblame::samples {

/// Writes the table and, at `variable`, the pointer to it; its size in entries lies before that. Nothing where RAM is
/// used up.
void WriteTrackerTable(Machine& machine, std::uint64_t variable);

}  // namespace poolblame::samples
