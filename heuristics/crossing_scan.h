// Overruns that leave every header legal, because the header was put back or what stands in it happens to be right. A
// block whose first words are unlike those of its siblings is looked at together with the block below it: where what
// both hold is told best by one write over the end of the lower one, and by far, that is an incident.
#pragma once

#include <memory>
#include <vector>

#include "heuristics/scene.h"

namespace poolblame {

/// Appends an incident for each such block on a page without other findings. Reads the first words of each block of the
/// healthy pages once; blocks that stand out cost up to a millisecond each, and at most 2048 are looked at.
void AddCrossingIncidents(std::vector<Scene>& scenes, SceneSetter& setter,
                          const std::shared_ptr<const ImageContents>& contents);

}  // namespace poolblame
