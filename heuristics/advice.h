// What to do next: the capture or the setting that would settle the case.
#pragma once

#include <string>
#include <vector>

#include "heuristics/report.h"
#include "heuristics/scene.h"
#include "heuristics/special_scene.h"

namespace poolblame {

/// Lines for Incident::advice. Names a driver only where REPORT.md allows it.
std::vector<std::string> AdviceFor(const Incident& incident, const Scene& scene);

/// The same for a fault in special pool.
std::vector<std::string> AdviceForSpecial(const Incident& incident, const SpecialScene& scene);

}  // namespace poolblame
