// The bytes between what was asked for and the block's end: the first that an overrun uses up, and nobody misses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "heuristics/scene.h"

namespace poolblame {

/// Where a record has the size that was asked for: Driver Verifier's of a block, nt!PoolBigPageTable's of a big
/// allocation. Nothing elsewhere: a block's own size is rounded up, and what its siblings leave zero at their ends may
/// be the upper bytes of a field.
std::optional<std::uint32_t> SlackOf(const Scene& scene, std::size_t block);

}  // namespace poolblame
