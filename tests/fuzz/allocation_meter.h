// How much memory one input makes us ask for: what lives is counted for the whole program.
#pragma once

#include <cstddef>

namespace poolblame::fuzz {

/// Bytes that live now: every malloc under the address sanitizer, else what operator new gave.
std::size_t LiveBytes();
/// The most that lived at once since the last ResetPeak.
std::size_t PeakBytes();
void ResetPeak();

}  // namespace poolblame::fuzz
