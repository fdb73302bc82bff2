// The whole reasoning of one incident as facts: every hypothesis with every vote and what it brought.
#pragma once

#include <vector>

#include "heuristics/hypothesis.h"
#include "heuristics/report.h"
#include "heuristics/special_scene.h"

namespace poolblame {

/// `ranked`: the weighed hypotheses, most probable first.
Explanation ExplanationOf(const Scene& scene, const std::vector<Hypothesis>& ranked, std::vector<ConfidenceTest> tests);
/// The same of an incident in special pool, whose hypotheses have no range of their own.
Explanation ExplanationOf(const SpecialScene& scene, const std::vector<Hypothesis>& ranked,
                          std::vector<ConfidenceTest> tests);

}  // namespace poolblame
