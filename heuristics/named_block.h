// The block that the bug check points at: which scenes it speaks of, and the case of its own that it is where no byte
// of it is known to be wrong.
#pragma once

#include <vector>

#include "heuristics/scene.h"

namespace poolblame {

/// Notes in the scene whether the bug check points into it.
void MarkCrash(Scene& scene);

/// Adds the block that the bug check names, unless a scene has it: a double or bad free leaves no damaged byte.
void AddNamedBlock(std::vector<Scene>& scenes, SceneSetter& setter);

/// Adds the block of the segment heap that the kernel complained of, where no scene lies in its subsegment: nothing is
/// found damaged, the report says so and names nobody.
void AddComplaint(std::vector<Scene>& scenes, SceneSetter& setter);

}  // namespace poolblame
