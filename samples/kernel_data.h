// What a debugger looks for in a kernel: the debugger data block, the module list, unloaded drivers, the pool
// descriptors' and tables' addresses, and a little of every driver's image.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "samples/machine.h"

namespace poolblame::samples {

/// Addresses that the dump header repeats.
struct KernelData {
  std::uint64_t kdbg = 0;
  std::uint64_t loaded_modules = 0;    // PsLoadedModuleList
  std::uint64_t active_processes = 0;  // PsActiveProcessHead
};

/// One driver that has gone, as MmUnloadedDrivers remembers it.
struct UnloadedDriver {
  const char* name;
  std::uint64_t start;
  std::uint64_t end;
};
std::vector<UnloadedDriver> UnloadedDrivers(const Machine& machine);

/// Writes all of it into the machine's memory. Call when the history is over and before the page tables are written.
KernelData WriteKernelData(Machine& machine);

/// The bytes of KDDEBUGGER_DATA64 with `pool variables` at layout().nt_data.
Bytes DebuggerData(const Machine& machine, const KernelData& data);

}  // namespace poolblame::samples
