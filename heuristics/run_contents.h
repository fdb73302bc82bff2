// What a stretch of words may be, each alternative with its share: running sums of word scores, so that any stretch of
// any length costs one subtraction. Used by written_run.h for what was written and for what is a block's own.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "heuristics/run_places.h"

namespace poolblame {

/// Names of writes, for people: a byte or a word over and over, and what the writer always writes.
inline constexpr const char *kOnePattern = "one pattern", *kOwnersContent = "what such blocks hold";

inline constexpr double kNeverLog = -1e6;  // nats: the log of no chance at all

/// log(e^a + e^b).
double LogSum(double a, double b);

using WordScore = std::function<double(std::uint32_t index)>;

/// Running sums of word scores, so that any stretch costs one subtraction.
class Sums {
 public:
  Sums(std::uint32_t begin, std::uint32_t end, const WordScore& score) : begin_(begin), sums_(end - begin + 1) {
    for (std::uint32_t i = begin; i < end; ++i) sums_[i - begin + 1] = sums_[i - begin] + score(i);
  }
  [[nodiscard]] double Over(std::uint32_t begin, std::uint32_t end) const {
    return sums_[end - begin_] - sums_[begin - begin_];
  }

 private:
  std::uint32_t begin_;
  std::vector<double> sums_;
};

/// Nats of some bytes of a word, by place in the window.
using PartScore = std::function<double(std::uint32_t begin, std::uint32_t end)>;

/// One thing that a stretch of words may be.
struct Alternative {
  Sums sums;
  double log_share;
  const char* name = "";
  std::uint32_t unforetold = 0;  // bytes at its start that it does not foretell
  PartScore part = {};
};
using Alternatives = std::vector<Alternative>;

/// Nats of the bytes [begin, end) of one word by what they look like: their share of what a whole word would be worth.
double PartOf(const RunWindow& window, std::uint32_t begin, std::uint32_t end, const ByClass& scores);

/// Behind a sound header, one more word of a fill says nothing that its first did not: bitmaps are full of them.
bool IsMoreOfAFill(const RunWindow& window, std::uint32_t index);

/// Log likelihood of the words [begin, end) under any of the alternatives.
double Any(const Alternatives& alternatives, std::uint32_t begin, std::uint32_t end);

/// Every texture for the words [begin, end); their shares add up to `share`.
Alternatives TexturesOf(const RunWindow& window, std::uint32_t begin, std::uint32_t end, double share);

/// What a block's own words [begin, end) may be where nothing is known of its tag: textures, or repetitions.
Alternatives OwnOf(const RunWindow& window, std::uint32_t begin, std::uint32_t end, double share);

/// What was written: a texture, or fills and records at every distance at which the header repeats what is before it.
Alternatives WritesOf(const RunWindow& window);

}  // namespace poolblame
