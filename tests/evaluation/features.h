// What the hypotheses looked like, as a CSV that fit.py learns the weights from.
#pragma once

#include <string>
#include <vector>

#include "tests/evaluation/outcome.h"

namespace poolblame::evaluation {

/// One row a hypothesis: image, incident, rank, is_guilty, role, kind, is_kind_right, true_kind, probability, prior
/// (row of the weight table), prior_log_odds, then one column for each other row of the table with the log-odds voted
/// (empty = silent; of several votes of one row the strongest). A column's name is "group:row:log_odds of strength 1";
/// rows count from 0 in the order of `enum class Weight`, which is where fit.py takes their names from.
std::string FeatureCsv(const std::vector<Outcome>& outcomes);

}  // namespace poolblame::evaluation
