// The signals: one file, one function, one fact. A signal looks at the scene and one hypothesis and votes with rows of
// the weight table, or says nothing. It never types a weight.
#pragma once

#include <span>
#include <vector>

#include "heuristics/hypothesis.h"
#include "heuristics/scene.h"

namespace poolblame {

using SignalFunction = void (*)(const Scene&, const Hypothesis&, std::vector<Vote>&);
struct SignalRow {
  const char* name;  // REPORT.md's `signal`
  SignalFunction vote;
};
/// All signals in the order they vote.
std::span<const SignalRow> AllSignals();

void VoteDamageExtent(const Scene&, const Hypothesis&, std::vector<Vote>&);
void VoteContentContinues(const Scene&, const Hypothesis&, std::vector<Vote>&);
void VoteCrossingText(const Scene&, const Hypothesis&, std::vector<Vote>&);
void VoteOffByOneNul(const Scene&, const Hypothesis&, std::vector<Vote>&);
void VotePointerIntoOwner(const Scene&, const Hypothesis&, std::vector<Vote>&);
void VoteSiblingBytes(const Scene&, const Hypothesis&, std::vector<Vote>&);
void VoteUnderrunContent(const Scene&, const Hypothesis&, std::vector<Vote>&);
void VoteWrittenRun(const Scene&, const Hypothesis&, std::vector<Vote>&);
void VoteCrossingRun(const Scene&, const Hypothesis&, std::vector<Vote>&);
void VoteSizes(const Scene&, const Hypothesis&, std::vector<Vote>&);
void VoteCountOverCapacity(const Scene&, const Hypothesis&, std::vector<Vote>&);
void VoteOwnership(const Scene&, const Hypothesis&, std::vector<Vote>&);
void VoteFreeSuspect(const Scene&, const Hypothesis&, std::vector<Vote>&);
void VoteAllocatorState(const Scene&, const Hypothesis&, std::vector<Vote>&);
void VoteBitDistance(const Scene&, const Hypothesis&, std::vector<Vote>&);
void VoteCrashContext(const Scene&, const Hypothesis&, std::vector<Vote>&);
void VoteForeignContent(const Scene&, const Hypothesis&, std::vector<Vote>&);
void VoteVerifierRecord(const Scene&, const Hypothesis&, std::vector<Vote>&);

}  // namespace poolblame
