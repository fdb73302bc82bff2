// From special-pool scenes to incidents of the report.
#pragma once

#include <vector>

#include "heuristics/hypothesis.h"
#include "heuristics/report.h"
#include "heuristics/special_scene.h"

namespace poolblame {

/// All explanations of the scene with their votes, weighed; Hypothesis::block is 0 where it is the block.
std::vector<Hypothesis> WeighSpecial(const SpecialScene& scene);

/// All incidents in special pool. Cost: a few pages are read.
std::vector<Incident> JudgeSpecialPool(const AddressSpace& space, const System& system, const PoolCensus& census,
                                       const TagDatabase& tags);

}  // namespace poolblame
