// Sibling comparison of the block below: who wrote its end? When only its last bytes differ from what all blocks of its
// kind hold, somebody wrote into it from above; when its front differs too, its own buffer was filled with this
// content. Looks the same: a block whose last field is free to vary; the template does not count such bytes.
#include <algorithm>

#include "heuristics/content.h"
#include "heuristics/siblings.h"
#include "heuristics/signals/signals.h"

namespace poolblame {
namespace {

constexpr std::size_t kTail = 64;          // bytes: as far as underruns are looked for
constexpr std::uint32_t kFewestFront = 8;  // constants, to call the front known
constexpr std::uint32_t kFewestDiffering = 3;

const SiblingTemplate* TemplateOf(const Scene& scene, std::size_t index) {
  const SceneBlock& block = scene.blocks[index];
  if (block.block == nullptr || block.block->header_damaged() || scene.templates == nullptr) return nullptr;
  if (block.block->state != BlockState::kAllocated) return nullptr;
  const auto found = scene.templates->find({block.block->tag().name(), block.end - block.begin});
  return found == scene.templates->end() ? nullptr : &found->second;
}

}  // namespace

void VoteLeftData(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  const bool overrun = h.kind == FaultKind::kOverrun, underrun = h.kind == FaultKind::kUnderrun;
  if ((!overrun && !underrun) || scene.spots.front().kind != SpotKind::kHeader) return;
  const auto left = scene.Below(scene.victim());
  if (!left || (overrun && h.block != left)) return;
  const SiblingTemplate* siblings = TemplateOf(scene, *left);
  const Bytes payload = PayloadOf(scene, *left);
  if (siblings == nullptr || siblings->size() < payload.size()) return;
  const std::size_t tail = payload.size() - std::min(kTail, payload.size() / 2);
  const auto front = siblings->Compare(payload, 0, tail);
  const auto end = siblings->Compare(payload, tail, payload.size());
  const std::uint64_t at = scene.AddressOf(scene.blocks[*left].payload());
  if (front.constants < kFewestFront) return;
  if (front.differing >= kFewestDiffering) {
    if (overrun)
      votes.push_back({Weight::kLeftFilled, 1, at,
                       "this block's data is not what such blocks hold: it was filled with something else"});
  } else if (front.differing == 0 && end.differing >= kFewestDiffering) {
    if (overrun)
      votes.push_back({Weight::kLeftTailForeign, 1, at, "only this block's last bytes are not what such blocks hold"});
    if (underrun)
      votes.push_back({Weight::kLeftTailMine, 1, at,
                       "the last bytes of the block before are overwritten, the rest of it is what such blocks hold"});
  }
}

}  // namespace poolblame
