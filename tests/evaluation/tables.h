// A score as text: the tables a person reads after a run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/evaluation/score.h"
#include "tests/evaluation/targets.h"

namespace poolblame::evaluation {

/// "97.1 %"; "-" of none.
std::string Percent(std::uint64_t part, std::uint64_t whole);

/// All tables, and the promises at the end. Ends with a newline.
std::string Tables(const Score& score, const std::vector<TargetResult>& targets);

/// One line for an outcome with something to look at: reasons, recipe, truth, report. Nothing to look at: "".
std::string MissLine(const Outcome& outcome);

}  // namespace poolblame::evaluation
