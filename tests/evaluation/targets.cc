#include "tests/evaluation/targets.h"

#include <algorithm>

namespace poolblame::evaluation {
namespace {

// The kinds of the promise and what is promised of each; the others are printed and not promised.
struct PromisedKind {
  const char* name;
  double Targets::*share;
};
constexpr PromisedKind kPromisedKinds[] = {{"underrun", &Targets::underrun_both},
                                           {"double-free", &Targets::other_kinds_both},
                                           {"bit-flip", &Targets::other_kinds_both}};

double Share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

TargetResult AtLeast(std::string name, double wanted, std::uint64_t part, std::uint64_t whole) {
  const double measured = Share(part, whole);
  return {std::move(name), wanted, measured, whole, whole == 0 || measured >= wanted};
}

TargetResult AtMost(std::string name, double wanted, double measured, std::uint64_t cases) {
  return {std::move(name), wanted, measured, cases, measured <= wanted};
}

/// What is promised of the segment heap, where it was drawn.
void CheckSegmentHeap(const Score& score, const Targets& targets, std::vector<TargetResult>& results) {
  if (score.keys.images == 0) return;
  results.push_back(AtLeast("HeapKey", targets.heap_key, score.keys.right, score.keys.images));
  const auto split = score.overrun_splits.find(kSegmentHeapSplit);
  if (split == score.overrun_splits.end()) return;
  for (const auto& [hit, wanted] :
       {std::pair(kHitChunk, targets.vs_overrun_first), std::pair(kHitOwnedSlot, targets.lfh_overrun_first)}) {
    const auto count = split->second.find(hit);
    if (count == split->second.end()) continue;
    results.push_back(AtLeast(std::string("overrun first, ") + hit, wanted, count->second.first, count->second.total));
  }
}

}  // namespace

std::vector<TargetResult> CheckTargets(const Score& score, const Targets& targets) {
  std::vector<TargetResult> results;
  results.push_back(AtLeast("images read", 1.0, score.images - score.errors.size(), score.images));
  const RankCount& overrun = score.overrun_header;
  results.push_back(AtLeast("overrun first", targets.overrun_first, overrun.first, overrun.total));
  results.push_back(AtLeast("overrun in three", targets.overrun_in_three, overrun.in_three, overrun.total));
  CheckSegmentHeap(score, targets, results);
  KindBlockCount together;
  for (const PromisedKind& kind : kPromisedKinds) {
    const auto found = score.kinds.find(kind.name);
    const KindBlockCount count = found == score.kinds.end() ? KindBlockCount{} : found->second;
    results.push_back(AtLeast(std::string(kind.name) + " first", targets.*kind.share, count.both, count.total));
    together.both += count.both;
    together.total += count.total;
  }
  results.push_back(AtLeast("these three together", targets.other_kinds_both, together.both, together.total));
  results.push_back(AtMost("false alarms", static_cast<double>(targets.false_alarms),
                           static_cast<double>(score.clean.false_alarms), score.clean.images));
  for (const auto& [name, calibration] : {std::pair("calibration, first suspects", &score.first_suspects),
                                          std::pair("calibration, all suspects", &score.all_suspects)})
    results.push_back(AtMost(name, targets.calibration_error, calibration->ExpectedError(), calibration->count()));
  return results;
}

bool AllHold(const std::vector<TargetResult>& results) {
  return std::all_of(results.begin(), results.end(), [](const TargetResult& result) { return result.holds; });
}

}  // namespace poolblame::evaluation
