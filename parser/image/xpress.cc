#include "parser/image/xpress.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "parser/base/little_endian.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kMinMatch = 3;

/// Reads forward; what lies behind the end is nothing.
class Input {
 public:
  explicit Input(ByteView bytes) : bytes_(bytes) {}

  template <typename T>
  auto Take() {
    const auto value = bytes_.TryRead<T>(at_);
    if (value) at_ += sizeof(T);
    return value;
  }
  std::optional<std::uint32_t> TakeByte() {
    if (AtEnd()) return std::nullopt;
    return bytes_[at_++];
  }
  [[nodiscard]] bool AtEnd() const { return at_ >= bytes_.size(); }
  [[nodiscard]] std::size_t at() const { return at_; }
  void Skip(std::size_t length) { at_ += length; }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
};

/// The rest of a length that did not fit where it began: a word, or zero and a double word. The word counts from the
/// match's start, so it is never less than `base`, what the shorter forms reach.
std::optional<std::uint32_t> TakeLongLength(Input& in, std::uint32_t base) {
  const auto word = in.Take<Le16>();
  if (!word) return std::nullopt;
  std::uint32_t length = *word;
  if (length == 0) {
    const auto wide = in.Take<Le32>();
    if (!wide) return std::nullopt;
    length = *wide;
  }
  if (length < base) return std::nullopt;
  return length - base;
}

/// Copies a match onto itself byte by byte, as far as there is room; false when it starts before the output does.
bool CopyMatch(std::span<std::uint8_t> out, std::size_t& at, std::size_t distance, std::uint64_t length) {
  if (distance > at) return false;
  const std::size_t end = at + static_cast<std::size_t>(std::min<std::uint64_t>(length, out.size() - at));
  for (; at < end; ++at) out[at] = out[at - distance];
  return true;
}

/// Plain LZ77: 32 flags, then a byte or a match for each. Matches of ten bytes and more share bytes for the next four
/// bits of their lengths, two by two.
class PlainDecoder {
 public:
  PlainDecoder(ByteView packed, std::span<std::uint8_t> out) : in_(packed), packed_(packed), out_(out) {}

  std::optional<std::size_t> Run() {
    while (at_ < out_.size() && !in_.AtEnd()) {
      if (flags_left_ == 0 && !TakeFlags()) return std::nullopt;
      if (in_.AtEnd()) break;  // the flags that nothing follows mark the end
      const bool is_match = (flags_ >> --flags_left_ & 1) != 0;
      if (!is_match)
        out_[at_++] = static_cast<std::uint8_t>(*in_.TakeByte());
      else if (!TakeMatch())
        return std::nullopt;
    }
    return at_;
  }

 private:
  bool TakeFlags() {
    const auto flags = in_.Take<Le32>();
    if (!flags) return false;
    flags_ = *flags;
    flags_left_ = 32;
    return true;
  }

  bool TakeMatch() {
    const auto word = in_.Take<Le16>();
    if (!word) return false;
    std::optional<std::uint64_t> length = *word & 7u;
    if (*length == 7) length = TakeLength();
    return length && CopyMatch(out_, at_, (*word >> 3) + 1u, *length + kMinMatch);
  }

  std::optional<std::uint64_t> TakeLength() {
    const std::optional<std::uint32_t> nibble = TakeNibble();
    if (!nibble) return std::nullopt;
    if (*nibble < 15) return *nibble + 7u;
    const std::optional<std::uint32_t> byte = in_.TakeByte();
    if (!byte) return std::nullopt;
    if (*byte < 255) return *byte + 15u + 7u;
    const std::optional<std::uint32_t> rest = TakeLongLength(in_, 15 + 7);
    if (!rest) return std::nullopt;
    return std::uint64_t{*rest} + 15 + 7;
  }

  std::optional<std::uint32_t> TakeNibble() {
    if (shared_) return packed_[*std::exchange(shared_, std::nullopt)] >> 4;
    shared_ = in_.at();
    const std::optional<std::uint32_t> byte = in_.TakeByte();
    if (!byte) return std::nullopt;
    return *byte & 15;
  }

  Input in_;
  ByteView packed_;
  std::span<std::uint8_t> out_;
  std::size_t at_ = 0;
  std::uint32_t flags_ = 0;
  int flags_left_ = 0;
  std::optional<std::size_t> shared_;  // a byte whose upper half is still to be used
};

constexpr std::size_t kSymbols = 512, kTableBytes = kSymbols / 2, kHuffmanBlock = 0x10000;
constexpr std::uint32_t kLongestCode = 15, kCodes = 1u << kLongestCode, kEndSymbol = 256;

