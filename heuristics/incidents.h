// From findings to incidents: damage that hangs together is one case, damage that does not is several.
#pragma once

#include <vector>

#include "heuristics/scene.h"

namespace poolblame {

/// All incidents of the image as scenes with their spots, in address order. At most kMaxIncidents; the rest is counted
/// in a note by Judge.
std::vector<Scene> FormIncidents(const AddressSpace& space, const System& system, const PoolCensus& census,
                                 const TagDatabase& tags);

/// An image with more separate damage than this is not one fault; more would only bury the answer.
inline constexpr std::size_t kMaxIncidents = 256;

}  // namespace poolblame
