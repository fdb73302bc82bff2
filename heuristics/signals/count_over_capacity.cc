// C2: the block itself says that it holds more than it can: a UNICODE_STRING whose buffer lies in the block and whose
// Length runs over its end. Random dwords pass such tests, so length, maximum and pointer have to agree.
#include <string>

#include "heuristics/content.h"
#include "heuristics/siblings.h"
#include "heuristics/signals/signals.h"

namespace poolblame {

void VoteCountOverCapacity(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  constexpr std::uint64_t kLongestString = 0x1000;  // a page: what a pool block can be asked to hold
  if (h.kind != FaultKind::kOverrun || !h.block || scene.spots.front().kind == SpotKind::kNamed) return;
  const SceneBlock& block = scene.blocks[*h.block];
  const Bytes payload = PayloadOf(scene, *h.block);
  const std::uint32_t pointer = scene.pointer_size();
  const std::uint64_t begin = scene.AddressOf(block.payload()), end = scene.AddressOf(block.end);
  for (std::size_t i = 0; i + 2 * pointer <= payload.size(); i += pointer) {
    const std::uint64_t length = WordAt(payload.subspan(i), 2), maximum = WordAt(payload.subspan(i + 2), 2);
    const std::uint64_t buffer = WordAt(payload.subspan(i + pointer), pointer);
    const bool counts = length % 2 == 0 && maximum >= length && maximum - length <= 2 && length < kLongestString;
    if (!counts || buffer < begin || buffer >= end || length <= end - buffer) continue;
    votes.push_back({Weight::kCountOverCapacity, 1, begin + i,
                     "a UNICODE_STRING in this block says " + std::to_string(length) + " bytes where only " +
                         std::to_string(end - buffer) + " fit"});
    return;
  }
}

}  // namespace poolblame
