// Whose the memory around a damaged header looks like when nobody wrote over it: what blocks of their tags hold. Used
// by written_run.h.
#pragma once

#include <cstdint>
#include <vector>

#include "heuristics/run_contents.h"
#include "heuristics/usual_front.h"

namespace poolblame {

/// What blocks of the block's tag hold; nullptr when its tag or what such blocks hold is not known.
const OwnContent* ContentOf(const Scene& scene, const SceneBlock& block);

/// The same of the front of its usual blocks.
const UsualFront* FrontOf(const Scene& scene, const SceneBlock& block);

/// Words [begin, end) of a window as the first ones of such content.
Sums SumsOf(const RunWindow& window, const OwnContent& content, std::uint32_t begin, std::uint32_t end);

/// Log likelihood of the block below's first words, for each number of them, as its own.
std::vector<double> OwnBelow(const Scene& scene, const SceneBlock& below, const RunWindow& window);

/// Log likelihood of the block above's words from each word of the window on as its own. Its tag is mostly lost with
/// its header: any tag of the image may be it, those with blocks of this size first. Words of a header that the write
/// did not reach cost what anything costs.
std::vector<double> OwnAbove(const Scene& scene, const SceneBlock& above, const RunWindow& window);

/// Blocks of the tag that the census saw with this size; of other sizes they count a little too, where `any_size`.
double BlocksOfSize(const Scene& scene, PoolTag tag, std::uint32_t size, bool any_size);

/// How much oftener the tag's last `bytes` bytes are what they are when they were not written over than when they were:
/// other blocks of the size end so too.
double TagEndShare(const Scene& scene, const SceneBlock& above, std::uint32_t bytes);

}  // namespace poolblame
