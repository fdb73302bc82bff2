// Finding the chunks of a VS subsegment: the walk where every header is sound, the cheapest tiling where one is not.
#pragma once

#include <cstdint>

#include "parser/pool/vs_subsegment.h"

namespace poolblame {

/// Fills `chunks`, `damaged` and `margin` of a subsegment whose bytes were read. False when what stands there is no
/// chain of chunks under this key. Cost: one walk; for a damaged one, up to kMostCandidates headers that decode to
/// legal sizes are weighed against each other.
bool TileVsSubsegment(VsSubsegment& subsegment, std::uint64_t heap_key);

}  // namespace poolblame
