// What Driver Verifier knows of a block in a scene: its record, and whether the pointer to it at the block's end is as
// it was.
#pragma once

#include <cstddef>
#include <optional>

#include "heuristics/scene.h"

namespace poolblame {

/// The record of `block` (index in Scene::blocks), by the block's own pointer, else by the records of its siblings.
std::optional<VerifierEntry> RecordOf(const Scene& scene, std::size_t block);

struct TrackedEnd {
  VirtAddr pointer{};   // where it stands
  VirtAddr record{};    // what it must be
  bool intact = false;  // it is what it must be
};
/// Nothing where no record says what the pointer must be.
std::optional<TrackedEnd> TrackedEndOf(const Scene& scene, std::size_t block);

}  // namespace poolblame
