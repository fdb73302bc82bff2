// The generator behind every random choice of the evaluation. The standard library's distributions give different
// numbers on different implementations; this one gives the same images everywhere, so a miss can be rebuilt anywhere.
// Source: S. Vigna, splitmix64.c (public domain), https://prng.di.unimi.it/splitmix64.c
#pragma once

#include <cstdint>

namespace poolblame::evaluation {

class SplitMix64 {
 public:
  explicit constexpr SplitMix64(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t Next() {
    state_ += 0x9E3779B97F4A7C15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

  /// A number below `bound` (1 to 2^32 - 1). The bias of the multiply-and-shift is below 2^-32 times `bound`.
  constexpr std::uint32_t Below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(((Next() >> 32) * bound) >> 32);
  }

  /// A number from `low` to `high`, both included.
  constexpr std::uint32_t Between(std::uint32_t low, std::uint32_t high) { return low + Below(high - low + 1); }

  /// True in `percent` of 100 draws.
  constexpr bool Chance(std::uint32_t percent) { return Below(100) < percent; }

 private:
  std::uint64_t state_;
};

}  // namespace poolblame::evaluation
