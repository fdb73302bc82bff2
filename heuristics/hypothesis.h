// Who could have done it: every explanation of one incident, with its prior and the votes of the signals.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "heuristics/report.h"
#include "heuristics/scene.h"
#include "heuristics/weights.h"

namespace poolblame {

/// One vote of one signal: the row of the weight table, how strongly the fact was seen (1 = as the row describes), and
/// one plain sentence for a person.
struct Vote {
  Weight weight{};
  double strength = 1;
  std::optional<std::uint64_t> address;
  std::string text;
  const char* signal = "";  // REPORT.md's name of the signal; set by Weigh
};

struct Hypothesis {
  FaultKind kind = FaultKind::kUnknown;
  SuspectRole role = SuspectRole::kUnknown;
  std::optional<std::size_t> block;  // index in Scene::blocks for kBlock
  Weight prior{};
  std::uint32_t write_begin = 0, write_end = 0;  // scene offsets written without right, as this hypothesis has it
  std::vector<Vote> votes;
  double log_odds = 0;  // prior and votes, grouped and capped
  double probability = 0;
};

/// The votes for the report, weightiest first.
std::vector<Evidence> EvidenceOf(const Hypothesis& hypothesis);
/// Kinds with the sum of their hypotheses' probabilities, descending.
std::vector<std::pair<FaultKind, double>> KindProbabilities(const std::vector<Hypothesis>& hypotheses);

/// Where a write came over the end of a block, whoever's it was.
struct Crossing {
  std::size_t block;            // whose end
  std::uint32_t boundary, end;  // scene offsets: of that end, and of the write's
};
/// Of an overrun of that block, or of an underrun that may have started in the block before; else nothing.
std::optional<Crossing> CrossingOf(const Scene& scene, const Hypothesis& hypothesis);

/// All live explanations of the scene. Hardware and unknown are always among them where damage was seen.
std::vector<Hypothesis> Enumerate(const Scene& scene);

/// Fills log_odds (prior and votes, grouped and capped) and probability (a softmax over them).
void Combine(std::vector<Hypothesis>& hypotheses);

/// Lets every signal vote, then fills log_odds and probability (a softmax over the sums).
void Weigh(const Scene& scene, std::vector<Hypothesis>& hypotheses);

}  // namespace poolblame
