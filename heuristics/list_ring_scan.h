// Blocks that were freed twice with other frees in between: the second free put the block on its lookaside list again,
// and what lay above it now leads back to it. A list that leads back to a block of its own has no other cause that
// leaves every link the address of a freed block.
#pragma once

#include <vector>

#include "heuristics/scene.h"

namespace poolblame {

/// Appends an incident for each ring of two or more freed blocks; its scene is that of the block that the bug check
/// names, else of the lowest one. Which of them was freed twice only the list's head would say. Rings of one are
/// AddSelfLinkIncidents' and the page findings'. Blocks on pages with findings are left out. Cost: one walk over the
/// headers of all healthy pages, 16 bytes for each listed block.
void AddListRingIncidents(std::vector<Scene>& scenes, SceneSetter& setter);

}  // namespace poolblame
