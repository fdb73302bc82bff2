// Did somebody write over the end of one block into the next although the header between them is sound? Such a write
// put the header back, or jumped over it; only the contents of both blocks can show it. All ways to cut them are
// weighed as for a damaged header (written_run.h), against both blocks holding their own.
#pragma once

#include <optional>

#include "heuristics/scene.h"
#include "heuristics/written_run.h"

namespace poolblame {

struct CrossingFit {
  WrittenRun run;
  double nobody = 0;        // log likelihood of nobody having written over anything
  double above_margin = 0;  // nats for the write by the block above alone, given what was written most likely
  double evidence = 0;      // what crossing_scan.h made of all of it, as nats for the overrun
  /// Nats for the overrun, from the words of both blocks.
  [[nodiscard]] double margin() const { return run.log_likelihood - nobody; }
};

/// Of the block `above` and the one below it; nothing where none touches it, or what `above` holds is not known.
/// Cost: words of both blocks, 96 of `above` at most.
std::optional<CrossingFit> FitCrossing(const Scene& scene, std::size_t above);

}  // namespace poolblame
