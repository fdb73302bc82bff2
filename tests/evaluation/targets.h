// The promise that a run is held to, as data.
#pragma once

#include <string>
#include <vector>

#include "tests/evaluation/score.h"

namespace poolblame::evaluation {

/// Shares from 0 to 1.
struct Targets {
  double overrun_first = 0.95;
  double overrun_in_three = 0.99;
  double vs_overrun_first = 0.95;   // segment heap: a VS chunk's header was hit
  double lfh_overrun_first = 0.85;  // a slot's POOL_HEADER was
  double heap_key = 0.98;           // in full, kernel and bitmap dumps
  double underrun_both = 0.80;      // kind and block
  double other_kinds_both = 0.80;   // each of double-free, bit-flip; and the three in one
  double calibration_error = 0.07;
  std::uint64_t false_alarms = 0;
};

/// One promise beside what was measured.
struct TargetResult {
  std::string name;
  double wanted = 0;
  double measured = 0;
  std::uint64_t cases = 0;  // 0: nothing was drawn, and the promise holds emptily
  bool holds = false;
};

/// Every promise in fixed order. An image that could not be built or opened breaks the first one, "images read".
std::vector<TargetResult> CheckTargets(const Score& score, const Targets& targets);

/// True when all hold.
bool AllHold(const std::vector<TargetResult>& results);

}  // namespace poolblame::evaluation
