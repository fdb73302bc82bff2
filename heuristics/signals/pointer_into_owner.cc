// B6: the damage holds a pointer into the suspect block itself: its owner was writing.
#include "heuristics/content.h"
#include "heuristics/signals/signals.h"

namespace poolblame {

void VotePointerIntoOwner(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (h.kind != FaultKind::kOverrun || !h.block || !scene.shows_damage()) return;
  const SceneBlock& block = scene.blocks[*h.block];
  const std::uint32_t size = scene.pointer_size();
  const std::uint32_t first = h.write_begin + (size - h.write_begin % size) % size;
  for (std::uint32_t at = first; at + size <= h.write_end && at + size <= scene.bytes.size(); at += size) {
    const std::uint64_t word = WordAt(Bytes(scene.bytes).subspan(at), size);
    if (word < scene.AddressOf(block.begin) || word >= scene.AddressOf(block.end)) continue;
    votes.push_back(
        {Weight::kPointerIntoOwner, 1, scene.AddressOf(at), "the damage holds a pointer into this very block"});
    return;
  }
}

}  // namespace poolblame
