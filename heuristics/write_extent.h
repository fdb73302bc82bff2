// How far a write out of a block ran: where it began and ended as far as the bytes tell, and what its elements are
// like.
#pragma once

#include <cstdint>
#include <optional>

#include "heuristics/hypothesis.h"
#include "heuristics/report.h"
#include "heuristics/special_scene.h"
#include "heuristics/written_run.h"

namespace poolblame {

/// Scene offsets, both included.
struct PlaceRange {
  std::uint32_t earliest = 0, latest = 0;
};
/// The range that leaves out `tail` of the likelihood at either end. `worth`: of a nat, as the weight table has it;
/// `limit`: the last place that is possible.
PlaceRange LikelyRange(const PlaceLikelihoods& places, double tail, double worth, std::uint32_t limit);

/// Of an overrun or underrun of a block; nothing for other kinds, and where no damage is seen.
std::optional<WriteExtent> ExtentOf(const Scene& scene, const Hypothesis& hypothesis);
/// The same in special pool.
std::optional<WriteExtent> ExtentOf(const SpecialScene& scene, const Hypothesis& hypothesis);

}  // namespace poolblame
