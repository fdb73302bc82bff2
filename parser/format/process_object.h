// The process object as far as it tells where its page tables lie. KPROCESS begins alike in every Windows from 2000 to
// 11, ARM64's included: a DISPATCHER_HEADER of type 3, ProfileListHead, DirectoryTableBase. Nobody profiles a process
// in the usual run of things, so the list is empty and its two pointers name the head: the object tells its own
// address. EPROCESS.ImageFileName moves from version to version (0x14C to 0x1AC on x86, 0x238 to 0x5A8 on x64, 0x338
// from 26100 on), always to a multiple of four; so it is looked for and needs no row a version.
//
// Sources: PDB-derived headers of 52 kernels from 2600 to 22631 (Vergilius), of 19569 for ARM64 (ntdiff), and of 2195
// in public debugger output; MemProcFS (vmmwin.c) looks for the name in the same way.
#pragma once

#include <cstdint>
#include <string_view>

namespace poolblame {

struct ProcessObjectLayout {
  std::uint32_t alignment;        // of the object: that of pool blocks
  std::uint32_t profile_list_at;  // Pcb.ProfileListHead
  std::uint32_t table_base_at;    // Pcb.DirectoryTableBase: what CR3 holds while the process runs, with its flag bits
};

inline constexpr ProcessObjectLayout kProcessObject32 = {8, 0x10, 0x18};
inline constexpr ProcessObjectLayout kProcessObject64 = {16, 0x18, 0x28};
inline constexpr std::uint8_t kProcessObjectType = 3;  // DISPATCHER_HEADER.Type, the object's first byte

/// ImageFileName begins at a multiple of four in [kProcessNameFrom, kProcessNameTo) of the object.
inline constexpr std::uint32_t kProcessNameFrom = 0x100, kProcessNameTo = 0x800, kProcessNameAlignment = 4;
/// ImageFileName of the System process, with its padding: 15 bytes (16 before Windows 7).
inline constexpr std::string_view kSystemProcessName{"System\0\0\0\0\0\0\0\0\0", 15};

}  // namespace poolblame
