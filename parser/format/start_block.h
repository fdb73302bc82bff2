// The "low stub": the page below 1 MiB from which Windows starts the other processors of an x64 machine
// (PROCESSOR_START_BLOCK). It holds the system's CR3. Newer firmware may leave none.
//
// Source: MemProcFS (vmmwininit.c), on which memflow's reader rests, too: one origin. Only public masks of it are
// known.
#pragma once

#include <cstdint>

namespace poolblame {

/// A word of the block: what it must be under a mask.
struct StartBlockWord {
  std::uint32_t offset;
  std::uint64_t mask, value;
};

inline constexpr StartBlockWord kStartBlockWords[] = {
    {0x00, 0xFFFFFFFFFFFF00FF, 0x00000001000600E9},  // a jump, and what follows it
    {0x70, 0xFFFFF80000000003, 0xFFFFF80000000000},  // address of the kernel's entry
    {0xA0, 0xFFFFFF0000000FFF, 0},                   // CR3
};
inline constexpr std::uint32_t kStartBlockTableBaseAt = 0xA0;
inline constexpr std::uint64_t kStartBlockFirstPage = 1, kStartBlockLastPage = 0xFF;

}  // namespace poolblame
