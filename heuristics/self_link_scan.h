// Blocks on a lookaside list twice, where freed blocks keep the mark of one in use: the first pointer of such a block
// is the address it stands at, because the second free found the block itself at the head of the list.
#pragma once

#include <vector>

#include "heuristics/scene.h"

namespace poolblame {

/// Appends an incident for each such block on a page without other findings. Objects may begin with a pointer to
/// themselves, so nothing is reported unless four more blocks of the tag are known and none of them does; an empty
/// LIST_ENTRY, whose second pointer is the same, is none; nor is a block that holds more that its tag's blocks do not:
/// who wrote that wrote the pointer as well. Cost: a page for each block that the census noted.
void AddSelfLinkIncidents(std::vector<Scene>& scenes, SceneSetter& setter, const ImageContents& contents);

}  // namespace poolblame
