// Facts made by hand for the renderers: one x64 page where a 'Culp' block of 96 bytes runs 8 bytes into the header of a
// 'Vict' block, as a report would describe it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "cli/analysis.h"

namespace poolblame::cli {

inline constexpr std::uint64_t kPage = 0xFFFFFA8001234000;
inline constexpr std::uint32_t kCulpritOffset = 0x100, kVictimOffset = 0x160;

/// A page of blocks with sound headers, tiling the page: the size in bytes and the tag of each in turn.
PoolPage MakePage(const std::vector<std::pair<std::uint32_t, const char*>>& blocks);

/// The page described above, damage and recovered header included.
PoolPage DamagedPage();

/// The incident described above: strong, 91 %.
Incident OverrunIncident();

/// A whole report about it.
ImageReport OverrunReport();

/// The same image without damage.
ImageReport CleanReport();

}  // namespace poolblame::cli
