// B7: a value with enough variety stands in the damage and in the suspect's own data.
// Looks the same: constants that many drivers use; so zero, -1, small numbers and repeated bytes do not count.
#include <algorithm>
#include <string>

#include "heuristics/content.h"
#include "heuristics/siblings.h"
#include "heuristics/signals/signals.h"

namespace poolblame {

void VoteSharedValues(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  constexpr double kMostStrength = 2;
  const bool fits =
      h.kind == FaultKind::kOverrun || h.kind == FaultKind::kNonlinearOverrun || h.kind == FaultKind::kUnderrun;
  if (!fits || !h.block || !scene.shows_damage()) return;
  const std::uint32_t begin = h.write_begin & ~3U;
  const Bytes right =
      Bytes(scene.bytes).subspan(begin, std::min<std::size_t>(h.write_end - begin, scene.bytes.size() - begin));
  // The data behind a damaged header may be the same damage; only a block below it holds its own data for sure.
  std::uint32_t shared = h.kind == FaultKind::kUnderrun ? 0 : SharedDwords(PayloadOf(scene, *h.block), right);
  const char* where = "this block's own data";
  if (shared == 0) {
    where = "other blocks of this tag";
    for (const Sibling& sibling : SiblingsOf(scene, *h.block))
      shared = std::max(shared, SharedDwords(sibling.payload, right));
  }
  if (shared == 0) return;
  votes.push_back(
      {Weight::kSharedValue, std::min<double>(kMostStrength, shared), scene.AddressOf(begin),
       std::to_string(shared) + (shared == 1 ? " value" : " values") + " of the damage also stand in " + where});
}

}  // namespace poolblame
