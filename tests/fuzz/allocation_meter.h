// How much memory one input makes us ask for: the global operator new of this program counts what lives.
#pragma once

#include <cstddef>

namespace poolblame::fuzz {

/// Bytes that live now, allocated through operator new.
std::size_t LiveBytes();
/// The most that lived at once since the last ResetPeak.
std::size_t PeakBytes();
void ResetPeak();

}  // namespace poolblame::fuzz
