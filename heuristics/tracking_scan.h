// Overruns that stay inside their own block: of what the owner asked for and into the pointer that Driver Verifier
// keeps in the block's last bytes. No header is hit; the record that the pointer led to still names the block.
#pragma once

#include <vector>

#include "heuristics/scene.h"

namespace poolblame {

/// Adds one incident for each pointer that `records` calls lost, unless damage that is known lies beside it.
void AddTrackingIncidents(std::vector<Scene>& scenes, SceneSetter& setter, const VerifierRecords& records);

}  // namespace poolblame
