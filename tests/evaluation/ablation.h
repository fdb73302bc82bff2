// What each signal is worth: every incident is added up again with one signal's votes left out, so no image is built or
// read twice. What a signal does besides voting (incidents are formed before any of them speaks) is not measured here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/evaluation/outcome.h"

namespace poolblame::evaluation {

/// Sums over the incidents in which some hypothesis is right; the others cannot be told better by any weights.
struct AblationCount {
  std::uint64_t incidents = 0;
  std::uint64_t images = 0;           // in which the signal spoke
  std::uint64_t block = 0, kind = 0;  // the first suspect is guilty; the most probable kind is the true one
  std::uint64_t lost = 0, won = 0;    // first suspects that were right and are not any more, and the other way round
  double log_loss = 0;                // of what is right, natural logarithm
  std::uint64_t accused = 0;          // suspect or strong, and guilty
  std::uint64_t innocent = 0;         // suspect or strong, and a block that did not do it
};

struct Ablation {
  struct Row {
    std::string signal;  // REPORT.md's name of the one that is left out
    AblationCount count;
  };
  AblationCount all_on;
  std::vector<Row> rows;  // in the order of AllSignals

  Ablation();
  /// The outcome's hypotheses must have been kept.
  void Add(const Outcome& outcome);
};

/// One line a signal: the numbers without it as differences from those with all.
std::string AblationTable(const Ablation& ablation);

}  // namespace poolblame::evaluation
