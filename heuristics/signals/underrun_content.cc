// B1 and B4 mirrored: the bytes in front of a block's data continue its data backwards: its owner wrote below its
// start.
#include <algorithm>
#include <string>
#include <vector>

#include "heuristics/content.h"
#include "heuristics/siblings.h"
#include "heuristics/signals/signals.h"

namespace poolblame {

void VoteUnderrunContent(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  constexpr double kNatsOfOneVote = 6, kMostStrength = 3;
  constexpr std::uint32_t kZerosOfOneVote = 8;
  if (h.kind != FaultKind::kUnderrun || !h.block) return;
  const Bytes payload = PayloadOf(scene, *h.block);
  const Bytes below = Bytes(scene.bytes).subspan(h.write_begin, std::min(h.write_end - h.write_begin, kMaxLag));
  const std::vector<std::uint8_t> left(payload.rbegin(), payload.rend()), right(below.rbegin(), below.rend());
  const Continuation c = FindContinuation(left, right);
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
