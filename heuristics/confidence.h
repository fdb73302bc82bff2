// How sure may we say that we are? A rule, not a threshold on the probability: "strong" needs two kinds of evidence
// that do not depend on each other, because a wrong accusation costs more than "insufficient".
#pragma once

#include <vector>

#include "heuristics/hypothesis.h"
#include "heuristics/report.h"

namespace poolblame {

/// `hypotheses` are weighed; `best` is the one reported first.
Confidence ConfidenceOf(const Hypothesis& best, double probability);

}  // namespace poolblame
