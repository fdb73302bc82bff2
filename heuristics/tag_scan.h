// A tag that occurs once, in no table. It is one bit away from a tag that many blocks have, and the block's data or the
// tag's own letters say so, too: a flipped bit. Tags that differ in one bit by design (Ntf0, Ntf1) do not share their
// data's shape, and they are spelled in letters and digits. Or its last letters go on behind it as one fill or one text
// in UTF-16, through ProcessBilled or the data: a write that ended behind the header.
#pragma once

#include <vector>

#include "heuristics/scene.h"

namespace poolblame {

/// Appends an incident for each such block on a page without other findings. Accepted as evidence: constants in front
/// of the other tag's blocks of any size, all of which this block has; a character that is no letter, digit or space
/// where the other tag has one; a free block that says `Free` but for one bit; nine bytes of one pattern from the tag's
/// last byte on. Cost: 31 look-ups for each rare tag, and the first 64 bytes of at most 48 blocks for each hit.
void AddTagIncidents(std::vector<Scene>& scenes, SceneSetter& setter);

}  // namespace poolblame
