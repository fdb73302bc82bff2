// B1 and B4 mirrored: the bytes in front of a block's data continue its data backwards: its owner wrote below its
// start.
#include <algorithm>
#include <string>

#include "heuristics/content.h"
#include "heuristics/siblings.h"
#include "heuristics/signals/signals.h"

namespace poolblame {

namespace {

/// Bytes in front of the block's data that are what a sibling's data starts with, for the best distance: its owner
/// wrote the whole structure too low.
std::uint32_t ShiftedSiblingBytes(const Scene& scene, const Hypothesis& h) {
  constexpr std::uint32_t kFarthest = 128, kStep = 4;
  const std::uint32_t data = scene.blocks[*h.block].payload();
  std::uint32_t best = 0;
  for (const Sibling& sibling : SiblingsOf(scene, *h.block))
    for (std::uint32_t shift = kStep; shift <= std::min(kFarthest, data); shift += kStep) {
      std::uint32_t same = 0, different = 0;
      for (std::uint32_t i = 0; i < shift && i < sibling.payload.size(); ++i) {
        const std::uint8_t byte = scene.bytes[data - shift + i];
        if (byte != sibling.payload[i]) ++different;
        if (byte == sibling.payload[i] && byte != 0) ++same;
      }
      if (different <= same) best = std::max(best, same);
    }
  return best;
}

}  // namespace

void VoteUnderrunContent(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  constexpr double kNatsOfOneVote = 6, kMostStrength = 3;
  constexpr std::uint32_t kZerosOfOneVote = 8;
  if (h.kind != FaultKind::kUnderrun || !h.block) return;
  constexpr std::uint32_t kFewestShifted = 5;
  constexpr double kShiftedOfOneVote = 6, kMostShifted = 2;
  if (const std::uint32_t shifted = ShiftedSiblingBytes(scene, h); shifted >= kFewestShifted)
    votes.push_back({Weight::kSiblingBytes, std::min(kMostShifted, shifted / kShiftedOfOneVote),
                     scene.AddressOf(h.write_begin),
                     "what blocks of this tag start with stands too low, in front of this block's data"});
  const Bytes payload = PayloadOf(scene, *h.block);
  const Bytes below = Bytes(scene.bytes).subspan(h.write_begin, std::min(h.write_end - h.write_begin, kMaxLag));
  const Continuation c = FindBackwardContinuation(below, payload);
  if (c.score <= 0) return;
  const std::uint64_t at = scene.AddressOf(h.write_begin);
  if (c.all_zero()) {
    votes.push_back({Weight::kUnderrunZero, std::min(1.0, static_cast<double>(c.right_matched) / kZerosOfOneVote), at,
                     "the damaged bytes are zero, as are the first bytes of this block's data"});
    return;
  }
  votes.push_back(
      {Weight::kUnderrunPattern, std::min(kMostStrength, c.score / kNatsOfOneVote), at,
       std::to_string(c.right_matched) + " bytes in front of this block's data continue its data backwards"});
}

}  // namespace poolblame
