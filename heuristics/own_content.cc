#include "heuristics/own_content.h"

#include <algorithm>
#include <cmath>

#include "heuristics/content_model.h"

namespace poolblame {
namespace {

/// With as many samples one of them may disagree.
constexpr std::uint32_t kSamplesForAnOutlier = 8;
constexpr std::uint32_t Outliers(std::uint32_t samples) { return samples >= kSamplesForAnOutlier ? 1 : 0; }

/// What a word is worth that so many samples foretold otherwise.
double BrokenScore(std::uint32_t samples) {
  constexpr double kMost = 4;
  return -std::min(kMost, std::log(samples + 2.0));
}

}  // namespace

void OwnContent::Place::Finish(const std::vector<PlacedWord>& words, std::uint32_t word_size, const System* system) {
  if (words.size() < kFewestSamples) return;
  const auto n = static_cast<std::uint32_t>(words.size());
  const bool pointers = counts[static_cast<std::size_t>(WordClass::kPointer)] * 2 > samples;
  rule = FindRule(words, {word_size, system, static_cast<double>(n - Outliers(n)), pointers});
}

/// Few samples say little: two words of what is expected anyway are counted in. What is one of the samples must not
/// vouch for itself.
double OwnContent::Place::ClassScore(WordClass word, bool is_example) const {
  constexpr double kExpected = 2;
  const auto c = static_cast<std::size_t>(word);
  if (!is_example && scores[c] != 0) return scores[c];
  const double own = is_example && counts[c] > 0 ? 1 : 0;
  return std::log((counts[c] - own + kExpected * expected[c]) / (samples - own + kExpected));
}

void OwnContent::Place::Settle() {
  ByClass settled;
  for (std::size_t c = 0; c < kWordClasses; ++c) settled[c] = ClassScore(static_cast<WordClass>(c), false);
  scores = settled;
}

double OwnContent::Place::Score(const PlacedWord& word, std::uint64_t read) const {
  constexpr double kInModule = 1.5;
  const double by_class = ClassScore(ClassOf(word.bytes), word.is_example);
  if (rule.form == PlaceForm::kClass || (rule.form == PlaceForm::kRelative && word.address == 0)) return by_class;
  const bool some_bytes = rule.form == PlaceForm::kBytes;
  if (!rule.Agrees(read, word.address))
    return some_bytes ? std::min(by_class, BrokenScore(samples)) : BrokenScore(samples);
  if (rule.form == PlaceForm::kModule) return ClassScore(WordClass::kPointer, word.is_example) + kInModule;
  const double foretold = ForetoldNats(read, rule.mask, static_cast<std::uint32_t>(word.bytes.size()));
  return some_bytes ? by_class + foretold : foretold;
}

OwnContent::OwnContent(std::span<const Example> examples, std::uint32_t word_size, const System* system)
    : word_size_(word_size) {
  std::array<std::vector<PlacedWord>, kFrontWords> front;
  for (const Example& example : examples) {
    if (example.address != 0) addresses_.push_back(example.address);
    for (std::size_t i = 0; (i + 1) * word_size <= example.payload.size(); ++i) {
      const Bytes word = example.payload.subspan(i * word_size, word_size);
      const auto word_class = static_cast<std::size_t>(ClassOf(word));
      ++body_.samples;
      ++body_.counts[word_class];
      if (i >= kFrontWords) continue;
      ++front_[i].samples;
      ++front_[i].counts[word_class];
      front[i].push_back({word, i, example.address == 0 ? 0 : example.address + i * word_size, true});
    }
  }
  std::sort(addresses_.begin(), addresses_.end());
  for (std::size_t c = 0; c < kWordClasses; ++c) body_.expected[c] = std::exp(AnythingScore(static_cast<WordClass>(c)));
  body_.Settle();
  ByClass body;
  for (std::size_t c = 0; c < kWordClasses; ++c) body[c] = std::exp(body_.scores[c]);
  for (std::size_t i = 0; i < kFrontWords; ++i) {
    front_[i].expected = body;
    front_[i].Finish(front[i], word_size, system);
    front_[i].Settle();
  }
}

bool OwnContent::WasExample(std::uint64_t address) const {
  return std::binary_search(addresses_.begin(), addresses_.end(), address);
}

double OwnContent::Score(const PlacedWord& word) const {
  const bool known = word.index < kFrontWords && front_[word.index].samples >= kFewestSamples;
  return known ? front_[word.index].Score(word, WordAt(word.bytes, word_size_))
               : body_.ClassScore(ClassOf(word.bytes), word.is_example);
}

double OwnContent::ConstantScore(Bytes word, std::size_t index) const {
  if (index >= kFrontWords || front_[index].rule.form != PlaceForm::kValue) return 0;
  return front_[index].Score({word, index}, WordAt(word, word_size_));
}

}  // namespace poolblame
