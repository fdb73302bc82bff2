// From findings to incidents: damage that hangs together is one case, damage that does not is several.
#pragma once

#include <memory>
#include <vector>

#include "heuristics/content_model.h"
#include "heuristics/scene.h"

namespace poolblame {

struct Incidents {
  std::vector<Scene> scenes;                      // with their spots, in address order
  std::shared_ptr<const ImageContents> contents;  // what they are judged by
};

/// All incidents of the image. At most kMaxIncidents; the rest is counted in a note by Judge. `threads`: 0 is as many
/// as the machine has; the result does not depend on it.
Incidents FormIncidents(const AddressSpace& space, const System& system, const PoolCensus& census,
                        const TagDatabase& tags, unsigned threads = 0);

/// An image with more separate damage than this is not one fault; more would only bury the answer.
inline constexpr std::size_t kMaxIncidents = 256;

}  // namespace poolblame
