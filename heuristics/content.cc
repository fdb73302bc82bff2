#include "heuristics/content.h"

#include <algorithm>
#include <set>

#include "heuristics/foretold.h"

namespace poolblame {
namespace {

/// UTF-16 in either phase: a string may start at any byte.
bool IsWideText(Bytes word) {
  for (const std::size_t phase : {0U, 1U}) {
    bool is_wide = true;
    for (std::size_t i = 0; i < word.size(); ++i)
      is_wide = is_wide && (i % 2 == phase ? IsPrintable(word[i]) : word[i] == 0);
    if (is_wide) return true;
  }
  return false;
}

// What one byte of agreement says, in nats. A zero byte is what half of all memory holds; other values agree by chance
// about once in 64 because bytes near each other are alike. A disagreement costs more than an agreement brings.
constexpr double kInformativeByte = 1.2;
constexpr double kZeroByte = 0.12;
constexpr double kMismatch = -2.0;
// A longer lag had more chances to fit; this is the price of having searched.
constexpr double kPricePerLagDoubling = 0.25;

struct LagMatch {
  std::uint32_t matched = 0, total = 0, informative = 0;
};

void Count(LagMatch& m, std::uint8_t byte, std::uint8_t foretold) {
  ++m.total;
  if (byte != foretold) return;
  ++m.matched;
  if (byte != 0) ++m.informative;
}

/// Compares the last `count` bytes of `left` with the bytes `lag` before them.
LagMatch MatchInside(Bytes left, std::size_t count, std::uint32_t lag) {
  LagMatch m;
  for (std::size_t i = left.size() - count; i < left.size(); ++i) Count(m, left[i], left[i - lag]);
  return m;
}

/// Compares `right` with what `left` foretells. Never with itself: a fill that begins at the boundary repeats too, but
/// it says nothing of the left side.
LagMatch MatchBehind(Bytes right, const Foretold& foretold) {
  LagMatch m;
  for (std::size_t i = 0; i < right.size(); ++i) Count(m, right[i], foretold[i]);
  return m;
}

double Log2(std::uint32_t n) {
  double bits = 0;
  for (; n > 1; n >>= 1) bits += 1;
  return bits;
}

double Score(const LagMatch& right, std::uint32_t lag) {
  return right.informative * kInformativeByte + (right.matched - right.informative) * kZeroByte +
         (right.total - right.matched) * kMismatch - kPricePerLagDoubling * Log2(lag);
}

Continuation FindEither(Bytes left, Bytes right, bool mirrored) {
  Continuation best;
  const auto left_size = static_cast<std::uint32_t>(left.size());
  for (std::uint32_t lag = 1; lag <= kMaxLag && lag * 2 <= left_size; ++lag) {
    const LagMatch r = MatchBehind(right, Foretold(left, lag, mirrored));
    const double score = Score(r, lag);
    if (score <= best.score) continue;
    const std::uint32_t support = std::min(std::max(2 * lag, 6U), left_size - lag);
    const LagMatch l = MatchInside(left, support, lag);
    // Records hold counters and pointers that change, plain fills do not.
    const std::uint32_t needed = lag <= 8 ? l.total - l.total / 8 : l.total * 6 / 10;
    if (l.matched < needed) continue;
    best = {lag, r.matched, r.total, r.informative, l.matched, l.total, score};
  }
  return best;
}

}  // namespace

Continuation FindContinuation(Bytes left, Bytes right) { return FindEither(left, right, false); }

Continuation FindBackwardContinuation(Bytes left, Bytes right) {
  const std::vector<std::uint8_t> from(right.rbegin(), right.rend()), on(left.rbegin(), left.rend());
  return FindEither(from, on, true);
}

std::uint32_t TrailingAscii(Bytes bytes) {
  std::uint32_t n = 0;
  while (n < bytes.size() && IsPrintable(bytes[bytes.size() - 1 - n])) ++n;
  return n;
}

std::uint32_t TrailingUtf16(Bytes bytes) {
  std::uint32_t n = 0;
  while (2 * n + 2 <= bytes.size() && bytes[bytes.size() - 1 - 2 * n] == 0 &&
         IsPrintable(bytes[bytes.size() - 2 - 2 * n]))
    ++n;
  return n;
}

std::optional<CrossingText> FindCrossingText(Bytes left, Bytes right) {
  constexpr std::uint32_t kLeftCharacters = 4;
  CrossingText text;
  text.left_characters = TrailingAscii(left);
  if (text.left_characters >= kLeftCharacters) {
    while (text.right_characters < right.size() && IsPrintable(right[text.right_characters])) ++text.right_characters;
    text.terminated = text.right_characters < right.size() && right[text.right_characters] == 0;
    if (text.right_characters > 0) return text;
  }
  text = {};
  text.utf16 = true;
  text.left_characters = TrailingUtf16(left);
  if (text.left_characters < kLeftCharacters) return std::nullopt;
  while (2 * text.right_characters + 2 <= right.size() && IsPrintable(right[2 * text.right_characters]) &&
         right[2 * text.right_characters + 1] == 0)
    ++text.right_characters;
  const std::size_t next = 2 * static_cast<std::size_t>(text.right_characters);
  text.terminated = next + 2 <= right.size() && right[next] == 0 && right[next + 1] == 0;
  if (text.right_characters == 0) return std::nullopt;
  return text;
}

bool LooksLikeKernelPointer(std::uint64_t word, std::uint32_t pointer_size) {
  if (pointer_size == 4) return word >= 0x80000000 && word < 0xFFFF0000;
  return word >= 0xFFFF800000000000 && word < 0xFFFFFFFFFFFF0000;
}

bool IsDistinctiveDword(std::uint32_t value) {
  if (value < 0x10000 || value >= 0xFFFF0000) return false;
  std::set<std::uint8_t> values;
  for (unsigned i = 0; i < 4; ++i) values.insert(static_cast<std::uint8_t>(value >> (8 * i)));
  return values.size() >= 3 || (values.size() == 2 && !values.contains(0));
}

std::uint32_t SharedDwords(Bytes left, Bytes right) {
  std::set<std::uint32_t> seen;
  for (std::size_t i = 0; i + 4 <= left.size(); i += 4)
    seen.insert(static_cast<std::uint32_t>(WordAt(left.subspan(i), 4)));
  std::uint32_t shared = 0;
  for (std::size_t i = 0; i + 4 <= right.size(); i += 4) {
    const auto value = static_cast<std::uint32_t>(WordAt(right.subspan(i), 4));
    if (IsDistinctiveDword(value) && seen.contains(value)) ++shared;
  }
  return shared;
}

WordClass ClassOf(Bytes word) {
  const auto size = static_cast<std::uint32_t>(word.size());
  const std::uint64_t value = WordAt(word, size);
  if (value == 0) return WordClass::kZero;
  if (size > 1 && std::equal(word.begin() + 1, word.end(), word.begin())) return WordClass::kFill;
  if (TrailingAscii(word) == size) return WordClass::kText;
  if (IsWideText(word)) return WordClass::kWideText;
  if (LooksLikeKernelPointer(value, size)) return WordClass::kPointer;
  constexpr std::uint64_t kSmallest = 0x10000;
  return value < kSmallest && size >= 4 ? WordClass::kSmall : WordClass::kOther;
}

std::uint32_t TrailingZeros(Bytes bytes) {
  std::uint32_t n = 0;
  while (n < bytes.size() && bytes[bytes.size() - 1 - n] == 0) ++n;
  return n;
}

}  // namespace poolblame
