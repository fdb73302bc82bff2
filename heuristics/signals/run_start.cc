// A6: where the content that crosses the boundary begins. Who overruns a buffer has mostly filled it from its start; a
// run that begins somewhere inside the block below was oftener written downwards, from the block above.
// Looks the same: text or records appended to what the block held before.
#include <algorithm>

#include "heuristics/content.h"
#include "heuristics/siblings.h"
#include "heuristics/signals/signals.h"

namespace poolblame {
namespace {

/// Bytes of a pattern or text that end with the header at `data` and reach below it; 0 where there is no such run.
/// Zeros do not count: they begin anywhere.
std::uint32_t RunBefore(Bytes bytes, std::uint32_t data, std::uint32_t header_size) {
  const Bytes before = bytes.first(data);
  const Bytes header = before.last(header_size);
  if (std::all_of(header.begin(), header.end(), [](std::uint8_t b) { return b == 0; })) return 0;
  const PatternRun pattern = FindPatternBefore(before);
  return std::max(pattern.length + pattern.lag, TrailingAscii(before));
}

}  // namespace

void VoteRunStart(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  constexpr std::uint32_t kShortestRun = 8;  // bytes inside the block below
  constexpr std::uint32_t kHead = 16;        // fields that stand before what a buffer is filled with
  const bool overrun = h.kind == FaultKind::kOverrun, underrun = h.kind == FaultKind::kUnderrun;
  if ((!overrun && !underrun) || scene.spots.size() != 1 || scene.spots.front().kind != SpotKind::kHeader) return;
  const SceneBlock& victim = scene.blocks[scene.victim()];
  const auto left = scene.Below(scene.victim());
  if (!left || (overrun && h.block != left) || victim.payload() > scene.bytes.size()) return;
  const SceneBlock& below = scene.blocks[*left];
  const Bytes bytes(scene.bytes);
  const std::uint32_t exact = RunBefore(bytes, victim.payload(), victim.header_size);
  const bool is_exact = exact >= victim.header_size + kShortestRun;
  const Bytes damage = bytes.subspan(victim.begin, victim.header_size);
  const std::uint32_t like = LikeBytesBefore(bytes.first(victim.begin), damage, scene.pointer_size());
  const std::uint32_t run = is_exact ? exact : victim.header_size + like;
  if (run < victim.header_size + kShortestRun) return;
  const std::uint32_t start = victim.payload() - run;
  const std::uint64_t at = scene.AddressOf(start);
  if (start <= below.payload() + kHead) {
    if (overrun)
      votes.push_back({is_exact ? Weight::kRunStartsAtData : Weight::kLikeStartsAtData, 1, at,
                       "the run fills this block from its first bytes on"});
    if (underrun && is_exact)
      votes.push_back({Weight::kRunStartsInside, 1, at, "the run fills all of the block before"});
    return;
  }
  if (overrun)
    votes.push_back({is_exact ? Weight::kRunStartsInside : Weight::kLikeStartsInside, 1, at,
                     "the run starts in the middle of this block"});
  if (underrun)
    votes.push_back({is_exact ? Weight::kRunStartsInsideOther : Weight::kLikeStartsInsideOther, 1, at,
                     "the run ends in the middle of the block before"});
}

}  // namespace poolblame
