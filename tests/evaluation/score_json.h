// A score as JSON, for scripts that follow the numbers from one change to the next.
#pragma once

#include <string>
#include <vector>

#include "tests/evaluation/score.h"
#include "tests/evaluation/targets.h"

namespace poolblame::evaluation {

/// One document, keys in fixed order, counts rather than percentages. Ends with a newline.
std::string ScoreJson(const Score& score, const std::vector<TargetResult>& targets, std::uint64_t seed);

}  // namespace poolblame::evaluation
