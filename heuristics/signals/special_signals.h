// The signals that vote on faults in special pool. Their own list: a special-pool page has no neighbours to compare
// with, and what they see is mostly proof where classic pool has hints.
#pragma once

#include <span>
#include <vector>

#include "heuristics/hypothesis.h"
#include "heuristics/special_scene.h"

namespace poolblame {

using SpecialSignalFunction = void (*)(const SpecialScene&, const Hypothesis&, std::vector<Vote>&);
struct SpecialSignalRow {
  const char* name;  // REPORT.md's `signal`
  SpecialSignalFunction vote;
};
std::span<const SpecialSignalRow> SpecialSignals();

void VoteSpecialExtent(const SpecialScene&, const Hypothesis&, std::vector<Vote>&);
void VoteSpecialContent(const SpecialScene&, const Hypothesis&, std::vector<Vote>&);
void VoteSpecialBits(const SpecialScene&, const Hypothesis&, std::vector<Vote>&);
void VoteSpecialAccess(const SpecialScene&, const Hypothesis&, std::vector<Vote>&);
void VoteSpecialFree(const SpecialScene&, const Hypothesis&, std::vector<Vote>&);
void VoteSpecialCrash(const SpecialScene&, const Hypothesis&, std::vector<Vote>&);

}  // namespace poolblame
