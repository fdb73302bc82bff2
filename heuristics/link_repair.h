// What must have stood in a broken link? The list still knows: the neighbour's other link names this entry.
#pragma once

#include <cstdint>
#include <optional>

#include "heuristics/scene.h"

namespace poolblame {

struct LinkRepair {
  std::uint64_t value = 0;           // the link as it must have been
  std::uint32_t differing_bits = 0;  // from what was read
  std::int64_t difference = 0;       // read minus repaired
};

/// Tries the values next to the one read (one bit flipped, plus or minus 1, 2, 4, 8) and takes the first whose list
/// entry points back at this one. Reads at most a hundred addresses.
std::optional<LinkRepair> RepairLink(const Scene& scene, const Spot& spot);

}  // namespace poolblame
