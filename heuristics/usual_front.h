// What the front of a tag's blocks looks like when its owner has filled it as usual. Learned in two rounds: blocks that
// nobody has filled yet, copies, and blocks of another kind are told apart in the first and left out in the second, so
// that what the others have in common shows. A block then says whether its front is as usual, and how far it is not.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "heuristics/own_content.h"

namespace poolblame {

/// A block whose first words are not as usual.
struct BrokenFront {
  std::uint32_t words = 0;       // up to the last of them
  double broken = 0;             // nats for anything rather than the tag's usual words there
  double as_usual_share = 0;     // nats of words among them that are as usual all the same, against `broken`
  double kept = 0;               // nats of foretold words behind them that are not zero and as usual
  double clear = 0;              // nats of `broken` where no small number or bit may have changed by right
  double distinctive = 0;        // nats of `kept` of words that only this tag's blocks have there
  double distinctive_among = 0;  // the same of words among the broken ones
  double kept_in_front = 0;      // nats of words that are as usual in front of all of `clear`
  bool begins_as_usual = false;  // such a word stands in front of all of `clear`

  /// Somebody wrote over the front of a block that its owner had filled: the rest is as only its tag's blocks are.
  static constexpr double kClear = 1.3;  // nats
  [[nodiscard]] bool rest_is_as_usual() const {
    constexpr double kRest = 10;  // nats
    constexpr double kOneOf = 3;  // a write may hold such a word by chance
    return !begins_as_usual && clear >= std::max(kClear, kOneOf * distinctive_among) && distinctive >= kRest;
  }
};

class UsualFront {
 public:
  static constexpr std::uint32_t kBytes = 256;  // that are looked at
  static constexpr std::uint32_t kFewestExamples = 4;

  /// `system` may be nullptr; then pointers are not told apart by module. Cost: some passes over the examples' fronts.
  UsualFront(std::span<const Example> examples, std::uint32_t word_size, const System* system);
  /// Nats by which the word is rather as usual at its place than anything; 0 where nothing is known of the place.
  [[nodiscard]] double Nats(const PlacedWord& word) const;
  /// The same where all usual blocks have something in common there, values or bytes or the module pointed into; else
  /// 0.
  [[nodiscard]] double NatsForetold(const PlacedWord& word) const;
  /// Nats of the whole front of a block.
  [[nodiscard]] double Nats(const Example& block) const;
  /// Its usual blocks have words in common that are no zeros, fills or bitmaps: data of all sorts has none.
  [[nodiscard]] bool is_distinctive() const { return distinctive_ >= kDistinctive; }
  /// Where a block's front stops being otherwise. Nothing where its first word is as usual. `first`: words in front
  /// that say nothing. Cost: a word for nearly every block, else its front.
  [[nodiscard]] std::optional<BrokenFront> BreakOf(const Example& block, std::uint32_t first) const;
  /// The same wherever it begins to be otherwise: words in front may hold anything. Only where the rest is as usual, or
  /// much is otherwise. Cost: the foretold words of nearly every block, else its front.
  [[nodiscard]] std::optional<BrokenFront> BreakFrom(const Example& block, std::uint32_t first) const;

  [[nodiscard]] std::uint32_t examples() const { return examples_; }
  /// Examples that are not as usual.
  [[nodiscard]] std::uint32_t unlike() const { return unlike_; }

 private:
  struct Place {
    PlaceRule rule;  // of the usual words there
    std::uint32_t samples = 0;
    double kept = 0, broken = 0;  // nats of a word that agrees, and of one that does not
    ByClass by_class{};           // kClass
    double distinctive = 0;       // nats of a word that agrees, where that has more than one value besides 00 and FF
    double text = 0;              // nats of UTF-16 text, where nearly all are that and only its zeros are foretold
    [[nodiscard]] double Distinctive(std::uint32_t word_size) const;
    [[nodiscard]] double Nats(Bytes word, std::uint64_t value, std::uint64_t address) const;
    [[nodiscard]] double DistinctiveNats(Bytes word) const;
    [[nodiscard]] bool is_of_text() const { return rule.form == PlaceForm::kBytes && rule.value == 0; }
    /// A word that does not agree is otherwise by more than a small number or a bit.
    [[nodiscard]] bool IsClear(Bytes word) const;
    void LearnClasses(const std::vector<PlacedWord>& words);
    /// Where nearly all words are UTF-16 text, letters in common are chance: only the zeros between them tell.
    void LearnText(const std::vector<PlacedWord>& words);
  };

  void Learn(std::span<const Example> examples, const std::vector<bool>& usual, double most_unlike,
             const System* system);
  [[nodiscard]] Place Learned(const std::vector<PlacedWord>& words, double most_unlike, const System* system) const;
  /// Nats of the block's words from `first` on that are foretold, and otherwise by more than a small number.
  [[nodiscard]] double ClearNats(const Example& block, std::uint32_t first) const;
  [[nodiscard]] std::optional<BrokenFront> Sum(const Example& block, std::uint32_t first) const;
  /// Calls visit(place, word, nats) for the block's words from `first` on. Behind a text's end nothing speaks against
  /// it.
  template <typename Visit>
  void ForEachWord(const Example& block, std::uint32_t first, Visit&& visit) const;
  [[nodiscard]] PlacedWord WordOf(const Example& block, std::uint32_t index) const;
  [[nodiscard]] std::uint32_t WordsOf(const Example& block) const;

  static constexpr double kDistinctive = 6;  // nats
  std::uint32_t word_size_, examples_, unlike_ = 0;
  double distinctive_ = 0;
  std::array<Place, kBytes / 4> places_{};
};

}  // namespace poolblame
