// The other blocks of a tag in this image: what its owner usually writes. Used for "whose bytes are these?" and for
// damage that leaves every header legal.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "heuristics/content.h"
#include "heuristics/scene.h"

namespace poolblame {

/// Payload bytes of one healthy allocated block of the tag.
struct Sibling {
  Bytes payload;
  std::uint64_t address = 0;  // of the header; 0 where unknown
};

/// Healthy allocated siblings of the block's tag, of any size, in image order; without the block itself. At most
/// TagStatistics::kMaxSamplesPerTag. Empty for a block whose tag is not known or owns nothing.
std::vector<Sibling> SiblingsOf(const Scene& scene, std::size_t block);
/// Those with exactly the block's size.
std::vector<Sibling> SameSizeSiblings(const Scene& scene, std::size_t block);

/// The payload of a block of the scene.
Bytes PayloadOf(const Scene& scene, std::size_t block);

}  // namespace poolblame
