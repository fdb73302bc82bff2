// The ranking over many dumps, for a person and for a script.
#pragma once

#include <string>

#include "cli/render_text.h"
#include "heuristics/correlate.h"

namespace poolblame::cli {

/// Same ranking and options, same bytes; all candidates and dumps where `verbose`.
std::string RenderRankingText(const Ranking& ranking, const TextOptions& options);
/// Schema poolblame.correlate/1.
std::string RenderRankingJson(const Ranking& ranking);

}  // namespace poolblame::cli
