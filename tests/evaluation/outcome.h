// What one image gave: the truth beside the report, already compared. Everything the tables need, nothing more, so that
// thousands of images fit in memory and the image itself can be dropped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "heuristics/report.h"
#include "samples/builder.h"
#include "tests/evaluation/hypotheses.h"
#include "tests/evaluation/recipe_generator.h"

namespace poolblame::evaluation {

struct SuspectOutcome {
  double probability = 0;
  SuspectRole role = SuspectRole::kBlock;
  FaultKind kind = FaultKind::kUnknown;
  bool guilty = false;      // see IsGuilty
  bool kind_right = false;  // see IsKindRight
  std::string block;        // "Ntff 0xffff…a10", or "hardware", "unknown"
};

struct IncidentOutcome {
  FaultKind kind = FaultKind::kUnknown;
  bool kind_right = false;
  bool victim_right = false;  // the victim is the block that the truth names
  Confidence confidence = Confidence::kInsufficient;
  bool physical = false;                 // its addresses are
  std::optional<WriteExtent> write;      // as printed
  std::vector<SuspectOutcome> suspects;  // by rank
};

struct Outcome {
  std::uint64_t index = 0;
  Recipe recipe;
  samples::Truth truth;
  std::string error;             // not empty: the image could not be built or opened, and nothing below is set
  bool in_image = true;          // false: the container left out the page of the damage, and nobody could see it
  bool culprit_in_image = true;  // false: it left out the page of the culprit's header, and nobody could name it
  std::uint64_t siblings = 0;    // other blocks in use of the victim's tag that the dump holds
  enum class Key { kNone, kNotFound, kWrong, kRight };
  Key key = Key::kNone;                         // segment heap: what became of HeapKey
  double build_seconds = 0, judge_seconds = 0;  // of this thread's wall clock; never part of a table
  Verdict verdict = Verdict::kInconclusive;
  std::vector<IncidentOutcome> incidents;     // in report order
  std::vector<WeighedHypothesis> hypotheses;  // only where features are asked for

  /// 1-based rank of the first guilty suspect of the first incident; nothing when none is guilty or none is reported.
  /// Only the first incident counts: a fault is one, and a person reads the first answer.
  [[nodiscard]] std::optional<std::size_t> GuiltyRank() const;
  /// First suspect of the first incident is guilty.
  [[nodiscard]] bool BlockRight() const { return GuiltyRank() == std::size_t{1}; }
  /// Most probable kind of the first incident is the true one.
  [[nodiscard]] bool KindRight() const { return !incidents.empty() && incidents.front().kind_right; }
  [[nodiscard]] bool clean() const { return truth.kind == "clean"; }
  /// Bytes of the fault past its block's end: what "off by N" means. 0 where the truth has no damage.
  [[nodiscard]] std::uint64_t DamageLength() const { return truth.damage_end - truth.damage_start; }
  [[nodiscard]] std::uint32_t HeaderSize() const { return recipe.machine == "x86" ? 8 : 16; }
};

/// Whether the truth calls this suspect guilty:
/// - a block: its header is the culprit's (virtual address; where the report has only physical ones, tag and offset in
///   the page have to agree);
/// - hardware: the truth is a bit flip;
/// - unknown: no block of the image did it (no culprit in the truth, and not a bit flip). On a clean image every
///   incident is a false alarm and counts as one; there "unknown" is still the one answer that accuses nobody.
bool IsGuilty(const Suspect& suspect, const samples::Truth& truth);

/// Whether `kind` is the true kind.
bool IsKindRight(FaultKind kind, const samples::Truth& truth);

/// Compares a report with the truth. Suspects that name the same block are merged (their probabilities add up): the
/// reader asks whether this block is guilty, not by which path.
Outcome Compare(std::uint64_t index, const Recipe& recipe, const samples::Truth& truth, const Report& report);

}  // namespace poolblame::evaluation
