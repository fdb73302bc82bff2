// Damage that leaves every header legal: one block's payload breaks what all its siblings have in common, and what
// stands there instead also stands in the block below. Both are asked for, because healthy variety breaks templates
// too.
#pragma once

#include <vector>

#include "heuristics/scene.h"
#include "heuristics/sibling_template.h"

namespace poolblame {

/// Appends an incident for each such block on a page without other findings. Reads each healthy pool page once.
void AddPayloadIncidents(std::vector<Scene>& scenes, SceneSetter& setter, const TemplateTable& templates);

}  // namespace poolblame
