// The small images that everything hostile starts from: one healthy and one damaged in each container.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/fuzz/containers.h"

namespace poolblame::fuzz {

inline constexpr const char* kHealthy = "fault=none pages=96 activity=60 seed=1";
inline constexpr const char* kDamaged = "fault=overrun bytes=24 pages=96 activity=60 seed=2";

/// Builds the container's recipe with these words added, and packs it. Ends the program when the recipe is refused.
std::vector<std::uint8_t> BuildContainer(const Container& container, const std::string& words);

}  // namespace poolblame::fuzz
