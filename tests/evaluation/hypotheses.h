// Every explanation that was weighed for an image, with its votes, beside the truth: what the weights are fitted on.
// The report has only the sums; fitting needs the rows of the weight table.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "heuristics/report.h"
#include "heuristics/weights.h"
#include "samples/builder.h"

namespace poolblame::evaluation {

struct WeighedHypothesis {
  std::size_t incident = 0;  // of its image, from 1, in address order
  FaultKind kind = FaultKind::kUnknown;
  SuspectRole role = SuspectRole::kUnknown;
  bool guilty = false;      // see IsGuilty
  bool kind_right = false;  // see IsKindRight
  double probability = 0;
  Weight prior{};
  std::vector<std::pair<Weight, double>> votes;  // row and log-odds as voted, before grouping and capping
};

/// Weighs once more what Judge weighed. By incident, then descending probability.
std::vector<WeighedHypothesis> WeighedHypotheses(const AddressSpace& space, const System& system,
                                                 const PoolCensus& census, const TagDatabase& tags,
                                                 const samples::Truth& truth);

}  // namespace poolblame::evaluation
