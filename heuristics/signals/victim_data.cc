// A2, A3 and sibling comparison: is the data behind the damaged header still what blocks of its kind hold? Then the
// write stopped at the header; an underrun always does, an overrun seldom. Or is it overwritten from its first byte on?
// Looks the same: a victim whose own kind is unknown (its tag is gone) is taken for the kind its data fits best.
#include <algorithm>

#include "heuristics/content.h"
#include "heuristics/siblings.h"
#include "heuristics/signals/signals.h"

namespace poolblame {
namespace {

enum class DataState { kUnknown, kIntact, kOverwritten };

constexpr std::uint32_t kFewestAgreeing = 4;

DataState StateOf(const SiblingTemplate::Fit& fit) {
  if (fit.differing == 0 && fit.agreeing >= kFewestAgreeing) return DataState::kIntact;
  if (fit.differs_at_front && fit.agreeing >= kFewestAgreeing) return DataState::kOverwritten;
  return DataState::kUnknown;
}

/// With the block's own template where its tag is sound, else with any template of its size that fits without a
/// difference (a difference would only say that it is another kind).
DataState LookAtData(const Scene& scene, std::size_t index) {
  const SceneBlock& block = scene.blocks[index];
  if (block.block == nullptr || scene.templates == nullptr) return DataState::kUnknown;
  const std::uint32_t size = block.end - block.begin;
  const Bytes payload = PayloadOf(scene, index);
  constexpr std::uint32_t kTagBytes = 0xF0;
  const bool tag_sound = (block.block->damaged_bytes & kTagBytes) == 0;
  if (tag_sound)
    if (const auto own = scene.templates->find({block.block->tag().name(), size}); own != scene.templates->end())
      return StateOf(own->second.FitFront(payload));
  for (const auto& [key, siblings] : *scene.templates)
    if (key.second == size && StateOf(siblings.FitFront(payload)) == DataState::kIntact) return DataState::kIntact;
  return DataState::kUnknown;
}

/// The damage is known to reach the last header byte that can be checked (the tag's).
bool ReachesTag(const SceneBlock& block) {
  constexpr std::uint32_t kLastTagByte = 1U << 7;
  return ((block.block->damaged_bytes | block.block->doubtful_bytes) & kLastTagByte) != 0;
}

}  // namespace

void VoteVictimData(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  const bool overrun = h.kind == FaultKind::kOverrun, underrun = h.kind == FaultKind::kUnderrun;
  if ((!overrun && !underrun) || scene.spots.back().kind != SpotKind::kHeader) return;
  const std::size_t index = scene.spots.back().block;
  const SceneBlock& block = scene.blocks[index];
  if (block.block == nullptr || !ReachesTag(block)) return;
  const DataState state = LookAtData(scene, index);
  const std::uint64_t at = scene.AddressOf(block.payload());
  // Only where the header ends with the tag (x86) does the stop fall on one exact byte.
  const double exactness = block.header_size == 8 ? 1.0 : 0.5;
  if (underrun && state == DataState::kIntact)
    votes.push_back({Weight::kVictimDataIntact, exactness, at,
                     "the damage stops with the header: the data behind it is what such blocks hold"});
  if (overrun && state == DataState::kOverwritten)
    votes.push_back(
        {Weight::kVictimDataOverwritten, 1, at, "the data behind the header is overwritten from its first byte on"});
}

}  // namespace poolblame
