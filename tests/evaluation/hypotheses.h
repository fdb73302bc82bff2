// Every explanation that was weighed for an image, with its votes, beside the truth: what the weights are fitted on and
// the signals are measured by. The report has only the sums.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "heuristics/confidence.h"
#include "heuristics/hypothesis.h"
#include "heuristics/report.h"
#include "samples/builder.h"

namespace poolblame::evaluation {

struct WeighedHypothesis {
  std::size_t incident = 0;               // of its image, from 1, in address order
  Ground ground = Ground::kChain;         // if it is the one reported first
  std::shared_ptr<const RunFit> run_fit;  // of its incident
  bool guilty = false;                    // see IsGuilty
  bool kind_right = false;                // see IsKindRight
  Hypothesis hypothesis;                  // its votes without their sentences
};

/// Weighs once more what Judge weighed, special pool left out. By incident, then descending probability.
std::vector<WeighedHypothesis> WeighedHypotheses(const AddressSpace& space, const System& system,
                                                 const PoolCensus& census, const TagDatabase& tags,
                                                 const samples::Truth& truth);

}  // namespace poolblame::evaluation
