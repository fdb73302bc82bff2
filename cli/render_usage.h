// `poolblame usage`: the table of who holds how much pool.
#pragma once

#include <string>

#include "cli/analysis.h"
#include "cli/render_text.h"
#include "cli/usage_view.h"
#include "heuristics/fragmentation.h"
#include "heuristics/usage.h"
#include "heuristics/usage_limits.h"

namespace poolblame::cli {

/// One --limit and what became of it.
struct LimitCheck {
  ExpectedLimit limit;
  std::uint64_t held = 0;
  [[nodiscard]] LimitState state() const { return limit.StateOf(held); }
};

/// All that `usage` says of one image.
struct UsageAnswer {
  Usage usage;
  std::vector<PoolFill> fills;
  std::vector<LimitCheck> checks;
  std::optional<Fragmentation> fragmentation;  // --detail
};

/// Totals, then the rows of `view`, then what the numbers leave out.
std::string RenderUsageText(const ImageReport& facts, const UsageAnswer& answer, const UsageView& view,
                            const TextOptions& options);

/// JSON Lines: the image with its totals (schema "poolblame.usage/1"), then a line for each row of `view`.
std::string RenderUsageJsonLines(const ImageReport& facts, const UsageAnswer& answer, const UsageView& view);

}  // namespace poolblame::cli
