// B9, F5: damage that starts on a 512-byte or page boundary and is long was moved there by a device or a copy of
// somebody else's buffer, not by the block below.
// Looks the same: a long overrun from a block that ends on such a boundary by chance (one in 32 on x64).
#include "heuristics/signals/signals.h"

namespace poolblame {

void VoteForeignContent(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  constexpr std::uint64_t kSector = 512;
  constexpr std::size_t kHeaders = 3;
  if (h.kind != FaultKind::kPageStomp || scene.spots.size() < kHeaders) return;
  const std::uint64_t begin = scene.AddressOf(scene.damage_begin());
  if (begin % kSector >= scene.layout().unit) return;
  votes.push_back(
      {Weight::kForeignAlignment, 1, begin, "the damage starts on a 512-byte boundary and covers several blocks"});
}

}  // namespace poolblame
