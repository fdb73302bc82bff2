// Images of the drivers as the loader leaves them in memory: PE headers, code, data, an import table whose slots lead
// into the kernel, the kernel's exports. The start-up section is discarded, some pages of pageable code are paged out.
// Layout: Microsoft, "PE Format".
#pragma once

#include "samples/machine.h"

namespace poolblame::samples {

/// Writes the images of all drivers (recipe word code=yes): nine pages each, fewer when RAM is used up.
void WriteDriverImages(Machine& machine);

}  // namespace poolblame::samples
