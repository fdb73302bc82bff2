// `poolblame usage NEW --since OLD…`: what grew, and who leaks.
#pragma once

#include <string>

#include "cli/render_text.h"
#include "cli/usage_view.h"
#include "heuristics/usage_growth.h"

namespace poolblame::cli {

/// The images, the rows that grew in the order of their ranking (`view` filters them, its order is not used), and what
/// makes the ranking weaker.
std::string RenderGrowthText(const Growth& growth, const UsageView& view, const TextOptions& options);

/// JSON Lines: the images (schema "poolblame.growth/1"), then a line for each row.
std::string RenderGrowthJsonLines(const Growth& growth, const UsageView& view);

}  // namespace poolblame::cli
