// A3: a pattern that fills the header and stops exactly where a block's data begins was written by the owner of that
// data, from there downwards; an overrun has no reason to stop on this byte.
// Looks the same: an overrun that is by chance as long as a header; rare, and common only in made-up examples.
#include <algorithm>
#include <string>

#include "heuristics/content.h"
#include "heuristics/siblings.h"
#include "heuristics/signals/signals.h"

namespace poolblame {
namespace {

/// A header full of ASCII text whose next byte is neither text nor the NUL that would end it.
bool TextStopsAt(Bytes bytes, std::uint32_t data, std::uint32_t header_size) {
  const std::uint8_t next = bytes[data];
  return TrailingAscii(bytes.first(data)) >= header_size && next != 0 && (next < 0x20 || next >= 0x7F);
}

constexpr std::uint32_t kTextInBlockBefore = 4;  // characters, to call it one text

}  // namespace

void VoteStopsAtData(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  constexpr double kZeroStrength = 0.25, kBytesOfOneVote = 5, kMostStrength = 3;
  const bool overrun = h.kind == FaultKind::kOverrun, underrun = h.kind == FaultKind::kUnderrun;
  if ((!overrun && !underrun) || scene.spots.back().kind != SpotKind::kHeader) return;
  const SceneBlock& last = scene.blocks[scene.spots.back().block];
  const std::uint32_t data = last.payload();
  if (data >= last.end || data >= scene.bytes.size()) return;
  const Bytes bytes(scene.bytes);
  if (underrun && TextStopsAt(bytes, data, last.header_size)) {
    votes.push_back({Weight::kStopsAtData, 1, scene.AddressOf(data),
                     "text fills the header and stops, without a NUL, exactly where this block's data begins"});
    votes.push_back(
        {Weight::kDamageSuffix, 1, scene.AddressOf(data), "this block's whole header is overwritten, up to its data"});
    if (TrailingAscii(bytes.first(data)) > last.header_size + kTextInBlockBefore)
      votes.push_back({Weight::kUnderrunPattern, 2, scene.AddressOf(data),
                       "one text fills the end of the block before and this block's header"});
    return;
  }
  const PatternRun run = FindPatternBefore(bytes.first(data));
  const std::uint32_t covered = run.length + run.lag;
  if (covered < last.header_size) return;
  const Bytes tail = bytes.subspan(data - last.header_size, last.header_size);
  const bool zero = std::all_of(tail.begin(), tail.end(), [](std::uint8_t b) { return b == 0; });
  const bool goes_on = bytes[data] == bytes[data - run.lag];
  const std::uint64_t at = scene.AddressOf(data);
  if (overrun && goes_on && !zero)
    votes.push_back({Weight::kGoesOnIntoData, 1, at, "the pattern goes on into the data behind the header"});
  if (overrun && !zero && covered == last.header_size)
    votes.push_back({Weight::kStartsBehindBlock, 1, at, "the pattern starts behind this block, not in it"});
  if (!underrun || goes_on) return;
  votes.push_back({Weight::kStopsAtData, zero ? kZeroStrength : 1.0, at,
                   "the damage stops exactly where this block's data begins"});
  votes.push_back({Weight::kDamageSuffix, 1, at, "this block's whole header is overwritten, up to its data"});
  if (!zero && covered > last.header_size)
    votes.push_back({Weight::kUnderrunPattern, std::min(kMostStrength, last.header_size / kBytesOfOneVote), at,
                     "one pattern fills the end of the block before and this block's header"});
}

}  // namespace poolblame
