// The size of the elements that a write is made of: the distance at which its bytes repeat.
#pragma once

#include <cstdint>
#include <optional>

#include "heuristics/content.h"

namespace poolblame {

/// Bytes of one element where the end of `before` and `behind`, which lies next to it, hold records that go on over the
/// boundary. Nothing for fills, text and tables of pointers, whose repetition is that of the word or of the allocator's
/// `unit`. Cost: kMaxLag / 4 passes over at most 1 KiB.
std::optional<std::uint32_t> ElementStride(Bytes before, Bytes behind, std::uint32_t unit);

}  // namespace poolblame
