#include "heuristics/run_contents.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "heuristics/content_model.h"

namespace poolblame {
namespace {

// Distances at which memory repeats: fills of a byte, a word or a pointer, and the sizes of small records.
constexpr std::array<std::uint32_t, 12> kLags = {1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48};
constexpr double kRepeats = 0.25;  // share of memory that does

/// The place that byte `i` repeats: `lag` before it. Over a header that was put back only what the block below holds
/// counts, as many times `lag` before it as that takes: what a block repeats of itself says nothing of its neighbour.
/// `i` itself where the scene has no such place.
std::uint32_t Before(const RunWindow& w, std::uint32_t i, std::uint32_t lag) {
  const std::uint32_t lags = w.header_is_sound && i >= w.data ? (i - w.middle) / lag + 1 : 1;
  return i < lags * lag ? i : i - lags * lag;
}

/// The last `lag` bytes of the block below hold so few values that others hold the same by chance: no records.
bool IsPlain(const RunWindow& w, std::uint32_t lag) {
  constexpr std::size_t kFewestValues = 6;
  if (w.left_bytes() < lag) return true;
  const Bytes period = w.bytes.subspan(w.middle - lag, lag);
  return std::set<std::uint8_t>(period.begin(), period.end()).size() < kFewestValues;
}

/// How well bytes repeat those `lag` before them. Values that change are frequent in records, and no part of a fill.
double RepeatScore(const RunWindow& w, std::uint32_t begin, std::uint32_t end, std::uint32_t lag) {
  constexpr double kSame = 0.8, kSameZero = 0.08, kDifferentInRecord = -0.9, kDifferentInFill = -5;
  const double different = lag > w.word ? kDifferentInRecord : kDifferentInFill;
  double score = 0;
  for (std::uint32_t i = w.begin + begin; i < w.begin + end; ++i) {
    const std::uint32_t before = Before(w, i, lag);
    const bool same = before < i && w.bytes[i] == w.bytes[before];
    score += !same ? different : w.bytes[i] == 0 ? kSameZero : kSame;
  }
  return score;
}

}  // namespace

bool IsMoreOfAFill(const RunWindow& w, std::uint32_t i) {
  const bool fill = w.classes[i] == WordClass::kFill || w.classes[i] == WordClass::kZero;
  return w.header_is_sound && fill && i != 0 && i != w.data_word() && std::ranges::equal(w.Word(i), w.Word(i - 1));
}

double PartOf(const RunWindow& w, std::uint32_t begin, std::uint32_t end, const ByClass& scores) {
  const auto part_class = static_cast<std::size_t>(ClassOf(w.bytes.subspan(w.begin + begin, end - begin)));
  return scores[part_class] * (end - begin) / w.word;
}

double LogSum(double a, double b) {
  const double high = std::max(a, b), low = std::min(a, b);
  return high + std::log1p(std::exp(low - high));
}

double Any(const Alternatives& alternatives, std::uint32_t begin, std::uint32_t end) {
  double sum = kNeverLog;
  for (const Alternative& a : alternatives) sum = LogSum(sum, a.log_share + a.sums.Over(begin, end));
  return sum;
}

Alternatives TexturesOf(const RunWindow& w, std::uint32_t begin, std::uint32_t end, double share) {
  Alternatives out;
  for (std::size_t t = 0; t < AllTextures().size(); ++t) {
    const Texture& texture = AllTextures()[t];
    const ByClass& scores = TextureScores(t, w.word);
    const auto score = [&](std::uint32_t i) {
      return w.IsSilent(i) ? 0 : scores[static_cast<std::size_t>(w.classes[i])];
    };
    const auto part = [&w, &scores](std::uint32_t from, std::uint32_t to) { return PartOf(w, from, to, scores); };
    out.push_back({Sums(begin, end, score), std::log(share * texture.share), texture.name, 0, part});
  }
  return out;
}

Alternatives OwnOf(const RunWindow& w, std::uint32_t begin, std::uint32_t end, double share) {
  Alternatives out = TexturesOf(w, begin, end, share * (1 - kRepeats));
  for (const std::uint32_t lag : kLags) {
    const std::uint32_t first = begin + (lag + w.word - 1) / w.word;  // the ones in front repeat nothing yet
    const auto score = [&](std::uint32_t i) {
      return i < first ? AnythingScore(w.classes[i]) : RepeatScore(w, i * w.word, (i + 1) * w.word, lag);
    };
    out.push_back({Sums(begin, end, score), std::log(share * kRepeats / kLags.size())});
  }
  return out;
}

Alternatives WritesOf(const RunWindow& w) {
  Alternatives out = TexturesOf(w, 0, w.words(), 1 - kRepeats);
  for (const std::uint32_t lag : kLags) {
    if (w.header_is_sound && lag > w.word && IsPlain(w, lag)) continue;
    const auto part = [&w, lag](std::uint32_t from, std::uint32_t to) { return RepeatScore(w, from, to, lag); };
    const auto score = [&](std::uint32_t i) {
      return w.IsSilent(i) || IsMoreOfAFill(w, i) ? 0 : part(i * w.word, (i + 1) * w.word);
    };
    out.push_back({Sums(0, w.words(), score), std::log(kRepeats / kLags.size()),
                   lag <= w.word ? kOnePattern : "records", lag, part});
  }
  return out;
}

}  // namespace poolblame
