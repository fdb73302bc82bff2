// Writes the hardware page tables for everything that is mapped, with the self-map entry Windows keeps.
#pragma once

#include <cstdint>

#include "samples/kernel_memory.h"

namespace poolblame::samples {

enum class Paging { kX86, kPae, kX64, kX64La57, kArm64 };

/// How the tables map themselves. Windows has just one way; the other is for tables that cannot be told by it.
struct SelfMap {
  std::uint32_t index = 0x1ED;  // of the entry in a top table of 512; the 32-bit modes have a fixed one
  bool hidden = false;          // the entry behind it names the table, too; the 32-bit modes have none at all
};

/// Builds the tables in frames of their own and returns CR3. The entry's index is 0x1ED before 14393 and drawn later;
/// that it is the top table's with five levels is assumed. Returns 0 when RAM is used up.
std::uint64_t WritePageTables(KernelMemory& memory, Paging paging, const SelfMap& self_map);

/// Frames that WritePageTables would take for what is mapped now.
std::uint64_t TablesNeeded(const KernelMemory& memory, Paging paging);

}  // namespace poolblame::samples
