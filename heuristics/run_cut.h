// The ways to cut the memory around a damaged header into "the block below's own", "written over" and "the block
// above's own", weighed. Used by written_run.h.
#pragma once

#include <cstdint>
#include <vector>

#include "heuristics/run_contents.h"
#include "heuristics/written_run.h"

namespace poolblame {

/// What a cut leaves to the blocks, and how well each write explains the rest.
struct Cut {
  const RunWindow& window;
  const std::vector<double>&below, &above;  // OwnBelow, OwnAbove

  /// Log likelihood of everything in front of the data, when `write` starts at that byte of the window.
  [[nodiscard]] double Start(const Alternative& write, std::uint32_t at) const;
  /// Of everything behind it, when `write` stops there; against the same write up to the data.
  [[nodiscard]] double Stop(const Alternative& write, std::uint32_t at) const;
};

/// All starts, stops and writes. Starts and stops are independent given what was written, so that their sums multiply.
/// Cost: starts and stops times writes.
WrittenRun Fit(const Cut& cut, const RunPlaces& starts, const RunPlaces& stops, const Alternatives& writes);

/// The same for an overrun of `below`: of what is written in general, or its owner going on with what it always writes.
WrittenRun FitOverrun(const Scene& scene, const SceneBlock& below, const Cut& cut, const RunPlaces& starts,
                      const RunPlaces& stops);

}  // namespace poolblame
