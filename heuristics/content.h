// What do these bytes look like, and do those bytes go on from them? Pure functions on bytes; no addresses, no opinion.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "parser/base/ascii.h"

namespace poolblame {

using Bytes = std::span<const std::uint8_t>;

/// How well the bytes behind a boundary repeat the bytes before it at one distance ("lag").
struct Continuation {
  std::uint32_t lag = 0;            // bytes; 1 = the same byte, 4 = a dword pattern, more = records
  std::uint32_t right_matched = 0;  // bytes behind the boundary that equal the left's last `lag` bytes, repeated
  std::uint32_t right_total = 0;
  std::uint32_t informative = 0;   // of right_matched, bytes that are not 0x00: zero matches zero by chance
  std::uint32_t left_matched = 0;  // the same test on the bytes before the boundary
  std::uint32_t left_total = 0;
  double score = 0;  // nats of information; 0 when nothing continues
  [[nodiscard]] bool all_zero() const { return right_matched > 0 && informative == 0; }
};

/// The best lag for which left's end goes on in right. Both sides must follow it: a pattern that the left side does not
/// have is no continuation. Cost: O(kMaxLag * right.size()).
Continuation FindContinuation(Bytes left, Bytes right);
/// The mirror image: how well the bytes `left` in front of a boundary continue `right` backwards.
Continuation FindBackwardContinuation(Bytes left, Bytes right);
/// The longest record FindContinuation looks for: bigger ones repeat too rarely inside one block to be seen.
inline constexpr std::uint32_t kMaxLag = 256;

/// Text that crosses the boundary: characters at the left's end and at the right's start.
struct CrossingText {
  bool utf16 = false;
  std::uint32_t left_characters = 0;
  std::uint32_t right_characters = 0;
  bool terminated = false;  // a NUL follows the right part
};
/// Text without a terminator at the boundary; nothing when either side has fewer than four (right: one) characters.
std::optional<CrossingText> FindCrossingText(Bytes left, Bytes right);

/// Length of the printable ASCII run (or UTF-16 run, in characters) that ends exactly with the last byte.
std::uint32_t TrailingAscii(Bytes bytes);
std::uint32_t TrailingUtf16(Bytes bytes);

/// A little-endian word of 4 or 8 bytes at the start of `bytes` (which must hold it).
inline std::uint64_t WordAt(Bytes bytes, std::uint32_t size) {
  // Compilers do not see one load in the loop below, and scans of a whole image read every word of it.
  if constexpr (std::endian::native == std::endian::little) {
    std::uint64_t word = 0;
    if (size == sizeof(word)) {
      std::memcpy(&word, bytes.data(), sizeof(word));
      return word;
    }
  }
  std::uint64_t word = 0;
  for (std::uint32_t i = 0; i < size; ++i) word |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
  return word;
}
/// A canonical kernel address that is not a small negative number.
bool LooksLikeKernelPointer(std::uint64_t word, std::uint32_t pointer_size);
/// A 4-byte value with enough variety to be somebody's: not zero, not -1, not a small number, at least two byte values.
bool IsDistinctiveDword(std::uint32_t value);
/// Number of distinctive dwords of `right` (at 4-byte steps) that also stand in `left` (at 4-byte steps).
std::uint32_t SharedDwords(Bytes left, Bytes right);
/// What a word looks like at first sight.
enum class WordClass { kZero, kFill, kSmall, kText, kWideText, kPointer, kOther };  // kFill: one byte, repeated
WordClass ClassOf(Bytes word);
/// Bytes at the end of `bytes` that are zero.
std::uint32_t TrailingZeros(Bytes bytes);

}  // namespace poolblame
