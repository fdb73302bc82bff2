// The process object of the system itself, which names the page tables (recipe word `system=yes`).
#pragma once

#include <cstdint>

#include "samples/machine.h"

namespace poolblame::samples {

/// Writes it where pool blocks that are billed to a process say that theirs lies.
void WriteSystemProcess(Machine& machine, std::uint64_t cr3);

}  // namespace poolblame::samples
