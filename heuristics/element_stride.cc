#include "heuristics/element_stride.h"

#include <algorithm>
#include <vector>

namespace poolblame {
namespace {

constexpr std::uint32_t kStep = 4;           // structures are made of dwords
constexpr std::uint32_t kFewestPeriods = 3;  // two may be alike by chance
constexpr std::size_t kMostBytes = 1024;     // of either side: more says nothing new

/// Of the bytes from `from` on that are not zero, or were not `lag` bytes before, the share that stayed the same.
struct Likeness {
  std::uint32_t same = 0, compared = 0;
  [[nodiscard]] double share() const { return compared == 0 ? 0 : static_cast<double>(same) / compared; }
};

Likeness LikenessAt(Bytes bytes, std::size_t from, std::uint32_t lag) {
  Likeness likeness;
  for (std::size_t i = std::max<std::size_t>(from, lag); i < bytes.size(); ++i) {
    if (bytes[i] == 0 && bytes[i - lag] == 0) continue;
    ++likeness.compared;
    if (bytes[i] == bytes[i - lag]) ++likeness.same;
  }
  return likeness;
}

/// What the shares of most lags have in common is the likeness of the words, not of records: a table of pointers is
/// alike at every second dword, records at one in three or fewer.
double Background(const std::vector<double>& shares) {
  std::vector<double> sorted = shares;
  const auto high = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() * 5 / 8);
  std::nth_element(sorted.begin(), high, sorted.end());
  return *high;
}

}  // namespace

std::optional<std::uint32_t> ElementStride(Bytes before, Bytes behind, std::uint32_t unit) {
  constexpr double kLeast = 0.25, kAboveBackground = 0.15, kAsGood = 0.9;
  constexpr std::uint32_t kFewestBehind = 3, kFewestInAll = 8;  // bytes that go on
  const std::size_t left = std::min(before.size(), kMostBytes), right = std::min(behind.size(), kMostBytes);
  std::vector<std::uint8_t> bytes(before.end() - static_cast<std::ptrdiff_t>(left), before.end());
  bytes.insert(bytes.end(), behind.begin(), behind.begin() + static_cast<std::ptrdiff_t>(right));
  const auto most = static_cast<std::uint32_t>(std::min<std::size_t>(kMaxLag, bytes.size() / kFewestPeriods));
  std::vector<double> shares;
  for (std::uint32_t lag = kStep; lag <= most; lag += kStep) shares.push_back(LikenessAt(bytes, 0, lag).share());
  constexpr std::size_t kFewestLags = 6;
  if (shares.size() < kFewestLags) return std::nullopt;
  const double highest = *std::max_element(shares.begin(), shares.end());
  if (highest < kLeast || highest < Background(shares) + kAboveBackground) return std::nullopt;
  const auto first =
      std::find_if(shares.begin(), shares.end(), [&](double share) { return share >= highest * kAsGood; });
  const auto lag = static_cast<std::uint32_t>(first - shares.begin() + 1) * kStep;
  if (lag <= unit || LikenessAt(bytes, 0, lag).same < kFewestInAll) return std::nullopt;
  // The first element behind the boundary stands beside the last one before it; further ones repeat themselves.
  const Likeness goes_on = LikenessAt(Bytes(bytes).first(std::min(bytes.size(), left + lag)), left, lag);
  if (goes_on.same < kFewestBehind || goes_on.share() < kLeast) return std::nullopt;
  return lag;
}

}  // namespace poolblame
