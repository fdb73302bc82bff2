// What words at one place of a tag's blocks have in common, found by majority votes: one value, one distance from the
// word itself, one module, or some bytes. Used by own_content.h and usual_front.h, which score it differently.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "heuristics/content.h"
#include "parser/kernel/system.h"

namespace poolblame {

/// One word of a block.
struct PlacedWord {
  Bytes bytes;
  std::size_t index = 0;      // from the block's payload on, in words
  std::uint64_t address = 0;  // of the word; 0 where unknown
  bool is_example = false;    // the block was one of the examples
};

/// The strictest first.
enum class PlaceForm {
  kValue,     // one value
  kRelative,  // one distance from the word itself: list heads, pointers into the block
  kModule,    // pointers into one module
  kBytes,     // some bytes
  kClass,     // nothing but classes
};

struct PlaceRule {
  PlaceForm form = PlaceForm::kClass;
  std::uint64_t value = 0;  // kValue; kRelative: minus the word's address; kModule: where it begins; kBytes
  std::uint64_t end = 0;    // kModule
  std::uint64_t mask = 0;   // kBytes: 0xFF where they agree; kValue, kRelative: all
  std::size_t agree = 0;    // words that it was learned from and that keep it
  [[nodiscard]] bool Agrees(std::uint64_t word, std::uint64_t address) const {
    switch (form) {
      case PlaceForm::kValue:
        return word == value;
      case PlaceForm::kRelative:
        return word - address == value;
      case PlaceForm::kModule:
        return word >= value && word < end;
      case PlaceForm::kBytes:
        return (word & mask) == value;
      case PlaceForm::kClass:
        break;
    }
    return false;
  }
};

struct RuleSearch {
  std::uint32_t word_size = 8;
  const System* system = nullptr;  // may be nullptr: then pointers are not told apart by module
  double fewest = 0;               // words that have to agree
  bool pointers = false;           // most are: what they have in common byte by byte is what makes them pointers
  bool zeros_tell = false;         // bytes that are zero in all count among the two that kBytes needs
};
PlaceRule FindRule(const std::vector<PlacedWord>& words, const RuleSearch& search);

inline constexpr double kMostForetold = 6;  // nats: memory repeats itself more than its entropy says
/// Nats of a word that is foretold byte by byte where `mask` is set, and comes true: zeros are frequent anyway.
double ForetoldNats(std::uint64_t word, std::uint64_t mask, std::uint32_t word_size);

}  // namespace poolblame
