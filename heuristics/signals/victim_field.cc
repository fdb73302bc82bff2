// Sibling comparison for use after free: what stands in the freed block's links is what live blocks of its tag hold at
// the same offset: the last owner still writes its fields.
// Looks the same: links that were never written (residue) in a block that is not on a list.
#include <algorithm>
#include <string>

#include "heuristics/content.h"
#include "heuristics/siblings.h"
#include "heuristics/signals/signals.h"

namespace poolblame {

void VoteVictimField(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  constexpr std::uint32_t kFewest = 2;
  constexpr double kBytesOfOneVote = 4, kMostStrength = 2;
  if (h.kind != FaultKind::kUseAfterFree || !h.block) return;
  const std::uint32_t offset = h.write_begin - scene.blocks[*h.block].payload();
  const Bytes damage = Bytes(scene.bytes).subspan(h.write_begin, h.write_end - h.write_begin);
  std::uint32_t best = 0;
  for (const Sibling& sibling : SiblingsOf(scene, *h.block)) {
    std::uint32_t same = 0;
    for (std::size_t i = 0; i < damage.size() && offset + i < sibling.payload.size(); ++i)
      if (sibling.payload[offset + i] == damage[i] && damage[i] != 0 && damage[i] != 0xFF) ++same;
    best = std::max(best, same);
  }
  if (best < kFewest) return;
  votes.push_back({Weight::kVictimFieldValue, std::min(kMostStrength, best / kBytesOfOneVote),
                   scene.AddressOf(h.write_begin),
                   "live blocks of this tag hold the same " + std::to_string(best) + " bytes at this offset"});
}

}  // namespace poolblame
