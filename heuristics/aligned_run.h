// Whole cache lines or sectors of foreign content: a device that still has the address writes 64 bytes, a disk
// multiples of 512, at addresses that are multiples of the same. Used by written_run.h as a third explanation beside
// overrun and underrun. Looks the same: an overrun that ends on such an address by chance, of a block that begins on
// one; what memory holds in front of the damage and behind it has to tell.
#pragma once

#include <optional>

#include "heuristics/run_cut.h"

namespace poolblame {

/// The likeliest way, with the sum over all; nothing when no line or sector covers the damage and no header that is
/// sound. Cost: a few dozen places times the things that are written.
std::optional<WrittenRun> FitAligned(const Scene& scene, const Cut& cut, const Alternatives& writes);

}  // namespace poolblame
