// What a started Windows leaves for those who look for it in bare memory (recipe word `boot=yes`).
#pragma once

#include <cstdint>

#include "samples/machine.h"

namespace poolblame::samples {

/// KUSER_SHARED_DATA, mapped where Windows has it, and the version resource of the kernel's image.
void WriteBootTraces(Machine& machine);

/// The page below 1 MiB from which an x64 Windows starts its other processors, with CR3.
void WriteStartBlock(Machine& machine, std::uint64_t cr3);

}  // namespace poolblame::samples
