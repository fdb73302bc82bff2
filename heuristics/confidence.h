// How sure may we say that we are? A rule, not a threshold on the probability: "strong" needs two kinds of evidence
// that do not depend on each other, because a wrong accusation costs more than "insufficient".
#pragma once

#include <vector>

#include "heuristics/hypothesis.h"
#include "heuristics/report.h"

namespace poolblame {

/// What the memory around the damage is known by.
enum class Ground {
  kChain,     // headers that state each other's sizes, or a table of slots
  kFewPages,  // the image taught little of what its memory holds
  kGuessed,   // where the suspect begins and ends is said by no header and no table, or by two in two ways
};

Ground GroundOf(const Scene& scene, const Hypothesis& best);

struct ReasonedConfidence {
  Confidence word = Confidence::kInsufficient;
  std::vector<ConfidenceTest> tests;  // of "strong", then of "suspect"
};

/// `all` are the weighed hypotheses of the incident, `best` the one of them reported first, with the probability of its
/// suspect. When another block's hypothesis is told by its content just as well, nobody's is strong; nor where `fit`
/// (nullptr: not known) leaves it open in which direction the write ran, or whether a device made it. Where hardware,
/// or another block by the same fault, is nearly as likely, nobody is accused. To accuse takes more where the ground
/// is worse.
ReasonedConfidence ReasonConfidence(const Hypothesis& best, double probability, const std::vector<Hypothesis>& all = {},
                                    Ground ground = Ground::kChain, const RunFit* fit = nullptr);

/// `reasoned` where the image may be of several moments (a live dump): what looks like damage may be a page that
/// changed while it was copied, so nobody is told `strong`.
ReasonedConfidence OfSeveralMoments(ReasonedConfidence reasoned);

/// What is on both sides of the boundary, or where it stops, says that the suspect's write ran over it; not only that
/// something is wrong behind the suspect.
bool IsToldByContent(const Hypothesis& best);

/// The word alone.
inline Confidence ConfidenceOf(const Hypothesis& best, double probability, const std::vector<Hypothesis>& all = {},
                               Ground ground = Ground::kChain, const RunFit* fit = nullptr) {
  return ReasonConfidence(best, probability, all, ground, fit).word;
}

}  // namespace poolblame
