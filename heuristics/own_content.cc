#include "heuristics/own_content.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "heuristics/content_model.h"

namespace poolblame {
namespace {

/// With as many samples one of them may disagree.
constexpr std::uint32_t kSamplesForAnOutlier = 8;
constexpr std::uint32_t Outliers(std::uint32_t samples) { return samples >= kSamplesForAnOutlier ? 1 : 0; }

/// What a word is worth that is foretold byte by byte and comes true.
double ForetoldScore(Bytes word, std::uint64_t mask) {
  constexpr double kByte = 1.2, kZeroByte = 0.12, kMost = 6;
  double score = 0;
  for (std::size_t i = 0; i < word.size(); ++i)
    if ((mask >> (8 * i) & 0xFF) != 0) score += word[i] == 0 ? kZeroByte : kByte;
  return std::min(score, kMost);
}

/// What a word is worth that so many samples foretold otherwise.
double BrokenScore(std::uint32_t samples) {
  constexpr double kMost = 4;
  return -std::min(kMost, std::log(samples + 2.0));
}

/// The value that all but the outliers have. A majority vote: whatever is left over when different ones cancel out.
template <typename ValueOf>
std::optional<std::uint64_t> Common(std::size_t samples, ValueOf value_of) {
  std::uint64_t candidate = 0;
  std::size_t votes = 0, agree = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    const std::uint64_t value = value_of(i);
    if (votes == 0) candidate = value;
    votes = value == candidate ? votes + 1 : votes - 1;
  }
  for (std::size_t i = 0; i < samples; ++i) agree += value_of(i) == candidate ? 1 : 0;
  if (agree + Outliers(static_cast<std::uint32_t>(samples)) < samples) return std::nullopt;
  return candidate;
}

/// The bytes that all but the outliers have in common: 0xFF in the mask.
struct CommonBytes {
  std::uint64_t mask = 0, value = 0;
};
CommonBytes CommonBytesOf(const std::vector<std::uint64_t>& values, std::uint32_t word_size) {
  CommonBytes common;
  for (std::uint32_t i = 0; i < word_size; ++i) {
    const auto byte = Common(values.size(), [&](std::size_t s) { return values[s] >> (8 * i) & 0xFF; });
    if (!byte) continue;
    common.mask |= std::uint64_t{0xFF} << (8 * i);
    common.value |= *byte << (8 * i);
  }
  return common;
}

/// The module that all but the outliers point into.
const Module* CommonModule(const std::vector<std::uint64_t>& values, const System& system) {
  const auto base = Common(values.size(), [&](std::size_t s) {
    const Module* module = system.ModuleAt(VirtAddr{values[s]});
    return module == nullptr ? 0 : module->base.value;
  });
  return base && *base != 0 ? system.ModuleAt(VirtAddr{*base}) : nullptr;
}

}  // namespace

void OwnContent::Place::Finish(const std::vector<PlacedWord>& words, std::uint32_t word_size, const System* system) {
  constexpr int kFewestBytes = 2;
  if (words.size() < kFewestSamples) return;
  std::vector<std::uint64_t> values;
  bool placed = true;
  for (const PlacedWord& word : words) {
    values.push_back(WordAt(word.bytes, word_size));
    placed = placed && word.address != 0;
  }
  if (const auto common = Common(values.size(), [&](std::size_t s) { return values[s]; })) {
    form = Form::kValue;
    value = *common;
    return;
  }
  const auto relative = [&](std::size_t s) { return values[s] - words[s].address; };
  if (const auto common = placed ? Common(values.size(), relative) : std::nullopt) {
    form = Form::kRelative;
    value = *common;
    return;
  }
  const bool pointers = counts[static_cast<std::size_t>(WordClass::kPointer)] * 2 > samples;
  if (const Module* module = pointers && system != nullptr ? CommonModule(values, *system) : nullptr) {
    form = Form::kModule;
    value = module->base.value;
    end = value + module->size;
    return;
  }
  const CommonBytes common = CommonBytesOf(values, word_size);
  int telling = 0;
  for (std::uint32_t i = 0; i < word_size; ++i) telling += (common.value >> (8 * i) & 0xFF) != 0 ? 1 : 0;
  if (telling < kFewestBytes || pointers) return;  // the upper half of pointers is what makes them pointers
  form = Form::kBytes;
  mask = common.mask;
  value = common.value;
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
  const double broken = BrokenScore(samples);
  switch (form) {
    case Form::kValue:
      return read == value ? ForetoldScore(word.bytes, ~std::uint64_t{0}) : broken;
    case Form::kRelative:
      if (word.address == 0) break;
      return read - word.address == value ? ForetoldScore(word.bytes, ~std::uint64_t{0}) : broken;
    case Form::kModule:
      return read >= value && read < end ? ClassScore(WordClass::kPointer, word.is_example) + kInModule : broken;
    case Form::kBytes: {
      const double by_class = ClassScore(ClassOf(word.bytes), word.is_example);
      return (read & mask) == value ? by_class + ForetoldScore(word.bytes, mask) : std::min(by_class, broken);
    }
    case Form::kClass:
      break;
  }
  return ClassScore(ClassOf(word.bytes), word.is_example);
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
  // One of them may be the block that was written over, so it does not count.
  std::uint32_t unlike = 0;
  for (const Example& example : examples) unlike += IsUnlike(example) ? 1 : 0;
  has_unlike_ = unlike > 0;
  unlike_share_ = (std::max(unlike, 1U) - 0.5) / (static_cast<double>(examples.size()) + 1);
}

bool OwnContent::IsUnlike(const Example& example) const {
  constexpr double kByFar = 3;  // nats
  const std::size_t words = std::min(kFrontWords, example.payload.size() / word_size_);
  std::array<double, kTextureCount> textures{};
  double own = 0;
  for (std::size_t i = 0; i < words; ++i) {
    const Bytes word = example.payload.subspan(i * word_size_, word_size_);
    own += Score({word, i, example.address == 0 ? 0 : example.address + i * word_size_, true});
    const auto word_class = static_cast<std::size_t>(ClassOf(word));
    for (std::size_t t = 0; t < textures.size(); ++t) textures[t] += TextureScores(t, word_size_)[word_class];
  }
  return *std::max_element(textures.begin(), textures.end()) > own + kByFar;
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
  if (index >= kFrontWords || front_[index].form != Form::kValue) return 0;
  return front_[index].Score({word, index}, WordAt(word, word_size_));
}

}  // namespace poolblame
