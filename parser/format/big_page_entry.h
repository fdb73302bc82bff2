// POOL_TRACKER_BIG_PAGES: one allocation of a page or more, an entry of nt!PoolBigPageTable. One row a Windows.
//
// Va is first, as wide as a pointer; its bit 0 says that the entry is free (1 alone: never used), the rest of a free
// entry still tells of its last owner. Key is the tag, behind Va. From Vista on the word between tag and size is
// PoolType, on Windows 10 {Pattern:8, PoolType:12, SlushSize:12}; nobody has published what the first and the last are
// for, nor, from 20348 on, which flags stand there: that word is not read then.
// Sources: PDB-derived headers of XP SP3 to 11 (Vergilius), `dt` output of Windows 7 and 10, Volatility's bigpagepools.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

namespace poolblame {

enum class BigPageSize { kPages, kBytes };  // what the entry's size counts

struct BigPageEntryLayout {
  std::uint32_t first_build = 0, last_build = 0;  // inclusive
  bool is_64bit = false;
  std::uint32_t stride = 0;  // bytes
  std::uint32_t size = 0;    // offset of the size; as wide as a pointer where it counts bytes, else 4
  BigPageSize size_counts = BigPageSize::kBytes;
  std::uint32_t slush = 0;      // offset of the word with SlushSize and Pattern; 0 = none
  std::uint32_t pool_type = 0;  // offset of the word with PoolType; 0 = none, or not known how it is written
  std::uint32_t pool_type_shift = 0;
};

inline constexpr std::uint32_t kSlushPatternBits = 0xFF, kSlushSizeShift = 20;
inline constexpr std::uint32_t kBigPoolTypeBits = 0xFFF;

inline constexpr std::array<BigPageEntryLayout, 8> kBigPageEntryLayouts = {{
    {0, 2600, false, 0x0C, 0x8, BigPageSize::kPages},
    {3790, 3790, false, 0x10, 0x8, BigPageSize::kPages},
    {3790, 3790, true, 0x18, 0xC, BigPageSize::kPages},
    {6000, 10239, false, 0x10, 0xC, BigPageSize::kBytes, 0, 0x8, 0},
    {6000, 10239, true, 0x18, 0x10, BigPageSize::kBytes, 0, 0xC, 0},
    {10240, 19045, false, 0x10, 0xC, BigPageSize::kBytes, 0x8, 0x8, 8},
    {10240, 20347, true, 0x18, 0x10, BigPageSize::kBytes, 0xC, 0xC, 8},
    {20348, std::numeric_limits<std::uint32_t>::max(), true, 0x20, 0x10, BigPageSize::kBytes},
}};

}  // namespace poolblame
