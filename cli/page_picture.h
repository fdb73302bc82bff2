// A page of pool as eight rows of 64 characters, 8 bytes a character on every machine (half a header on x64, a whole
// one on x86): small enough for a report, fine enough that an overrun of 8 bytes is seen.
#pragma once

#include <string>
#include <vector>

#include "cli/page_scene.h"
#include "cli/style.h"

namespace poolblame::cli {

/// The eight rows: "  +a00  [CCCCCCCC!!VVVV[ddd". '!' damaged, '?' damaged and not recovered, '[' a block starts here,
/// '~' the end of a big allocation; letters as PageScene::Letter.
std::vector<std::string> DrawPage(const PageScene& scene, const Palette& palette);

/// What the letters in this picture mean: one line each for culprit and victim, one for the rest.
std::vector<std::string> DrawLegend(const PageScene& scene, const Palette& palette);

}  // namespace poolblame::cli
