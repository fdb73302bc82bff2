// The debugger data block as memory of a running Windows 8 or later (x64) has it (recipe word `kdbg=encoded`): encoded,
// with the keys in the kernel's data and the code that decodes it in the kernel's image.
#pragma once

#include "samples/kernel_data.h"
#include "samples/machine.h"

namespace poolblame::samples {

/// Encodes the block that is at `data.kdbg`.
void EncodeDebuggerBlock(Machine& machine, const KernelData& data);

}  // namespace poolblame::samples
