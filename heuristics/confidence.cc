#include "heuristics/confidence.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string>
#include <vector>

#include "heuristics/written_run.h"
#include "parser/pool/segment_heap.h"

namespace poolblame {
namespace {

/// A vote of one of these rows, of at least `needed` strength.
bool HasVote(const Hypothesis& h, std::initializer_list<Weight> wanted, double needed = 0) {
  return std::any_of(h.votes.begin(), h.votes.end(), [&](const Vote& vote) {
    return vote.strength >= needed && std::find(wanted.begin(), wanted.end(), vote.weight) != wanted.end();
  });
}

// Strengths of a content vote, of its row's full strength. Backwards a pattern is oftener mistaken for one, so to
// accuse by it, it has to be long; to cast doubt on somebody else's guilt, a short one is enough.
constexpr double kTelling = 0.6, kTellingBackwards = 2.0;

/// Content that is the suspect's own, and can hardly be so by chance: a vote of at least `needed` strength. What goes
/// on over the end of the block before says that it was crossed, which an underrun shares with every overrun.
bool HasOwnContent(const Hypothesis& h, double needed) {
  return HasVote(h,
                 {Weight::kPointerIntoOwner, Weight::kUnderrunPattern, Weight::kCountOverCapacity,
                  Weight::kAloneOnItsPage, Weight::kFaultingDriver},
                 needed) ||
         (h.kind == FaultKind::kOverrun &&
          HasVote(h, {Weight::kContinuesPattern, Weight::kContinuesStride, Weight::kStrideInSiblings}, needed));
}

/// The same, or text, which goes on from any other text.
bool HasTellingContent(const Hypothesis& h, double needed) {
  return HasOwnContent(h, needed) || (h.kind == FaultKind::kOverrun && HasVote(h, {Weight::kContinuesText}, needed));
}

/// A stray pointer writes four characters into the front of a text's neighbour, too.
bool HasCertainContent(const Hypothesis& h, double needed) {
  constexpr double kEightCharacters = 2;  // strength
  return HasTellingContent(h, needed) &&
         (HasOwnContent(h, needed) || HasVote(h, {Weight::kContinuesText}, kEightCharacters));
}

/// Another block that the content speaks for, too.
bool HasRival(const Hypothesis& best, const std::vector<Hypothesis>& all) {
  return std::any_of(all.begin(), all.end(), [&](const Hypothesis& other) {
    return other.role == SuspectRole::kBlock && other.block != best.block && HasTellingContent(other, kTelling);
  });
}

/// What the memory holds on both sides tells the direction of the write, and that no device made it. Text runs over a
/// boundary between two texts in either direction, so where it is all there is, more has to tell: and no text may stand
/// where the data above begins, in front of it or in it, be it its own or another's. A fill that ends there may have
/// come from there. An overwritten page begins where a write over the page before does.
bool IsDirectionCertain(const Hypothesis& best, const RunFit* fit) {
  constexpr double kOverDirection = 3, kOverDirectionOfText = 4, kOverDevice = 4;  // nats
  const bool overrun = best.kind == FaultKind::kOverrun;
  if (!overrun && best.kind != FaultKind::kUnderrun) return true;
  if (fit == nullptr) return HasOwnContent(best, kTelling) || !HasVote(best, {Weight::kCrossPage});
  const WrittenRun& run = overrun ? fit->overrun : fit->underrun;
  const bool not_aligned = !fit->aligned || run.log_likelihood - fit->aligned->log_likelihood >= kOverDevice;
  const bool only_text = !HasOwnContent(best, kTelling);
  if (overrun && (fit->is_fill_up_to_data || (only_text && (fit->is_text_above || fit->is_text_up_to_data))))
    return false;
  const double needed = only_text ? kOverDirectionOfText : kOverDirection;
  return (overrun ? fit->margin() : -fit->margin()) >= needed && not_aligned;
}

/// What was written is longer than what stray pointers write, so that it starts inside the block by no chance.
bool IsLongerThanStray(const Hypothesis& best, const RunFit* fit) {
  constexpr std::uint32_t kLongestStray = 24;  // bytes; a few words
  if (fit == nullptr || best.kind != FaultKind::kOverrun) return true;
  return fit->overrun.end - fit->overrun.begin > kLongestStray;
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

/// The least probability to accuse by: a wrong accusation is taken to cost as much as three times none. An overrun's
/// writer is seen at the boundary itself; the other kinds are told by what memory holds elsewhere, and take more.
double LeastFor(FaultKind kind, Ground ground) {
  const bool overrun = kind == FaultKind::kOverrun;
  if (ground == Ground::kFewPages) return overrun ? 0.8 : 0.9;
  return overrun ? 0.75 : 0.8;
}

/// A header further on says that the suspect goes up to it: then one changed byte of the suspect's own size may be all
/// the damage there is, and the header between them none.
bool IsSizeDisputed(const Scene& scene, std::size_t suspect) {
  constexpr std::size_t kBlocksRunOver = 3;
  const SceneBlock& begin = scene.blocks[suspect];
  if (begin.block == nullptr || scene.PageOf(begin).backend != PoolBackend::kClassic) return false;
  for (std::size_t i = suspect + 2; i < scene.blocks.size() && i <= suspect + kBlocksRunOver; ++i) {
    const SceneBlock& block = scene.blocks[i];
    if (block.page != begin.page || block.block == nullptr) continue;
    if (block.block->read.PreviousSize * scene.layout().unit == block.begin - begin.begin) return true;
  }
  return false;
}

/// Nothing but the absence of headers says that the suspect is one block, or how far it goes.
bool IsGuessed(const Scene& scene, const Hypothesis& h) {
  if (!h.block) return false;
  const SceneBlock& block = scene.blocks[*h.block];
  if (IsSizeDisputed(scene, *h.block)) return true;
  return block.block == nullptr && block.structure == nullptr && !block.big_tag;
}

std::string AtLeast(double probability) {
  return "the suspect's probability is " + std::to_string(std::lround(probability * 100)) + " % or more";
}

std::vector<ConfidenceTest> TestsOfStrong(const Hypothesis& best, double probability,
                                          const std::vector<Hypothesis>& all, Ground ground, const RunFit* fit) {
  constexpr double kStrong = 0.97;
  constexpr Confidence kWord = Confidence::kStrong;
  const double telling = best.kind == FaultKind::kUnderrun ? kTellingBackwards : kTelling;
  return {{kWord, "the suspect is a block", best.role == SuspectRole::kBlock},
          {kWord, AtLeast(kStrong), probability >= kStrong},
          {kWord, "the damage starts or stops where a write of this block would", HasExtent(best)},
          {kWord, "what was written can hardly be there by chance", HasCertainContent(best, telling)},
          {kWord, "no other block is told by its content as well", !HasRival(best, all)},
          {kWord, "which way the write ran is certain", IsDirectionCertain(best, fit)},
          {kWord, "the write is longer than a stray one", IsLongerThanStray(best, fit)},
          {kWord, "headers or a table say where the suspect begins and ends, and none says otherwise",
           ground != Ground::kGuessed}};
}

std::vector<ConfidenceTest> TestsOfSuspect(const Hypothesis& best, double probability,
                                           const std::vector<Hypothesis>& all, Ground ground) {
  constexpr Confidence kWord = Confidence::kSuspect;
  const double least = LeastFor(best.kind, ground);
  return {{kWord, "the suspect is a block or the hardware", best.role != SuspectRole::kUnknown},
          {kWord, AtLeast(least), probability >= least},
          {kWord, "nothing that is nobody's fault is nearly as likely", !HasLikelyOther(best, all)},
          {kWord, "some evidence besides whose tag it is",
           HasExtent(best) || HasTellingContent(best, kTelling) || HasAnyEvidence(best)}};
}

bool AllMet(const std::vector<ConfidenceTest>& tests) {
  return std::all_of(tests.begin(), tests.end(), [](const ConfidenceTest& test) { return test.met; });
}

}  // namespace

bool IsToldByContent(const Hypothesis& best) {
  constexpr double kStops = 1.5, kFits = 3;  // strengths
  if (HasTellingContent(best, kTelling)) return true;
  return HasExtent(best) &&
         (HasVote(best, {Weight::kTailWrittenUnlikeSiblings}) || HasVote(best, {Weight::kRunStopOverrun}, kStops) ||
          HasVote(best, {Weight::kRunFitsOverrun}, kFits));
}

Ground GroundOf(const Scene& scene, const Hypothesis& best) {
  if (IsGuessed(scene, best)) return Ground::kGuessed;
  if (scene.census->segment_heap != nullptr && scene.census->segment_heap->by_pages_alone()) return Ground::kFewPages;
  return Ground::kChain;
}

ReasonedConfidence ReasonConfidence(const Hypothesis& best, double probability, const std::vector<Hypothesis>& all,
                                    Ground ground, const RunFit* fit) {
  ReasonedConfidence reasoned{Confidence::kInsufficient, TestsOfStrong(best, probability, all, ground, fit)};
  const std::vector<ConfidenceTest> suspect = TestsOfSuspect(best, probability, all, ground);
  if (AllMet(reasoned.tests))
    reasoned.word = Confidence::kStrong;
  else if (AllMet(suspect))
    reasoned.word = Confidence::kSuspect;
  reasoned.tests.insert(reasoned.tests.end(), suspect.begin(), suspect.end());
  return reasoned;
}

ReasonedConfidence OfSeveralMoments(ReasonedConfidence reasoned) {
  const auto of_suspect = std::find_if(reasoned.tests.begin(), reasoned.tests.end(),
                                       [](const ConfidenceTest& test) { return test.word == Confidence::kSuspect; });
  reasoned.tests.insert(of_suspect, {Confidence::kStrong, "the memory is of one moment", false});
  if (reasoned.word != Confidence::kStrong) return reasoned;
  const bool suspect = std::all_of(reasoned.tests.begin(), reasoned.tests.end(), [](const ConfidenceTest& test) {
    return test.met || test.word != Confidence::kSuspect;
  });
  reasoned.word = suspect ? Confidence::kSuspect : Confidence::kInsufficient;
  return reasoned;
}

}  // namespace poolblame
