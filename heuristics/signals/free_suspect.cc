// E: a free block has no owner who could write past its end: either the writer was done before the block was freed, or
// it was somebody else. One that is all header never held anything.
// Looks the same: a culprit that freed its block, unharmed, after it damaged the next one.
#include "heuristics/signals/signals.h"

namespace poolblame {

void VoteFreeSuspect(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (h.kind != FaultKind::kOverrun || !h.block) return;
  const SceneBlock& block = scene.blocks[*h.block];
  if (block.big_freed) {
    votes.push_back({Weight::kSuspectIsFree, 1, scene.AddressOf(block.begin),
                     "the table of big allocations says that this memory was freed: this was its last owner"});
    return;
  }
  if (block.block == nullptr || block.block->header_damaged() || block.block->state != BlockState::kFree) return;
  const std::uint64_t at = scene.AddressOf(block.begin);
  if (block.payload() >= block.end)
    votes.push_back({Weight::kHoldsNothing, 1, at, "this block is free and all header: it cannot have been overrun"});
  else
    votes.push_back({Weight::kSuspectIsFree, 1, at, "this block is free: whoever wrote from it had given it up"});
}

}  // namespace poolblame
