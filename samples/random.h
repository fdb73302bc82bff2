// One source of chance for the builder. Standard distributions differ between libraries, and a recipe must give the
// same bytes everywhere, so both the generator (SplitMix64, public domain algorithm by S. Vigna) and the ranges are our
// own.
#pragma once

#include <cstddef>
#include <cstdint>

namespace poolblame::samples {

class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t Next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }
  /// A number in [0, bound); 0 where `bound` is 0. The bias of the remainder does not matter here.
  constexpr std::uint64_t Below(std::uint64_t bound) { return bound == 0 ? 0 : Next() % bound; }
  /// A number in [low, high].
  constexpr std::uint64_t Between(std::uint64_t low, std::uint64_t high) { return low + Below(high - low + 1); }
  /// True in `percent` of 100 calls.
  constexpr bool Chance(unsigned percent) { return Below(100) < percent; }
  constexpr std::uint32_t Next32() { return static_cast<std::uint32_t>(Next() >> 32); }
  constexpr std::uint8_t Byte() { return static_cast<std::uint8_t>(Next() >> 56); }

 private:
  std::uint64_t state_;
};

/// A seed for a sub-stream, so that adding draws in one place does not move the others.
constexpr std::uint64_t MixSeed(std::uint64_t seed, std::uint64_t salt) {
  return Random(seed ^ (salt * 0xD6E8FEB86659FD93U)).Next();
}

}  // namespace poolblame::samples
