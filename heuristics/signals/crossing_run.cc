// Content of two neighbours with a sound header between them: what the lower one's end and the upper one's front hold
// is told better by one write over both than by each holding its own. Looks the same: memory that both blocks kept from
// an earlier, larger one; so the upper block's front has to be unlike every other of its tag.
#include <algorithm>
#include <string>

#include "heuristics/crossing_fit.h"
#include "heuristics/signals/signals.h"

namespace poolblame {

void VoteCrossingRun(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  constexpr double kNatsOfOneVote = 5, kMostStrength = 3;
  if (scene.crossing == nullptr || h.kind != FaultKind::kOverrun || !h.block) return;
  const CrossingFit& fit = *scene.crossing;
  const std::uint32_t bytes = scene.damage_end() - scene.blocks[scene.victim()].payload();
  votes.push_back({Weight::kCrossingRun, std::min(kMostStrength, fit.evidence / kNatsOfOneVote),
                   scene.AddressOf(fit.run.begin),
                   "the block behind holds " + std::string(fit.run.texture) + " for its first " +
                       std::to_string(bytes) + " bytes, as this one's end does and no other of its tag"});
}

}  // namespace poolblame
