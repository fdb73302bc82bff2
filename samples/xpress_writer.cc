#include "samples/xpress_writer.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

namespace poolblame::samples {
namespace {

constexpr std::size_t kShortest = 3;

struct Match {
  std::size_t distance = 0;
  std::size_t length = 0;  // below kShortest: none
};

/// The match with the last place that had the same three bytes.
class MatchFinder {
 public:
  MatchFinder(const Bytes& plain, std::size_t farthest) : plain_(plain), farthest_(farthest), last_(kBuckets) {}

  Match Find(std::size_t at) {
    if (at + kShortest > plain_.size()) return {};
    std::size_t& last = last_[(plain_[at] * 0x9E5Fu + plain_[at + 1] * 0x101u + plain_[at + 2]) % kBuckets];
    const std::size_t before = std::exchange(last, at + 1);
    if (before == 0 || at + 1 - before > farthest_) return {};
    Match match{at + 1 - before, 0};
    while (at + match.length < plain_.size() && plain_[before - 1 + match.length] == plain_[at + match.length])
      ++match.length;
    return match;
  }

 private:
  static constexpr std::size_t kBuckets = 1 << 14;
  const Bytes& plain_;
  std::size_t farthest_;
  std::vector<std::size_t> last_;  // places, plus 1; 0 = none
};

void Grow16(Bytes& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value));
  out.push_back(static_cast<std::uint8_t>(value >> 8));
}

class PlainWriter {
 public:
  explicit PlainWriter(const Bytes& plain) : plain_(plain), matches_(plain, 8192) { ReserveFlags(); }

  Bytes Run() {
    for (std::size_t at = 0; at < plain_.size();) {
      const Match match = matches_.Find(at);
      const bool is_match = match.length >= kShortest;
      if (is_match)
        AddMatch(match);
      else
        out_.push_back(plain_[at]);
      AddFlag(is_match);
      at += is_match ? match.length : 1;
    }
    const int unused = 32 - flag_count_;
    const std::uint64_t flags = std::uint64_t{flags_} << unused | ((std::uint64_t{1} << unused) - 1);
    Put32(out_, flags_at_, flags);
    return std::move(out_);
  }

 private:
  void ReserveFlags() {
    flags_at_ = out_.size();
    out_.resize(out_.size() + 4);
    flags_ = 0;
    flag_count_ = 0;
  }

  void AddFlag(bool is_match) {
    flags_ = flags_ << 1 | (is_match ? 1 : 0);
    if (++flag_count_ < 32) return;
    Put32(out_, flags_at_, flags_);
    ReserveFlags();
  }

  void AddMatch(const Match& match) {
    const std::size_t length = match.length - kShortest;
    Grow16(out_, (match.distance - 1) << 3 | std::min<std::size_t>(length, 7));
    if (length < 7) return;
    AddNibble(std::min<std::size_t>(length - 7, 15));
    if (length < 7 + 15) return;
    out_.push_back(static_cast<std::uint8_t>(std::min<std::size_t>(length - 7 - 15, 255)));
    if (length < 7 + 15 + 255) return;
    if (length < 0x10000) return Grow16(out_, length);
    Grow16(out_, 0);
    Grow16(out_, length);
    Grow16(out_, length >> 16);
  }

  void AddNibble(std::size_t nibble) {
    if (half_) {
      out_[*std::exchange(half_, std::nullopt)] |= static_cast<std::uint8_t>(nibble << 4);
      return;
    }
    half_ = out_.size();
    out_.push_back(static_cast<std::uint8_t>(nibble));
  }

  const Bytes& plain_;
  MatchFinder matches_;
  Bytes out_;
  std::size_t flags_at_ = 0;
  std::uint32_t flags_ = 0;
  int flag_count_ = 0;
  std::optional<std::size_t> half_;
};

/// Bits in 16-bit words whose places are taken when the reader would read them, two words ahead.
class BitWriter {
 public:
  explicit BitWriter(Bytes& out) : out_(out) {
    next_ = Reserve();
    after_ = Reserve();
  }
  void Add(std::uint32_t bits, std::uint32_t count) {
    held_ = held_ << count | bits;
    held_count_ += count;
    if (held_count_ <= 16) return;
    held_count_ -= 16;
    Put16(out_, next_, held_ >> held_count_);
    next_ = after_;
    after_ = Reserve();
  }
  void Finish() { Put16(out_, next_, held_ << (16 - held_count_)); }

 private:
  std::size_t Reserve() {
    out_.resize(out_.size() + 2);
    return out_.size() - 2;
  }
  Bytes& out_;
  std::size_t next_, after_;
  std::uint64_t held_ = 0;
  std::uint32_t held_count_ = 0;
};

}  // namespace

Bytes PackXpress(const Bytes& plain) { return PlainWriter(plain).Run(); }

Bytes PackXpressHuffman(const Bytes& plain) {
  constexpr std::uint32_t kCodeBits = 9, kEnd = 256;
  Bytes out(256, kCodeBits << 4 | kCodeBits);
  MatchFinder matches(plain, 65535);
  BitWriter bits(out);
  for (std::size_t at = 0; at < plain.size();) {
    const Match match = matches.Find(at);
    // Three bytes from one before would have the symbol that ends the data.
    if (match.length < kShortest || (match.length == kShortest && match.distance == 1)) {
      bits.Add(plain[at++], kCodeBits);
      continue;
    }
    const std::size_t length = match.length - kShortest;
    const auto below = static_cast<std::uint32_t>(std::bit_width(match.distance) - 1);
    bits.Add(kEnd + (below << 4 | static_cast<std::uint32_t>(std::min<std::size_t>(length, 15))), kCodeBits);
    if (length >= 15) out.push_back(static_cast<std::uint8_t>(std::min<std::size_t>(length - 15, 255)));
    if (length >= 15 + 255) Grow16(out, length);
    bits.Add(static_cast<std::uint32_t>(match.distance - (std::size_t{1} << below)), below);
    at += match.length;
  }
  bits.Add(kEnd, kCodeBits);
  bits.Finish();
  return out;
}

}  // namespace poolblame::samples
