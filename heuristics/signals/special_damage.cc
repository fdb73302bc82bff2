// What damaged filler says: where it starts and stops, whether the data goes on in it, how many bits differ.
// Looks the same: a stray write that happens to start where the data ends (one place in 16, or in thousands), a flipped
// bit beside the data, a written byte that is one bit from the filler.
#include <algorithm>
#include <string>

#include "heuristics/content.h"
#include "heuristics/signals/special_signals.h"
#include "parser/base/ascii.h"

namespace poolblame {
namespace {

bool IsOwnOverrun(const SpecialScene& scene, const Hypothesis& h) {
  return scene.event == SpecialEvent::kSlop && h.kind == FaultKind::kOverrun;
}
bool IsOwnUnderrun(const SpecialScene& scene, const Hypothesis& h) {
  return scene.event == SpecialEvent::kFiller && h.kind == FaultKind::kUnderrun;
}

void VoteSlop(const SpecialScene& scene, std::vector<Vote>& votes) {
  const SpecialPoolBlock& block = scene.page->block;
  const std::uint64_t gap = scene.begin - scene.AddressOf(block.data.end);
  if (gap == 0)
    votes.push_back(
        {Weight::kSlopFromTheEnd, 1, scene.begin,
         "the damage starts with the first byte behind the " + CountOfBytes(block.data.size()) + " of the block"});
  else
    votes.push_back({Weight::kSlopAwayFromTheEnd, std::clamp(static_cast<double>(gap) / 8, 0.5, 2.0), scene.begin,
                     CountOfBytes(gap) + " of filler between the block's end and the damage are untouched"});
  votes.push_back({Weight::kAloneOnItsPage, 1, scene.AddressOf(block.data.begin),
                   "special pool: no other block lies on this page, and no page is mapped beside it"});
}

void VoteFiller(const SpecialScene& scene, std::vector<Vote>& votes) {
  const SpecialPoolBlock& block = scene.page->block;
  const std::uint64_t gap = scene.AddressOf(block.data.begin) - scene.end;
  if (gap == 0)
    votes.push_back({Weight::kFillerUpToData, 1, scene.end, "the damage ends exactly where the block's data begins"});
  else
    votes.push_back({Weight::kFillerAwayFromData, std::clamp(static_cast<double>(gap) / 32, 0.4, 2.0), scene.end,
                     CountOfBytes(gap) + " of filler between the damage and the block's data are untouched"});
  votes.push_back({Weight::kAloneOnItsPage, 0.5, scene.AddressOf(block.data.begin),
                   "special pool: no other block lies on this page"});
}

Bytes Part(const SpecialScene& scene, std::uint64_t begin, std::uint64_t end) {
  return scene.page->bytes.bytes.span().subspan(begin - scene.base(), end - begin);
}

bool IsNulBehindText(Bytes data, Bytes damage) {
  constexpr std::uint32_t kAscii = 6, kUtf16 = 4;
  const bool nul = damage.size() <= 2 && std::all_of(damage.begin(), damage.end(), [](auto b) { return b == 0; });
  return nul && (TrailingAscii(data) >= kAscii || TrailingUtf16(data) >= kUtf16);
}

void VoteContinuation(const Continuation& found, double most, const SpecialScene& scene, std::vector<Vote>& votes) {
  constexpr double kConvincing = 12;  // nats: about two bytes of a pattern that both sides follow
  if (found.score <= 0 || found.all_zero()) return;
  votes.push_back({Weight::kDataGoesOnInFiller, most * std::min(1.0, found.score / kConvincing), scene.begin,
                   "the damage goes on with the pattern of the block's data"});
}

}  // namespace

void VoteSpecialExtent(const SpecialScene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (IsOwnOverrun(scene, h)) VoteSlop(scene, votes);
  if (IsOwnUnderrun(scene, h)) VoteFiller(scene, votes);
}

void VoteSpecialContent(const SpecialScene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (!IsOwnOverrun(scene, h) && !IsOwnUnderrun(scene, h)) return;
  const SpecialPoolBlock& block = scene.page->block;
  const std::uint64_t begin = scene.AddressOf(block.data.begin), end = scene.AddressOf(block.data.end);
  const Bytes data = Part(scene, begin, end), damage = Part(scene, scene.begin, scene.end);
  if (h.kind == FaultKind::kUnderrun) {
    if (scene.end == begin) VoteContinuation(FindBackwardContinuation(damage, data), 0.7, scene, votes);
    return;
  }
  if (scene.begin != end) return;
  if (IsNulBehindText(data, damage))
    votes.push_back({Weight::kOffByOneNul, 1, scene.begin,
                     "a single NUL stands behind this block, which text fills to its last byte"});
  else
    VoteContinuation(FindContinuation(data, damage), 1, scene, votes);
}

void VoteSpecialBits(const SpecialScene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (scene.event == SpecialEvent::kAccess || scene.wrong_bytes == 0) return;
  const bool one_bit = scene.wrong_bits == 1;
  if (h.kind != FaultKind::kBitFlip) {
    if (!one_bit) return;
    // A terminator over a filler of one bit is as near, and common.
    const bool nul = scene.page->bytes.bytes[scene.begin - scene.base()] == 0;
    votes.push_back({Weight::kOneBitOfFillerWritten, nul ? 0.35 : 1.0, scene.begin,
                     "a single bit differs from the filler, which a write of anything would seldom do"});
  } else if (one_bit) {
    const bool nul = scene.page->bytes.bytes[scene.begin - scene.base()] == 0;
    votes.push_back({Weight::kOneBitOfFiller, nul ? 0.5 : 1.0, scene.begin, "exactly one bit differs from the filler"});
  } else {
    votes.push_back({Weight::kManyBitsOfFiller, 1, scene.begin,
                     scene.wrong_bits == 0 ? "more than one bit is wrong"
                                           : std::to_string(scene.wrong_bits) + " bits differ from the filler"});
  }
}

}  // namespace poolblame
