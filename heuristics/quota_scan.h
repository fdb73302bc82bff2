// ProcessBilled of x64 headers: quota blocks name the process they are charged to, as it is or (Windows 8 and later)
// XORed with the header's address and one cookie of the system. Nobody needs to know process or cookie: on one system
// the values, the header's address taken out, share their upper 16 bits (all are kernel addresses) and their lowest
// four (objects lie on 16-byte boundaries). A value that does not was overwritten, though every field that the pool
// itself checks is still right. Blocks on lookaside lists of Windows 8 and later hold the cookie alone.
// The kernel itself checks both only when the block is freed or used again: 0xC2/0xD and 0x19/0xE.
#pragma once

#include <vector>

#include "heuristics/scene.h"

namespace poolblame {

/// Appends an incident for each such block on a page without other findings. What this image's blocks do not keep to is
/// no rule: nothing is reported unless sixteen blocks of a kind (four where values are plain) agree for each that does
/// not, and at most two do not.
/// Cost: two walks over the headers of all healthy pages, x64 only.
void AddQuotaIncidents(std::vector<Scene>& scenes, SceneSetter& setter);

}  // namespace poolblame
