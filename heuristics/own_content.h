// What the blocks of one tag hold, learned from healthy samples: by place for the first words, together for the rest.
// One sample in many may say otherwise: it may be the very block that was written over.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "heuristics/place_rule.h"

namespace poolblame {

inline constexpr std::size_t kWordClasses = 7;
/// One number for each WordClass, in enum order.
using ByClass = std::array<double, kWordClasses>;

/// The payload of one block.
struct Example {
  Bytes payload;
  std::uint64_t address = 0;  // of the payload; 0 where unknown
};

class OwnContent {
 public:
  static constexpr std::size_t kFrontWords = 32;
  static constexpr std::size_t kFewestSamples = 3;

  /// `system` may be nullptr; then pointers are not told apart by module. Cost: one pass over the examples.
  OwnContent(std::span<const Example> examples, std::uint32_t word_size, const System* system);
  /// Nats of the word: of its class, and of its value where the place foretells that.
  [[nodiscard]] double Score(const PlacedWord& word) const;
  /// The same where all blocks have the same value; 0 elsewhere.
  [[nodiscard]] double ConstantScore(Bytes word, std::size_t index) const;
  /// True where the block with this payload address was one of the examples.
  [[nodiscard]] bool WasExample(std::uint64_t address) const;

 private:
  struct Place {
    PlaceRule rule;
    std::uint32_t samples = 0;
    ByClass counts{}, expected{};
    ByClass scores{};  // ClassScore of blocks that were none of the examples
    void Finish(const std::vector<PlacedWord>& words, std::uint32_t word_size, const System* system);
    /// Keeps the scores that most words will be given.
    void Settle();
    [[nodiscard]] double ClassScore(WordClass word, bool is_example) const;
    [[nodiscard]] double Score(const PlacedWord& word, std::uint64_t value) const;
  };

  std::uint32_t word_size_;
  std::array<Place, kFrontWords> front_{};
  Place body_;
  std::vector<std::uint64_t> addresses_;  // of the examples, ascending
};

}  // namespace poolblame
