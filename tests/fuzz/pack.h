// Packs an image as a user would have packed it, for the readers of compressed images.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/fuzz/containers.h"

namespace poolblame::fuzz {

/// `image` as it is for kNone. Deterministic for one version of the libraries.
std::vector<std::uint8_t> Pack(const std::vector<std::uint8_t>& image, Packing packing);

/// Undoes kZstd, for committed seeds. Aborts on anything else: seeds are ours.
std::vector<std::uint8_t> UnpackSeed(const std::vector<std::uint8_t>& seed);

}  // namespace poolblame::fuzz