/// From the next 15 bits to a symbol and its code's length.
class CodeTable {
 public:
  /// False when the lengths leave codes without a symbol or symbols without a code.
  bool Read(ByteView lengths) {
    for (std::size_t i = 0; i < kSymbols; ++i)
      length_[i] = static_cast<std::uint8_t>(i % 2 == 0 ? lengths[i / 2] & 15 : lengths[i / 2] >> 4);
    std::size_t filled = 0;
    for (std::uint32_t bits = 1; bits <= kLongestCode; ++bits) {
      for (std::size_t symbol = 0; symbol < kSymbols; ++symbol) {
        if (length_[symbol] != bits) continue;
        const std::size_t count = std::size_t{1} << (kLongestCode - bits);
        if (count > kCodes - filled) return false;
        std::fill_n(symbol_.begin() + static_cast<std::ptrdiff_t>(filled), count, static_cast<std::uint16_t>(symbol));
        filled += count;
      }
    }
    return filled == kCodes;
  }
  [[nodiscard]] std::uint32_t Symbol(std::uint32_t next) const { return symbol_[next]; }
  [[nodiscard]] std::uint32_t Length(std::uint32_t symbol) const { return length_[symbol]; }

 private:
  std::array<std::uint8_t, kSymbols> length_{};
  std::array<std::uint16_t, kCodes> symbol_{};
};

/// Bits from 16-bit words, highest first; between the words lie bytes of lengths, where the decoder has come to when it
/// wants them. Two words are always read ahead.
class BitInput {
 public:
  explicit BitInput(Input& in) : in_(in) {
    next_ = TakeWord() << 16;
    next_ |= TakeWord();
  }
  [[nodiscard]] std::uint32_t Peek(std::uint32_t count) const { return count == 0 ? 0 : next_ >> (32 - count); }
  void Drop(std::uint32_t count) {
    next_ <<= count;
    spare_ -= static_cast<int>(count);
    if (spare_ >= 0) return;
    next_ |= TakeWord() << -spare_;
    spare_ += 16;
  }
  /// True when bits were taken that the data does not have.
  [[nodiscard]] bool overrun() const { return words_missing_ > 2; }

 private:
  /// Zero behind the end: the two words ahead are never all used.
  std::uint32_t TakeWord() {
    const auto word = in_.Take<Le16>();
    if (!word) ++words_missing_;
    return word ? static_cast<std::uint32_t>(*word) : 0;
  }

  Input& in_;
  std::uint32_t next_ = 0;
  int spare_ = 16;  // bits of `next_` beyond the 16 that must be there
  int words_missing_ = 0;
};

class HuffmanDecoder {
 public:
  HuffmanDecoder(ByteView packed, std::span<std::uint8_t> out) : in_(packed), packed_(packed), out_(out) {}

  std::optional<std::size_t> Run() {
    while (at_ < out_.size() && !ended_) {
      if (in_.AtEnd()) break;
      if (!packed_.Contains(in_.at(), kTableBytes)) return std::nullopt;
      if (!codes_->Read({packed_.data() + in_.at(), kTableBytes})) return std::nullopt;
      in_.Skip(kTableBytes);
      if (!RunBlock()) return std::nullopt;
    }
    return at_;
  }

 private:
  bool RunBlock() {
    const std::size_t end = std::min(out_.size(), at_ / kHuffmanBlock * kHuffmanBlock + kHuffmanBlock);
    BitInput bits(in_);
    while (at_ < end) {
      const std::uint32_t symbol = codes_->Symbol(bits.Peek(kLongestCode));
      bits.Drop(codes_->Length(symbol));
      if (bits.overrun()) return false;
      if (symbol < kEndSymbol) {
        out_[at_++] = static_cast<std::uint8_t>(symbol);
        continue;
      }
      if (symbol == kEndSymbol && in_.AtEnd()) return ended_ = true;
      if (!TakeMatch(symbol - kEndSymbol, bits)) return false;
    }
    return true;
  }

  /// Four bits of the length, four of how many bits the distance has below its highest.
  bool TakeMatch(std::uint32_t match, BitInput& bits) {
    std::optional<std::uint64_t> length = match % 16;
    if (*length == 15) length = TakeLength();
    if (!length) return false;
    const std::uint32_t distance_bits = match / 16;
    const std::size_t distance = (std::size_t{1} << distance_bits) + bits.Peek(distance_bits);
    bits.Drop(distance_bits);
    return CopyMatch(out_, at_, distance, *length + kMinMatch);
  }

  std::optional<std::uint64_t> TakeLength() {
    const std::optional<std::uint32_t> byte = in_.TakeByte();
    if (!byte) return std::nullopt;
    if (*byte < 255) return *byte + 15u;
    const std::optional<std::uint32_t> rest = TakeLongLength(in_, 15);
    if (!rest) return std::nullopt;
    return std::uint64_t{*rest} + 15;
  }

  Input in_;
  ByteView packed_;
  std::span<std::uint8_t> out_;
  std::size_t at_ = 0;
  bool ended_ = false;
  std::unique_ptr<CodeTable> codes_ = std::make_unique<CodeTable>();  // 64 KiB: too much for a stack
};

}  // namespace

std::optional<std::size_t> UnpackXpress(ByteView packed, std::span<std::uint8_t> out) {
  return PlainDecoder(packed, out).Run();
}

std::optional<std::size_t> UnpackXpressHuffman(ByteView packed, std::span<std::uint8_t> out) {
  return HuffmanDecoder(packed, out).Run();
}

}  // namespace poolblame
