// What the suspects looked like, as a CSV that fit.py learns the weights from.
#pragma once

#include <string>
#include <vector>

#include "tests/evaluation/outcome.h"

namespace poolblame::evaluation {

/// One row a suspect: image, incident, rank, is_guilty, role, kind, is_kind_right, true_kind, probability, prior, then
/// one column a signal with its log-odds (empty = silent), names in alphabetical order.
///
/// `prior` is what the printed probability holds beyond the signals: ln(probability) minus their sum. It is known up to
/// one constant an incident, which a softmax over the suspects does not see.
std::string FeatureCsv(const std::vector<Outcome>& outcomes);

}  // namespace poolblame::evaluation
