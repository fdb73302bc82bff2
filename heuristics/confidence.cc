#include "heuristics/confidence.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "heuristics/written_run.h"

namespace poolblame {
namespace {

bool HasVote(const Hypothesis& h, std::initializer_list<Weight> wanted) {
  return std::any_of(h.votes.begin(), h.votes.end(), [&](const Vote& vote) {
    return std::find(wanted.begin(), wanted.end(), vote.weight) != wanted.end();
  });
}

// Strengths of a content vote, of its row's full strength. Backwards a pattern is oftener mistaken for one, so to
// accuse by it, it has to be long; to cast doubt on somebody else's guilt, a short one is enough.
constexpr double kTelling = 0.6, kTellingBackwards = 2.0;

/// Content that can hardly be chance: a vote of at least `needed` strength of a row that "strong" may rest on. What
/// goes on over the end of the block before says that it was crossed, which an underrun shares with every overrun.
bool HasTellingContent(const Hypothesis& h, double needed) {
  constexpr std::array kOfAny = {Weight::kPointerIntoOwner, Weight::kUnderrunPattern, Weight::kCountOverCapacity,
                                 Weight::kAloneOnItsPage, Weight::kFaultingDriver};
  constexpr std::array kOfOverruns = {Weight::kContinuesPattern, Weight::kContinuesStride, Weight::kContinuesText,
                                      Weight::kStrideInSiblings};
  const bool overrun = h.kind == FaultKind::kOverrun;
  return std::any_of(h.votes.begin(), h.votes.end(), [&](const Vote& vote) {
    const auto is_one_of = [&](const auto& rows) {
      return std::find(rows.begin(), rows.end(), vote.weight) != rows.end();
    };
    return vote.strength >= needed && (is_one_of(kOfAny) || (overrun && is_one_of(kOfOverruns)));
  });
}

/// Another block that the content speaks for, too.
bool HasRival(const Hypothesis& best, const std::vector<Hypothesis>& all) {
  return std::any_of(all.begin(), all.end(), [&](const Hypothesis& other) {
    return other.role == SuspectRole::kBlock && other.block != best.block && HasTellingContent(other, kTelling);
  });
}

/// What the memory holds on both sides tells the direction of the write, and that no device made it.
bool IsDirectionCertain(const Hypothesis& best, const RunFit* fit) {
  constexpr double kOverDirection = 3, kOverDevice = 4;  // nats
  const bool overrun = best.kind == FaultKind::kOverrun;
  if (fit == nullptr || (!overrun && best.kind != FaultKind::kUnderrun)) return true;
  const WrittenRun& run = overrun ? fit->overrun : fit->underrun;
  const bool not_aligned = !fit->aligned || run.log_likelihood - fit->aligned->log_likelihood >= kOverDevice;
  return (overrun ? fit->margin() : -fit->margin()) >= kOverDirection && not_aligned;
}

/// Between a block and hardware it is open; or the same fault by a block that nobody can name is a likely answer, too.
bool HasLikelyOther(const Hypothesis& best, const std::vector<Hypothesis>& all) {
  constexpr double kLikely = 0.2, kLikelyBlock = 0.35;
  const bool hardware = best.role == SuspectRole::kHardware;
  return std::any_of(all.begin(), all.end(), [&](const Hypothesis& other) {
    if (hardware) return other.role == SuspectRole::kBlock && other.probability >= kLikelyBlock;
    const bool same_fault = other.role == SuspectRole::kUnknown && other.kind == best.kind;
    return (other.role == SuspectRole::kHardware || same_fault) && other.probability >= kLikely;
  });
}

bool HasExtent(const Hypothesis& h) {
  return HasVote(h, {Weight::kDamagePrefix, Weight::kCrossPage, Weight::kDamageSuffix, Weight::kDamageHeaderEnd,
                     Weight::kSlopFromTheEnd, Weight::kFillerUpToData, Weight::kFaultingDriver});
}

bool HasAnyEvidence(const Hypothesis& h) {
  return std::any_of(h.votes.begin(), h.votes.end(), [](const Vote& vote) {
    const WeightRow& row = WeightOf(vote.weight);
    return row.group != SignalGroup::kOwnership && row.log_odds * vote.strength > 0.5;
  });
}

/// The least probability to accuse by. An overrun's writer is seen at the boundary itself; the other kinds are told by
/// what memory holds elsewhere.
double LeastFor(FaultKind kind, Ground ground) {
  const bool overrun = kind == FaultKind::kOverrun;
  if (ground == Ground::kFewPages) return overrun ? 0.8 : 0.9;
  return ground == Ground::kSlots && !overrun ? 0.75 : 0.7;
}

}  // namespace

Confidence ConfidenceOf(const Hypothesis& best, double probability, const std::vector<Hypothesis>& all, Ground ground,
                        const RunFit* fit) {
  constexpr double kStrong = 0.97;
  const double suspect = LeastFor(best.kind, ground);
  if (best.role == SuspectRole::kUnknown) return Confidence::kInsufficient;
  if (probability >= kStrong && best.role == SuspectRole::kBlock && ground != Ground::kGuessed && HasExtent(best) &&
      HasTellingContent(best, best.kind == FaultKind::kUnderrun ? kTellingBackwards : kTelling) &&
      !HasRival(best, all) && IsDirectionCertain(best, fit))
    return Confidence::kStrong;
  if (HasLikelyOther(best, all)) return Confidence::kInsufficient;
  if (probability >= suspect && (HasExtent(best) || HasTellingContent(best, kTelling) || HasAnyEvidence(best)))
    return Confidence::kSuspect;
  return Confidence::kInsufficient;
}

}  // namespace poolblame
