// POOL_DESCRIPTOR: where the heads of a classic pool's free lists lie. One row a Windows.
//
// ListHeads is an array of LIST_ENTRYs, one a block size in units; it ends the structure and is a page long on every
// machine (512 of 8 bytes, 256 of 16). From 18362 on the structure has no lists.
// Sources: PDB-derived headers XP SP3 to 1809, x86 and x64 (Vergilius; ntdiff's dumps agree for Vista SP1 x64).
#pragma once

#include <array>
#include <cstdint>

namespace poolblame {

struct PoolDescriptorLayout {
  std::uint32_t first_build = 0, last_build = 0;  // inclusive
  bool is_64bit = false;
  std::uint32_t list_heads = 0;  // offset, bytes
};

inline constexpr std::uint32_t kListHeadsSize = 0x1000;

inline constexpr std::array<PoolDescriptorLayout, 7> kPoolDescriptorLayouts = {{
    {0, 2600, false, 0x28},
    {3790, 3790, false, 0x30},
    {3790, 3790, true, 0x48},
    {6000, 6003, false, 0x34},
    {6000, 6003, true, 0x48},
    {7600, 17763, false, 0x140},
    {7600, 17763, true, 0x140},
}};

}  // namespace poolblame
