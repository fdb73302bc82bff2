// A dump that is written while the system goes on.
#pragma once

#include "samples/machine.h"

namespace poolblame::samples {

/// Lives on for `recipe.live` operations while somebody copies the memory page after page: every second page of the
/// pools, by the seed, is left as it was before, all others are as they are afterwards. A page is of one moment.
void LiveWhileCopied(Machine& machine);

}  // namespace poolblame::samples
