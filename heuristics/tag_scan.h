// A tag that occurs once, one bit away from a tag whose blocks of this size all look like this very block: the tag is
// what changed. Tags that differ in one bit by design (Ntf0, Ntf1) do not share their data's shape.
#pragma once

#include <vector>

#include "heuristics/scene.h"

namespace poolblame {

/// Appends an incident for each such block on a page without other findings. Cost: 31 look-ups for each rare tag.
void AddTagIncidents(std::vector<Scene>& scenes, SceneSetter& setter, const TemplateTable& templates);

}  // namespace poolblame
