#include "heuristics/content_model.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "pooltag/tag_database.h"

namespace poolblame {
namespace {

// Order: zero, fill, small, text, wide text, pointer, other. Rows add up to 1. A texture is known by what it consists
// of mainly; what else it may hold is left to the small numbers.
constexpr std::array kTextures = {
    Texture{"zeros", 0.15, {.94, .005, .02, .01, .01, .01, .005}, {.94, .005, .02, .01, .01, .01, .005}},
    Texture{"text", 0.22, {.02, .005, .01, .92, .01, .01, .025}, {.02, .01, .01, .91, .02, .01, .02}},
    Texture{"wide text", 0.14, {.02, .002, .01, .01, .92, .01, .028}, {.02, .002, .01, .02, .92, .01, .018}},
    Texture{"pointers", 0.12, {.03, .005, .01, .01, .01, .92, .015}, {.03, .005, .01, .01, .01, .92, .015}},
    Texture{"structures", 0.20, {.42, .02, .20, .01, .01, .21, .13}, {.45, .02, .22, .02, .01, .19, .09}},
    Texture{"data", 0.17, {.01, .002, .01, .02, .01, .01, .938}, {.02, .002, .01, .03, .01, .45, .478}},
};
constexpr ByClass kAnything = {.35, .03, .17, .08, .07, .16, .14};

/// What a word is worth that is foretold byte by byte and comes true, or does not.
double ForetoldScore(Bytes word, bool is_true) {
  constexpr double kByte = 1.2, kZeroByte = 0.12, kMost = 6, kWrong = -3;
  if (!is_true) return kWrong;
  double score = 0;
  for (const std::uint8_t byte : word) score += byte == 0 ? kZeroByte : kByte;
  return std::min(score, kMost);
}

}  // namespace

std::span<const Texture> AllTextures() { return kTextures; }

const ByClass& AnythingScores() {
  static const ByClass kScores = [] {
    ByClass scores;
    for (std::size_t c = 0; c < kWordClasses; ++c) scores[c] = std::log(kAnything[c]);
    return scores;
  }();
  return kScores;
}

double AnythingScore(WordClass word) { return AnythingScores()[static_cast<std::size_t>(word)]; }

void OwnContent::Place::Add(std::uint64_t word, WordClass word_class) {
  if (samples == 0) value = word;
  is_constant = is_constant && value == word;
  ++samples;
  ++counts[static_cast<std::size_t>(word_class)];
}

/// Few samples say little: two words of what is expected anyway are counted in.
void OwnContent::Place::Finish(const ByClass& expected) {
  constexpr double kExpected = 2;
  for (std::size_t c = 0; c < kWordClasses; ++c)
    scores[c] = std::log((counts[c] + kExpected * expected[c]) / (samples + kExpected));
}

OwnContent::OwnContent(std::span<const Bytes> payloads, std::uint32_t word_size) : word_size_(word_size) {
  for (const Bytes& payload : payloads) {
    for (std::size_t i = 0; (i + 1) * word_size <= payload.size(); ++i) {
      const Bytes word = payload.subspan(i * word_size, word_size);
      const WordClass word_class = ClassOf(word);
      body_.Add(WordAt(word, word_size), word_class);
      if (i < kFrontWords) front_[i].Add(WordAt(word, word_size), word_class);
    }
  }
  body_.Finish(kAnything);
  ByClass body;
  for (std::size_t c = 0; c < kWordClasses; ++c) body[c] = std::exp(body_.scores[c]);
  for (Place& place : front_) place.Finish(body);
}

double OwnContent::Score(Bytes word, std::size_t index) const {
  const bool known = index < kFrontWords && front_[index].samples >= kFewestSamples;
  if (known && front_[index].is_constant) return ConstantScore(word, index);
  return (known ? front_[index] : body_).scores[static_cast<std::size_t>(ClassOf(word))];
}

double OwnContent::ConstantScore(Bytes word, std::size_t index) const {
  if (index >= kFrontWords || front_[index].samples < kFewestSamples || !front_[index].is_constant) return 0;
  return ForetoldScore(word, WordAt(word, word_size_) == front_[index].value);
}

ImageContents LearnContents(const PoolCensus& census) {
  ImageContents contents;
  if (census.layout == nullptr) return contents;
  const std::uint32_t header = census.layout->header_size, word_size = census.layout->is_64bit ? 8 : 4;
  ByClass counts = kAnything;
  double words = 1;
  for (const auto& [tag, statistics] : census.tags) {
    std::vector<Bytes> payloads;
    for (const BlockSample& sample : statistics.samples) {
      if (sample.state != BlockState::kAllocated || sample.size <= header) continue;
      counts[static_cast<std::size_t>(ClassOf(Bytes(sample.header + header - word_size, word_size)))] += 1;
      words += 1;
      payloads.emplace_back(sample.header + header, sample.size - header);
    }
    if (payloads.size() >= OwnContent::kFewestSamples && !TagDatabase::IsGeneric(tag))
      contents.tags.emplace(tag, OwnContent(payloads, word_size));
  }
  for (std::size_t c = 0; c < kWordClasses; ++c) contents.header_end[c] = std::log(counts[c] / words);
  return contents;
}

}  // namespace poolblame
