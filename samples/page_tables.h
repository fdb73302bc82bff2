// Writes the hardware page tables for everything that is mapped, with the self-map entry Windows keeps.
#pragma once

#include <cstdint>

#include "samples/kernel_memory.h"

namespace poolblame::samples {

enum class Paging { kX86, kPae, kX64, kX64La57, kArm64 };

/// Builds the tables in frames of their own and returns CR3. `self_map` is the top table's index of the x64 self-map
/// entry (0x1ED before 14393, drawn later; that it is the top table's with five levels is assumed); the 32-bit modes
/// have a fixed one. Returns 0 when RAM is used up.
std::uint64_t WritePageTables(KernelMemory& memory, Paging paging, std::uint32_t self_map);

/// Frames that WritePageTables would take for what is mapped now.
std::uint64_t TablesNeeded(const KernelMemory& memory, Paging paging);

}  // namespace poolblame::samples
