#include "heuristics/usual_front.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "heuristics/content_model.h"

namespace poolblame {
namespace {

/// UTF-16 up to its closing zero, whatever stands behind that.
bool EndsText(Bytes word) {
  for (std::size_t i = 0; i + 1 < word.size(); i += 2) {
    if (word[i] == 0 && word[i + 1] == 0) return true;
    if (!IsPrintable(word[i]) || word[i + 1] != 0) return false;
  }
  return false;
}

}  // namespace

void UsualFront::Place::LearnClasses(const std::vector<PlacedWord>& words) {
  constexpr double kAsAnything = 2;  // words of what is anywhere are counted in: few samples say little
  ByClass counts{};
  for (const PlacedWord& word : words) counts[static_cast<std::size_t>(ClassOf(word.bytes))] += 1;
  for (std::size_t c = 0; c < kWordClasses; ++c) {
    const double any = std::exp(AnythingScores()[c]), n = static_cast<double>(words.size());
    by_class[c] = std::log((counts[c] + kAsAnything * any) / (n + kAsAnything) / any);
  }
}

void UsualFront::Place::LearnText(const std::vector<PlacedWord>& words) {
  constexpr double kMost = 0.75;  // the end of a text and what stands behind it are none
  const auto is_text = [](const PlacedWord& word) { return ClassOf(word.bytes) == WordClass::kWideText; };
  const double share = static_cast<double>(std::ranges::count_if(words, is_text)) / static_cast<double>(words.size());
  if (rule.form != PlaceForm::kBytes || share < kMost) return;
  for (std::uint64_t byte = 0xFF; byte != 0; byte <<= 8)
    if ((rule.value & byte) != 0) rule.mask &= ~byte;
  rule.value = 0;
  text = std::log(share) - AnythingScore(WordClass::kWideText);
}

UsualFront::Place UsualFront::Learned(const std::vector<PlacedWord>& words, double most_unlike,
                                      const System* system) const {
  constexpr double kInModule = 3;
  Place place;
  place.samples = static_cast<std::uint32_t>(words.size());
  if (words.size() < kFewestExamples) return place;
  const auto n = static_cast<double>(words.size());
  const auto is_pointer = [&](const PlacedWord& word) {
    return LooksLikeKernelPointer(WordAt(word.bytes, word_size_), word_size_);
  };
  const bool pointers = std::ranges::count_if(words, is_pointer) * 2 > std::ssize(words);
  place.rule = FindRule(words, {word_size_, system, n - std::max(1.0, most_unlike * n), pointers, true});
  const PlaceRule& rule = place.rule;
  if (rule.form == PlaceForm::kClass) {
    place.LearnClasses(words);
    return place;
  }
  place.LearnText(words);
  const auto agree = static_cast<double>(rule.agree);
  const double telling = rule.form == PlaceForm::kModule     ? kInModule
                         : rule.form == PlaceForm::kRelative ? kMostForetold
                                                             : ForetoldNats(rule.value, rule.mask, word_size_);
  place.kept = std::log((agree + 1) / (n + 2)) + telling;
  place.broken = std::log((n - agree + 1) / (n + 2));
  place.distinctive = std::max(0.0, place.Distinctive(word_size_));
  return place;
}

double UsualFront::Place::Distinctive(std::uint32_t word_size) const {
  if (rule.form == PlaceForm::kRelative || rule.form == PlaceForm::kModule) return kept;
  if (rule.form == PlaceForm::kClass) return 0;
  std::set<std::uint8_t> values;
  for (std::uint32_t b = 0; b < word_size; ++b) values.insert(static_cast<std::uint8_t>(rule.value >> (8 * b)));
  values.erase(0x00);
  values.erase(0xFF);
  return values.size() > 1 ? kept : 0;
}

double UsualFront::Place::Nats(Bytes word, std::uint64_t value, std::uint64_t address) const {
  const WordClass found = ClassOf(word);
  if (rule.form == PlaceForm::kClass) return by_class[static_cast<std::size_t>(found)];
  if (!rule.Agrees(value, address)) return broken;
  return found == WordClass::kWideText ? std::max(kept, text) : kept;
}

double UsualFront::Place::DistinctiveNats(Bytes word) const {
  return ClassOf(word) == WordClass::kWideText ? std::max(distinctive, text) : distinctive;
}

bool UsualFront::Place::IsClear(Bytes word) const {
  const WordClass found = ClassOf(word);
  const bool exact = rule.form == PlaceForm::kValue || rule.form == PlaceForm::kBytes;
  const std::uint64_t value = WordAt(word, static_cast<std::uint32_t>(word.size()));
  if (exact && std::has_single_bit((value ^ rule.value) & rule.mask)) return false;
  return distinctive > 0 || (found != WordClass::kZero && found != WordClass::kSmall);
}

std::uint32_t UsualFront::WordsOf(const Example& block) const {
  return std::min(kBytes, static_cast<std::uint32_t>(block.payload.size())) / word_size_;
}

PlacedWord UsualFront::WordOf(const Example& block, std::uint32_t index) const {
  const std::uint32_t offset = index * word_size_;
  return {block.payload.subspan(offset, word_size_), index, block.address == 0 ? 0 : block.address + offset};
}

void UsualFront::Learn(std::span<const Example> examples, const std::vector<bool>& usual, double most_unlike,
                       const System* system) {
  for (std::uint32_t i = 0; i < kBytes / word_size_; ++i) {
    std::vector<PlacedWord> words;
    for (std::size_t e = 0; e < examples.size(); ++e)
      if (usual[e] && i < WordsOf(examples[e])) words.push_back(WordOf(examples[e], i));
    places_[i] = Learned(words, most_unlike, system);
  }
}

UsualFront::UsualFront(std::span<const Example> examples, std::uint32_t word_size, const System* system)
    : word_size_(word_size), examples_(static_cast<std::uint32_t>(examples.size())) {
  constexpr double kFirstRound = 0.34, kSecondRound = 0.1;
  std::vector<bool> usual(examples.size(), true);
  Learn(examples, usual, kFirstRound, system);
  const auto foretold = [&](const Example& example) {
    double nats = 0;
    ForEachWord(example, 0, [&](const Place& place, const PlacedWord&, double word_nats) {
      if (place.rule.form != PlaceForm::kClass) nats += word_nats;
    });
    return nats;
  };
  for (std::size_t e = 0; e < examples.size(); ++e) usual[e] = foretold(examples[e]) >= 0;
  Learn(examples, usual, kSecondRound, system);
  for (const Place& place : places_) distinctive_ += std::max(place.distinctive, place.text);
  unlike_ =
      static_cast<std::uint32_t>(std::ranges::count_if(examples, [&](const Example& e) { return foretold(e) < 0; }));
}

double UsualFront::Nats(const PlacedWord& word) const {
  if (word.index >= places_.size() || places_[word.index].samples < kFewestExamples) return 0;
  return places_[word.index].Nats(word.bytes, WordAt(word.bytes, word_size_), word.address);
}

double UsualFront::NatsForetold(const PlacedWord& word) const {
  return word.index < places_.size() && places_[word.index].rule.form != PlaceForm::kClass ? Nats(word) : 0;
}

template <typename Visit>
void UsualFront::ForEachWord(const Example& block, std::uint32_t first, Visit&& visit) const {
  bool text_ended = false;
  for (std::uint32_t i = first; i < WordsOf(block); ++i) {
    const PlacedWord word = WordOf(block, i);
    const Place& place = places_[i];
    const double nats = Nats(word);
    text_ended |= place.text > 0 && EndsText(word.bytes);
    const bool is_behind = text_ended && nats < 0 && place.is_of_text();
    visit(place, word, is_behind ? 0 : nats);
  }
}

double UsualFront::Nats(const Example& block) const {
  double sum = 0;
  ForEachWord(block, 0, [&](const Place&, const PlacedWord&, double nats) { sum += nats; });
  return sum;
}

std::optional<BrokenFront> UsualFront::BreakOf(const Example& block, std::uint32_t first) const {
  constexpr double kOtherwise = -0.3;  // nats
  if (WordsOf(block) == 0 || Nats(WordOf(block, 0)) > kOtherwise) return std::nullopt;
  return Sum(block, first);
}

std::optional<BrokenFront> UsualFront::BreakFrom(const Example& block, std::uint32_t first) const {
  constexpr double kMuch = 10;  // nats
  if (ClearNats(block, first) < BrokenFront::kClear) return std::nullopt;
  const auto front = Sum(block, first);
  return front && (front->rest_is_as_usual() || front->broken >= kMuch) ? front : std::nullopt;
}

double UsualFront::ClearNats(const Example& block, std::uint32_t first) const {
  double clear = 0;
  ForEachWord(block, first, [&](const Place& place, const PlacedWord& word, double nats) {
    if (place.rule.form != PlaceForm::kClass && nats < 0 && place.IsClear(word.bytes)) clear -= nats;
  });
  return clear;
}

std::optional<BrokenFront> UsualFront::Sum(const Example& block, std::uint32_t first) const {
  constexpr double kFewest = 2;  // nats
  BrokenFront found, sum;
  double as_usual = 0;
  ForEachWord(block, first, [&](const Place& place, const PlacedWord& word, double nats) {
    const double foretold = place.rule.form == PlaceForm::kClass ? 0 : nats;
    sum.words = static_cast<std::uint32_t>(word.index) + 1;
    sum.broken -= nats;
    as_usual += std::max(nats, 0.0);
    if (WordAt(word.bytes, word_size_) != 0) sum.kept += std::max(foretold, 0.0);
    if (foretold < 0 && place.IsClear(word.bytes)) sum.clear -= foretold;
    if (sum.clear == 0) sum.kept_in_front += nats;
    if (foretold > 0) sum.distinctive += place.DistinctiveNats(word.bytes);
    sum.begins_as_usual |= sum.distinctive > 0 && sum.clear == 0;
    if (sum.broken <= found.broken) return;
    found = sum;
    found.as_usual_share = as_usual / sum.broken;
  });
  found.kept = sum.kept - found.kept;
  found.distinctive_among = found.distinctive;
  found.distinctive = sum.distinctive - found.distinctive;
  return found.broken >= kFewest || found.rest_is_as_usual() ? std::optional(found) : std::nullopt;
}

}  // namespace poolblame
