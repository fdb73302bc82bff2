// E: a free block has no owner who could write past its end: either the writer was done before the block was freed, or
// it was somebody else. One that is all header never held anything.
// Looks the same: a culprit that freed its block, unharmed, after it damaged the next one.
#include "heuristics/signals/signals.h"

namespace poolblame {

namespace {

/// Whether a slot is in use stands in its subsegment's bitmap, whatever became of its header: one that nobody has was
/// not written below by its owner.
void VoteFreeSlot(const Scene& scene, const SceneBlock& block, std::vector<Vote>& votes) {
  if (block.block == nullptr || scene.PageOf(block).backend != PoolBackend::kLfh) return;
  if (block.block->state == BlockState::kFree)
    votes.push_back({Weight::kSuspectIsFree, 1, scene.AddressOf(block.begin),
                     "the subsegment's bitmap says that this slot is free: nobody writes below it"});
}

}  // namespace

void VoteFreeSuspect(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (!h.block) return;
  const SceneBlock& block = scene.blocks[*h.block];
  if (h.kind == FaultKind::kUnderrun) return VoteFreeSlot(scene, block, votes);
  if (h.kind != FaultKind::kOverrun) return;
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
