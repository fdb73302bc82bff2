// G1: what the bug check's own sub-code says of the page it names. The module on the crash stack says nothing: the
// detector is the allocator, not the culprit.
#include "heuristics/signals/signals.h"

namespace poolblame {
namespace {

std::optional<Weight> WeightFor(BugCheckHint hint, FaultKind kind) {
  switch (hint) {
    case BugCheckHint::kOverrunLikely:
      if (kind == FaultKind::kOverrun) return Weight::kCrashNamesOverrun;
      if (kind == FaultKind::kUnderrun) return Weight::kCrashNamesUnderrun;
      break;
    case BugCheckHint::kDoubleFree:
      if (kind == FaultKind::kDoubleFree) return Weight::kCrashNamesDoubleFree;
      break;
    case BugCheckHint::kBadFree:
      if (kind == FaultKind::kBadFree) return Weight::kCrashNamesBadFree;
      break;
    case BugCheckHint::kFreeList:
    case BugCheckHint::kUseAfterFree:
      if (kind == FaultKind::kUseAfterFree || kind == FaultKind::kFreeList) return Weight::kCrashNamesFreeList;
      break;
    case BugCheckHint::kHardware:
      if (kind == FaultKind::kBitFlip) return Weight::kCrashNamesHardware;
      break;
    case BugCheckHint::kUnderrun:
    case BugCheckHint::kNone:
      break;
  }
  return std::nullopt;
}

}  // namespace

void VoteCrashContext(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (!scene.named_by_crash || !scene.system->bugcheck) return;
  const auto weight = WeightFor(scene.system->bugcheck->hint, h.kind);
  if (!weight) return;
  votes.push_back(
      {*weight, 1, scene.crash_address->address.value,
       "the bug check (" + scene.system->bugcheck->name + ") speaks of this page and of this kind of fault"});
}

}  // namespace poolblame
