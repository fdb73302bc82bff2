#include "heuristics/place_rule.h"

#include <algorithm>

namespace poolblame {
namespace {

struct Agreement {
  std::uint64_t value = 0;
  std::size_t agree = 0;
};

/// The value of the majority, where there is one: whatever is left over when different ones cancel out.
template <typename ValueOf>
Agreement MajorityOf(std::size_t samples, ValueOf value_of) {
  Agreement found;
  std::size_t votes = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    const std::uint64_t value = value_of(i);
    if (votes == 0) found.value = value;
    votes = value == found.value ? votes + 1 : votes - 1;
  }
  for (std::size_t i = 0; i < samples; ++i) found.agree += value_of(i) == found.value ? 1 : 0;
  return found;
}

constexpr std::uint64_t kAll = ~std::uint64_t{0};

class Finder {
 public:
  Finder(const std::vector<PlacedWord>& words, const RuleSearch& search) : words_(words), search_(search) {
    for (const PlacedWord& word : words) values_.push_back(WordAt(word.bytes, search.word_size));
  }
  [[nodiscard]] PlaceRule Find() const {
    if (const auto rule = Value()) return *rule;
    if (const auto rule = Relative()) return *rule;
    if (const auto rule = InModule()) return *rule;
    return SomeBytes().value_or(PlaceRule{});
  }

 private:
  template <typename ValueOf>
  [[nodiscard]] std::optional<Agreement> Common(ValueOf value_of) const {
    const Agreement found = MajorityOf(values_.size(), value_of);
    return static_cast<double>(found.agree) >= search_.fewest ? std::optional(found) : std::nullopt;
  }
  [[nodiscard]] std::optional<PlaceRule> Value() const {
    const auto common = Common([&](std::size_t i) { return values_[i]; });
    if (!common) return std::nullopt;
    return PlaceRule{PlaceForm::kValue, common->value, 0, kAll, common->agree};
  }
  [[nodiscard]] std::optional<PlaceRule> Relative() const {
    if (std::ranges::any_of(words_, [](const PlacedWord& word) { return word.address == 0; })) return std::nullopt;
    const auto common = Common([&](std::size_t i) { return values_[i] - words_[i].address; });
    if (!common) return std::nullopt;
    return PlaceRule{PlaceForm::kRelative, common->value, 0, kAll, common->agree};
  }
  [[nodiscard]] std::optional<PlaceRule> InModule() const {
    if (search_.system == nullptr || !search_.pointers) return std::nullopt;
    const auto common = Common([&](std::size_t i) {
      const Module* module = search_.system->ModuleAt(VirtAddr{values_[i]});
      return module == nullptr ? 0 : module->base.value;
    });
    if (!common || common->value == 0) return std::nullopt;
    const std::uint64_t end = common->value + search_.system->ModuleAt(VirtAddr{common->value})->size;
    return PlaceRule{PlaceForm::kModule, common->value, end, 0, common->agree};
  }
  [[nodiscard]] std::optional<PlaceRule> SomeBytes() const {
    constexpr int kFewest = 2;
    if (search_.pointers) return std::nullopt;
    PlaceRule rule{PlaceForm::kBytes, 0, 0, 0, values_.size()};
    int telling = 0;
    for (std::uint32_t b = 0; b < search_.word_size; ++b) {
      const auto common = Common([&](std::size_t i) { return values_[i] >> (8 * b) & 0xFF; });
      if (!common) continue;
      rule.mask |= std::uint64_t{0xFF} << (8 * b);
      rule.value |= common->value << (8 * b);
      rule.agree = std::min(rule.agree, common->agree);
      telling += search_.zeros_tell || common->value != 0 ? 1 : 0;
    }
    return telling >= kFewest ? std::optional(rule) : std::nullopt;
  }

  const std::vector<PlacedWord>& words_;
  const RuleSearch& search_;
  std::vector<std::uint64_t> values_;
};

}  // namespace

PlaceRule FindRule(const std::vector<PlacedWord>& words, const RuleSearch& search) {
  return Finder(words, search).Find();
}

double ForetoldNats(std::uint64_t word, std::uint64_t mask, std::uint32_t word_size) {
  constexpr double kOther = 1.2, kZero = 0.12;
  double nats = 0;
  for (std::uint32_t i = 0; i < word_size; ++i)
    if ((mask >> (8 * i) & 0xFF) != 0) nats += (word >> (8 * i) & 0xFF) == 0 ? kZero : kOther;
  return std::min(nats, kMostForetold);
}

}  // namespace poolblame
