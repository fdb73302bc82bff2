// Whose bytes are these? Bigger blocks of the suspect's tag show what its owner writes at the distance from the block's
// start where this block ends. When the damage says the same, the owner wrote on as if the block were bigger.
#include <algorithm>
#include <string>

#include "heuristics/content.h"
#include "heuristics/siblings.h"
#include "heuristics/signals/signals.h"

namespace poolblame {

void VoteSiblingBytes(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  constexpr std::uint32_t kFewest = 3;
  constexpr double kBytesOfOneVote = 6, kMostStrength = 2;
  if (h.kind != FaultKind::kOverrun || !h.block || !scene.shows_damage()) return;
  const std::size_t capacity = PayloadOf(scene, *h.block).size();
  const Bytes right = Bytes(scene.bytes).subspan(h.write_begin, h.write_end - h.write_begin);
  std::uint32_t best = 0;
  for (const Sibling& sibling : SiblingsOf(scene, *h.block)) {
    std::uint32_t same = 0, different = 0;
    for (std::size_t i = 0; i < right.size() && capacity + i < sibling.payload.size(); ++i) {
      const std::uint8_t byte = sibling.payload[capacity + i];
      if (byte != right[i]) ++different;
      if (byte == right[i] && byte != 0) ++same;
    }
    if (different * 2 <= same) best = std::max(best, same);
  }
  if (best < kFewest) return;
  votes.push_back({Weight::kSiblingBytes, std::min(kMostStrength, best / kBytesOfOneVote),
                   scene.AddressOf(h.write_begin),
                   "a bigger block of this tag holds the same " + std::to_string(best) +
                       " bytes at the distance where this block ends"});
}

}  // namespace poolblame
