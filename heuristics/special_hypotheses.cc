// Who could have done it in special pool: the block's own users, a stray write, hardware; with their priors.
#include <array>

#include "heuristics/signals/special_signals.h"
#include "heuristics/special_judge.h"

namespace poolblame {
namespace {

constexpr std::array kSpecialSignals = {
    SpecialSignalRow{"special-extent", VoteSpecialExtent}, SpecialSignalRow{"special-content", VoteSpecialContent},
    SpecialSignalRow{"special-bits", VoteSpecialBits},     SpecialSignalRow{"special-access", VoteSpecialAccess},
    SpecialSignalRow{"special-free", VoteSpecialFree},     SpecialSignalRow{"special-crash", VoteSpecialCrash},
};

using SpecialHypotheses = std::vector<Hypothesis>;

void AddSpecialBlock(SpecialHypotheses& out, FaultKind kind, Weight prior) {
  out.push_back({kind, SuspectRole::kBlock, std::size_t{0}, prior, 0, 0, {}, 0, 0});
}
void AddSpecialOther(SpecialHypotheses& out, FaultKind kind, SuspectRole role, Weight prior) {
  out.push_back({kind, role, std::nullopt, prior, 0, 0, {}, 0, 0});
}

void AddOthersOfDamage(SpecialHypotheses& out) {
  AddSpecialOther(out, FaultKind::kWildWrite, SuspectRole::kUnknown, Weight::kPriorSpecialWild);
  AddSpecialOther(out, FaultKind::kBitFlip, SuspectRole::kHardware, Weight::kPriorSpecialFlip);
}

/// A header beside data is its own overrun's, one before the filler that of an underrun that jumped.
FaultKind KindOfHeaderDamage(const SpecialScene& scene) {
  return scene.page->block.mode == SpecialPoolMode::kVerifyStart ? FaultKind::kOverrun : FaultKind::kUnderrun;
}

FaultKind KindOfAccess(const SpecialScene& scene) {
  if (scene.access->after_free) return FaultKind::kUseAfterFree;
  return scene.beyond_start ? FaultKind::kUnderrun : FaultKind::kOverrun;
}

SpecialHypotheses Enumerate(const SpecialScene& scene) {
  SpecialHypotheses out;
  switch (scene.event) {
    case SpecialEvent::kSlop:
      AddSpecialBlock(out, FaultKind::kOverrun, Weight::kPriorSlopOwner);
      AddOthersOfDamage(out);
      break;
    case SpecialEvent::kFiller:
      AddSpecialBlock(out, FaultKind::kUnderrun, Weight::kPriorFillerOwner);
      AddOthersOfDamage(out);
      break;
    case SpecialEvent::kHeader:
      AddSpecialBlock(out, KindOfHeaderDamage(scene), Weight::kPriorSpecialHeaderOwner);
      AddOthersOfDamage(out);
      break;
    case SpecialEvent::kAccess:
      AddSpecialBlock(out, KindOfAccess(scene), Weight::kPriorTrappedOwner);
      AddSpecialOther(out, FaultKind::kWildWrite, SuspectRole::kUnknown, Weight::kPriorTrappedWild);
      break;
    case SpecialEvent::kFreeAgain:
      AddSpecialBlock(out, FaultKind::kDoubleFree, Weight::kPriorSpecialDoubleFree);
      AddSpecialBlock(out, FaultKind::kBadFree, Weight::kPriorSpecialBadFree);
      break;
    case SpecialEvent::kWrongFree:
      AddSpecialBlock(out, FaultKind::kBadFree, Weight::kPriorSpecialBadFree);
      break;
  }
  AddSpecialOther(out, FaultKind::kUnknown, SuspectRole::kUnknown, Weight::kPriorSpecialUnknown);
  return out;
}

}  // namespace

std::span<const SpecialSignalRow> SpecialSignals() { return kSpecialSignals; }

std::vector<Hypothesis> WeighSpecial(const SpecialScene& scene) {
  SpecialHypotheses hypotheses = Enumerate(scene);
  for (Hypothesis& h : hypotheses) {
    for (const SpecialSignalRow& signal : SpecialSignals()) {
      const std::size_t before = h.votes.size();
      signal.vote(scene, h, h.votes);
      for (std::size_t i = before; i < h.votes.size(); ++i) h.votes[i].signal = signal.name;
    }
  }
  Combine(hypotheses);
  return hypotheses;
}

}  // namespace poolblame
