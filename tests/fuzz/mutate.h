// Ways to make a good image bad, as damaged files and lying headers are: each mutant is a pure function of
// (image, other image, seed), so a failure is named by three words.
#pragma once

#include <cstdint>
#include <vector>

namespace poolblame::fuzz {

/// A small generator with a fixed algorithm (SplitMix64): the standard distributions differ between libraries.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next();
  /// A number in [0, bound); 0 where bound is 0. The modulo's bias does not matter here.
  std::uint64_t Below(std::uint64_t bound) { return bound == 0 ? 0 : Next() % bound; }

 private:
  std::uint64_t state_;
};

/// One to eight mutations of `image`: bit flips, header fields and counts at extreme values, page-table entries that
/// loop or leave memory, pool pages overwritten, pages swapped, pieces of `other` spliced in, the end cut off.
/// The result is never longer than the image plus 64 KiB.
std::vector<std::uint8_t> Mutate(const std::vector<std::uint8_t>& image, const std::vector<std::uint8_t>& other,
                                 std::uint64_t seed);

}  // namespace poolblame::fuzz
