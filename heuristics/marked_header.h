// Headers that other evidence than the page's chain calls damaged, and the scenes of such headers.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

#include "heuristics/scene.h"

namespace poolblame {

/// Byte by byte, the bits in which a header as read differs from what it must have been.
inline constexpr std::size_t kMostHeaderBytes = 32;  // a VS chunk header and a POOL_HEADER
std::array<std::uint8_t, kMostHeaderBytes> WrongBits(const PoolBlock& block, const PoolPage& page);

/// The wrong bytes of a header as one spot; `index` is the block's place in its scene.
Spot HeaderSpot(const SceneBlock& block, std::size_t index, const PoolPage& page);

/// The wrong bytes of a structure that is nobody's block.
Spot StructureSpot(const SceneBlock& block, std::size_t index);

/// The scene of the block whose POOL_HEADER lies at `header`, after `mark` has set in it which bytes of that header are
/// wrong and what they must have been. Nothing when the page cannot be read or its chain shows damage of its own.
std::optional<Scene> SceneOfMarkedHeader(VirtAddr header, SceneSetter& setter,
                                         const std::function<void(PoolBlock&)>& mark);

}  // namespace poolblame
