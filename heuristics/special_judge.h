// From special-pool scenes to incidents of the report.
#pragma once

#include <vector>

#include "heuristics/hypothesis.h"
#include "heuristics/report.h"
#include "heuristics/special_scene.h"

namespace poolblame {

/// All explanations of the scene with their votes, weighed; Hypothesis::block is 0 where it is the block.
std::vector<Hypothesis> WeighSpecial(const SpecialScene& scene);

/// What happened there, but for the advice: that names drivers, who are known when all incidents are.
/// `of_several_moments`: the image is a live dump.
Incident JudgeSpecialScene(const SpecialScene& scene, bool of_several_moments);

}  // namespace poolblame
