#include "heuristics/hypothesis.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "heuristics/signals/signals.h"
#include "heuristics/vote_sum.h"
#include "heuristics/written_run.h"

namespace poolblame {
namespace {

using Hypotheses = std::vector<Hypothesis>;

void AddBlock(Hypotheses& out, FaultKind kind, std::size_t block, Weight prior, std::uint32_t begin,
              std::uint32_t end) {
  out.push_back({kind, SuspectRole::kBlock, block, prior, begin, end, {}, 0, 0});
}

void AddOther(Hypotheses& out, FaultKind kind, SuspectRole role, Weight prior, const Scene& scene) {
  out.push_back({kind, role, std::nullopt, prior, scene.damage_begin(), scene.damage_end(), {}, 0, 0});
}

/// A run at least this long, or one that starts with a page, may come from far away.
constexpr std::uint32_t kStompBytes = 256;

bool MayBePageStomp(const Scene& scene) {
  return scene.damage_end() - scene.damage_begin() >= kStompBytes ||
         scene.AddressOf(scene.damage_begin()) % kPageSize == 0;
}

/// Everything from the first damaged byte to the end of its page is zero: nobody wrote here, ever.
bool RestOfPageIsZero(const Scene& scene) {
  const std::uint32_t begin = scene.damage_begin();
  const auto end = static_cast<std::uint32_t>(begin + kPageSize - scene.AddressOf(begin) % kPageSize);
  return std::all_of(scene.bytes.begin() + begin,
                     scene.bytes.begin() + std::min<std::ptrdiff_t>(end, std::ssize(scene.bytes)),
                     [](std::uint8_t b) { return b == 0; });
}

void EnumerateHeader(const Scene& scene, Hypotheses& out) {
  const std::size_t victim = scene.victim();
  const std::uint32_t end = scene.damage_end();
  const auto left = scene.Below(victim);
  if (!left && scene.lacking) {
    AddOther(out, FaultKind::kOverrun, SuspectRole::kUnknown, Weight::kPriorOverrunHeader, scene);
  } else if (left) {
    AddBlock(out, FaultKind::kOverrun, *left, Weight::kPriorOverrunHeader, scene.blocks[*left].end, end);
    // What can be seen of the block speaks, but nobody knows which one it is.
    if (!scene.blocks[*left].begin_known) out.back().role = SuspectRole::kUnknown;
    if (const auto second = scene.blocks[*left].begin_known ? scene.Below(*left) : std::nullopt)
      AddBlock(out, FaultKind::kOverrun, *second, Weight::kPriorOverrunSecondLeft, scene.blocks[*second].end, end);
  }
  const std::size_t last = scene.spots.back().block;
  AddBlock(out, FaultKind::kUnderrun, last, Weight::kPriorUnderrunHeader, scene.damage_begin(),
           scene.blocks[last].payload());
  AddOther(out, FaultKind::kBitFlip, SuspectRole::kHardware, Weight::kPriorBitFlipHeader, scene);
  AddOther(out, FaultKind::kWildWrite, SuspectRole::kUnknown, Weight::kPriorWildHeader, scene);
  if (MayBePageStomp(scene))
    AddOther(out, FaultKind::kPageStomp, SuspectRole::kUnknown, Weight::kPriorPageStompHeader, scene);
  else if (scene.run_fit != nullptr && scene.run_fit->MayBeAligned())
    AddOther(out, FaultKind::kPageStomp, SuspectRole::kUnknown, Weight::kPriorAlignedHeader, scene);
  if (RestOfPageIsZero(scene))
    AddOther(out, FaultKind::kUninitialised, SuspectRole::kUnknown, Weight::kPriorUninitialised, scene);
  AddOther(out, FaultKind::kUnknown, SuspectRole::kUnknown, Weight::kPriorUnknownHeader, scene);
}

/// Nobody's block was hit: the heap's own header, by who ends where it begins. Only a write that goes on into a block
/// may have come from that block.
void EnumerateStructure(const Scene& scene, Hypotheses& out) {
  const std::size_t victim = scene.victim(), last = scene.spots.back().block;
  if (const auto left = scene.Below(victim)) {
    AddBlock(out, FaultKind::kOverrun, *left, Weight::kPriorOverrunHeader, scene.blocks[*left].end, scene.damage_end());
    if (const auto second = scene.Below(*left))
      AddBlock(out, FaultKind::kOverrun, *second, Weight::kPriorOverrunSecondLeft, scene.blocks[*second].end,
               scene.damage_end());
  }
  if (last != victim && scene.spots.back().kind == SpotKind::kHeader)
    AddBlock(out, FaultKind::kUnderrun, last, Weight::kPriorUnderrunHeader, scene.damage_begin(),
             scene.blocks[last].payload());
  AddOther(out, FaultKind::kBitFlip, SuspectRole::kHardware, Weight::kPriorBitFlipHeader, scene);
  AddOther(out, FaultKind::kWildWrite, SuspectRole::kUnknown, Weight::kPriorWildHeader, scene);
  const bool behind_big = scene.blocks[victim].structure->kind() == HeapStructureKind::kSlush;
  if (!behind_big && scene.damage_end() - scene.damage_begin() >= kStompBytes)
    AddOther(out, FaultKind::kPageStomp, SuspectRole::kUnknown, Weight::kPriorPageStompHeader, scene);
  AddOther(out, FaultKind::kUnknown, SuspectRole::kUnknown, Weight::kPriorUnknownHeader, scene);
}

/// One of the blocks of a ring was freed twice: this one, or another.
void EnumerateRing(const Scene& scene, Hypotheses& out) {
  AddBlock(out, FaultKind::kDoubleFree, scene.victim(), Weight::kPriorDoubleFreeLink, scene.damage_begin(),
           scene.damage_end());
  AddOther(out, FaultKind::kDoubleFree, SuspectRole::kUnknown, Weight::kPriorDoubleFreeLink, scene);
  AddOther(out, FaultKind::kFreeList, SuspectRole::kUnknown, Weight::kPriorFreeListLink, scene);
  AddOther(out, FaultKind::kUnknown, SuspectRole::kUnknown, Weight::kPriorUnknownLink, scene);
}

void EnumerateLink(const Scene& scene, Hypotheses& out) {
  if (scene.ring_blocks != 0) return EnumerateRing(scene, out);
  const std::size_t victim = scene.victim();
  const std::uint32_t begin = scene.damage_begin(), end = scene.damage_end();
  AddBlock(out, FaultKind::kUseAfterFree, victim, Weight::kPriorUafLink, begin, end);
  AddBlock(out, FaultKind::kDoubleFree, victim, Weight::kPriorDoubleFreeLink, begin, end);
  if (const auto left = scene.Below(victim)) {
    AddBlock(out, FaultKind::kOverrun, *left, Weight::kPriorOverrunLink, scene.blocks[*left].end, end);
    AddBlock(out, FaultKind::kNonlinearOverrun, *left, Weight::kPriorNonlinearLink, begin, end);
  }
  if (scene.HasSpot(SpotKind::kHeader)) {
    const std::size_t last = scene.spots.back().block;
    AddBlock(out, FaultKind::kUnderrun, last, Weight::kPriorUnderrunLink, begin, scene.blocks[last].payload());
    AddOther(out, FaultKind::kPageStomp, SuspectRole::kUnknown, Weight::kPriorPageStompLink, scene);
  }
  AddOther(out, FaultKind::kFreeList, SuspectRole::kUnknown, Weight::kPriorFreeListLink, scene);
  AddOther(out, FaultKind::kBitFlip, SuspectRole::kHardware, Weight::kPriorBitFlipLink, scene);
  AddOther(out, FaultKind::kWildWrite, SuspectRole::kUnknown, Weight::kPriorWildLink, scene);
  AddOther(out, FaultKind::kUnknown, SuspectRole::kUnknown, Weight::kPriorUnknownLink, scene);
}

void EnumeratePayload(const Scene& scene, Hypotheses& out) {
  const auto left = scene.Below(scene.victim());
  const bool crosses = scene.crossing != nullptr;
  if (left)
    AddBlock(out, FaultKind::kOverrun, *left, crosses ? Weight::kPriorOverrunCrossing : Weight::kPriorOverrunPayload,
             scene.blocks[*left].end, scene.damage_end());
  if (left && !crosses)  // an index that jumps seldom hits the very first byte
    AddBlock(out, FaultKind::kNonlinearOverrun, *left, Weight::kPriorNonlinearPayload, scene.damage_begin(),
             scene.damage_end());
  AddOther(out, FaultKind::kWildWrite, SuspectRole::kUnknown, Weight::kPriorWildPayload, scene);
  AddOther(out, FaultKind::kUnknown, SuspectRole::kUnknown, Weight::kPriorUnknownPayload, scene);
}

void EnumerateNamed(const Scene& scene, Hypotheses& out) {
  const bool bad_free = scene.system->bugcheck->hint == BugCheckHint::kBadFree;
  AddBlock(out, bad_free ? FaultKind::kBadFree : FaultKind::kDoubleFree, scene.victim(),
           bad_free ? Weight::kPriorBadFreeNamed : Weight::kPriorDoubleFreeNamed, scene.damage_begin(),
           scene.damage_end());
  if (const auto left = scene.Below(scene.victim()))
    AddBlock(out, FaultKind::kOverrun, *left, Weight::kPriorOverrunNamed, scene.damage_begin(), scene.damage_end());
  AddOther(out, FaultKind::kUnknown, SuspectRole::kUnknown, Weight::kPriorUnknownNamed, scene);
}

/// Nothing is known to be wrong: the usual suspects stay in sight, but none of them is to be named.
void EnumerateComplaint(const Scene& scene, Hypotheses& out) {
  const SceneBlock& victim = scene.blocks[scene.victim()];
  const bool in_use = victim.block != nullptr && victim.block->state == BlockState::kAllocated;
  if (!in_use)
    AddBlock(out, FaultKind::kUseAfterFree, scene.victim(), Weight::kPriorUafNamed, scene.damage_begin(),
             scene.damage_end());
  if (const auto left = scene.Below(scene.victim()))
    AddBlock(out, FaultKind::kOverrun, *left, Weight::kPriorOverrunNamed, scene.damage_begin(), scene.damage_end());
  AddOther(out, FaultKind::kUnknown, SuspectRole::kUnknown, Weight::kPriorUnknownNamed, scene);
}

void Softmax(Hypotheses& hypotheses) {
  double highest = -1e300;
  for (const Hypothesis& h : hypotheses) highest = std::max(highest, h.log_odds);
  double total = 0;
  for (Hypothesis& h : hypotheses) total += h.probability = std::exp(h.log_odds - highest);
  for (Hypothesis& h : hypotheses) h.probability /= total;
}

}  // namespace

std::optional<Crossing> CrossingOf(const Scene& scene, const Hypothesis& h) {
  if (!scene.shows_damage()) return std::nullopt;
  if (h.kind == FaultKind::kOverrun && h.block) return Crossing{*h.block, h.write_begin, h.write_end};
  const auto left = scene.Below(scene.victim());
  if (h.kind != FaultKind::kUnderrun || scene.run_fit == nullptr || !left) return std::nullopt;
  return Crossing{*left, scene.blocks[scene.victim()].begin, h.write_end};
}

std::vector<Hypothesis> Enumerate(const Scene& scene) {
  Hypotheses out;
  switch (scene.spots.front().kind) {
    case SpotKind::kHeader:
      EnumerateHeader(scene, out);
      break;
    case SpotKind::kLink:
      EnumerateLink(scene, out);
      break;
    case SpotKind::kPayload:
      EnumeratePayload(scene, out);
      break;
    case SpotKind::kStructure:
      EnumerateStructure(scene, out);
      break;
    case SpotKind::kNamed:
      EnumerateNamed(scene, out);
      break;
    case SpotKind::kComplaint:
      EnumerateComplaint(scene, out);
      break;
  }
  return out;
}

void Weigh(const Scene& scene, std::vector<Hypothesis>& hypotheses) {
  for (Hypothesis& h : hypotheses) {
    for (const SignalRow& signal : AllSignals()) {
      const std::size_t before = h.votes.size();
      signal.vote(scene, h, h.votes);
      for (std::size_t i = before; i < h.votes.size(); ++i) h.votes[i].signal = signal.name;
    }
  }
  Combine(hypotheses);
}

void Combine(Hypotheses& hypotheses) {
  for (Hypothesis& h : hypotheses) h.log_odds = WeightOf(h.prior).log_odds + SumVotes(h.votes).total;
  Softmax(hypotheses);
}

std::vector<Evidence> EvidenceOf(const Hypothesis& h) {
  std::vector<Evidence> out;
  for (const Vote& vote : h.votes) out.push_back({vote.signal, LogOddsOf(vote), vote.address, vote.text});
  std::stable_sort(out.begin(), out.end(),
                   [](const Evidence& a, const Evidence& b) { return std::abs(a.log_odds) > std::abs(b.log_odds); });
  return out;
}

std::vector<std::pair<FaultKind, double>> KindProbabilities(const std::vector<Hypothesis>& hypotheses) {
  std::map<FaultKind, double> sums;
  for (const Hypothesis& h : hypotheses) sums[h.kind] += h.probability;
  std::vector<std::pair<FaultKind, double>> out(sums.begin(), sums.end());
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return out;
}

}  // namespace poolblame
