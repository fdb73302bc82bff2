// Driver Verifier's ring of pool calls (`!verifier 0x80`): _VF_POOL_TRACE, one record for each allocation and free of a
// verified driver, in pointers of the machine: Address, Size, Thread, StackTrace. Source: PDB-derived headers of Vista
// to Windows 11 22H2 (Vergilius). Nothing in a record says whether it is an allocation or a free.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

namespace poolblame {

struct PoolTraceLayout {
  std::uint32_t first_build = 0, last_build = 0;  // inclusive
  bool is_64bit = true;
  std::uint32_t record_bytes = 0;
  std::uint32_t frames = 0;  // StackTrace, the call's own frame first; unused ones are zero
};

inline constexpr std::array<PoolTraceLayout, 3> kPoolTraceLayouts = {{
    {6000, 21999, false, 0x40, 13},
    {6000, 21999, true, 0x80, 13},
    {22000, std::numeric_limits<std::uint32_t>::max(), true, 0x1A8, 50},
}};

// In pointers from the record's begin:
inline constexpr std::uint32_t kTraceAddress = 0, kTraceSize = 1, kTraceThread = 2, kTraceStack = 3;

}  // namespace poolblame
