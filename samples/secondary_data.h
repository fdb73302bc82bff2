// What drivers add to a dump from their bug check callbacks.
#pragma once

#include "samples/bytes.h"
#include "samples/recipe.h"

namespace poolblame::samples {

/// `recipe.secondary` blocks with their file header, as they follow the last page of a dump, or a triage dump's own
/// end; nothing where the recipe wants none. The first two are tagged as KMDF tags its own, the others as nobody's.
Bytes SecondaryData(const Recipe& recipe);

}  // namespace poolblame::samples
