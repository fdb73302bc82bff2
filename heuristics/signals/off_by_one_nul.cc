// B3: exactly one NUL behind a block that a string fills to its last byte: the terminator had no room.
// Looks the same: a single bit flip that turns the byte into zero; a PreviousSize that was zero anyway leaves no trace.
#include <algorithm>

#include "heuristics/content.h"
#include "heuristics/siblings.h"
#include "heuristics/signals/signals.h"

namespace poolblame {

void VoteOffByOneNul(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  constexpr std::uint32_t kAscii = 6, kUtf16 = 4;
  if (h.kind != FaultKind::kOverrun || !h.block || scene.spots.front().kind != SpotKind::kHeader) return;
  const std::uint32_t length = h.write_end - h.write_begin;
  if (length == 0 || length > 2 || h.write_begin + length > scene.bytes.size()) return;
  for (std::uint32_t i = 0; i < length; ++i)
    if (scene.bytes[h.write_begin + i] != 0) return;
  const Bytes left = PayloadOf(scene, *h.block);
  if (TrailingAscii(left) < kAscii && TrailingUtf16(left) < kUtf16) return;
  votes.push_back({Weight::kOffByOneNul, 1, scene.AddressOf(h.write_begin),
                   "a single NUL stands behind this block, which text fills to its last byte"});
}

}  // namespace poolblame
