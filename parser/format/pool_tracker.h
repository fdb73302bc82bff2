// POOL_TRACKER_TABLE: what nt counts for one tag, an entry of nt!PoolTrackTable. One row a range of Windows.
//
// Key is the tag without the protected bit, 0 where the entry is unused. Each pool has allocations and frees since boot
// and bytes outstanding, a SIZE_T. Up to 15063 the counters are 32-bit and may have wrapped; from 16299 they are
// 64-bit. From 20348 on AvailableLimit[2] and LimitInfo follow, which are not read here. Sources: PDB-derived headers
// of XP to 11 (Vergilius; ntdiff for 10586 x64 and 18885 ARM64), Volatility's vtypes. Windows 2000 and NT: nothing
// published. 20348 itself: unsure, one row with 22000; a table is known by its entries, so that a wrong row reads
// nothing.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

namespace poolblame {

/// Offsets of one pool's numbers.
struct TrackerCountLayout {
  std::uint32_t allocs = 0, frees = 0, bytes = 0;
};

struct TrackerLayout {
  std::uint32_t first_build = 0, last_build = 0;  // inclusive
  bool is_64bit = false;
  std::uint32_t stride = 0;         // bytes of one entry
  std::uint32_t counter_bytes = 0;  // of allocs and frees; bytes outstanding are as wide as a pointer
  TrackerCountLayout nonpaged, paged;
};

inline constexpr std::array<TrackerLayout, 5> kTrackerLayouts = {{
    {2600, 16298, false, 0x1C, 4, {0x04, 0x08, 0x0C}, {0x10, 0x14, 0x18}},
    {2600, 16298, true, 0x28, 4, {0x04, 0x08, 0x10}, {0x18, 0x1C, 0x20}},
    {16299, 19045, false, 0x30, 8, {0x08, 0x10, 0x04}, {0x20, 0x28, 0x18}},
    {16299, 20347, true, 0x38, 8, {0x10, 0x18, 0x08}, {0x28, 0x30, 0x20}},
    {20348, std::numeric_limits<std::uint32_t>::max(), true, 0x50, 8, {0x10, 0x18, 0x08}, {0x28, 0x30, 0x20}},
}};

/// Builds whose word before nt!PoolTrackTable is known to be PoolTrackTableSize, in entries (Volatility's pooltracker).
inline constexpr std::uint32_t kFirstBuildWithTrackerSize = 6000, kLastBuildWithTrackerSize = 19045;

}  // namespace poolblame
