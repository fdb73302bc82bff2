// Reports and truths typed by hand, for the tests of the harness: what is right about them is known beforehand.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "heuristics/report.h"
#include "samples/builder.h"
#include "tests/evaluation/outcome.h"

namespace poolblame::evaluation {

inline constexpr std::uint64_t kPage = 0xFFFFFA8000001000;
inline constexpr std::uint64_t kCulprit = kPage + 0x100;
inline constexpr std::uint64_t kVictim = kPage + 0x180;
inline constexpr std::uint64_t kBystander = kPage + 0x400;

inline Recipe RecipeFor(const std::string& fault) {
  Recipe recipe;
  recipe.fault = fault;
  recipe.machine = "x64";
  recipe.windows = 7601;
  recipe.container = "full";
  recipe.content = "string";
  recipe.bytes = 8;
  recipe.pages = 40;
  recipe.seed = 1;
  return recipe;
}

/// `Culp` at kCulprit wrote `length` bytes over the header of `Vict` at kVictim.
inline samples::Truth OverrunTruth(std::uint64_t length) {
  samples::Truth truth;
  truth.kind = "overrun";
  truth.visible = truth.header_hit = true;
  truth.culprit_tag = "Culp";
  truth.victim_tag = "Vict";
  truth.culprit_header = kCulprit;
  truth.victim_header = kVictim;
  truth.damage_start = kVictim;
  truth.damage_end = kVictim + length;
  truth.page = kPage;
  return truth;
}

inline samples::Truth BitFlipTruth() {
  samples::Truth truth = OverrunTruth(1);
  truth.kind = "bit-flip";
  truth.culprit_tag.clear();
  truth.culprit_header = 0;
  return truth;
}

inline BlockReference BlockAt(std::uint64_t header, const char* tag) {
  BlockReference block;
  block.header = header;
  block.tag = PoolTag::FromText(tag);
  block.offset_in_page = static_cast<std::uint32_t>(header & 0xFFF);
  return block;
}

inline Suspect BlockSuspect(double probability, std::uint64_t header, const char* tag,
                            FaultKind kind = FaultKind::kOverrun) {
  Suspect suspect;
  suspect.probability = probability;
  suspect.kind = kind;
  suspect.block = BlockAt(header, tag);
  return suspect;
}

inline Suspect OtherSuspect(double probability, SuspectRole role, FaultKind kind) {
  Suspect suspect;
  suspect.probability = probability;
  suspect.role = role;
  suspect.kind = kind;
  return suspect;
}

inline Report ReportOf(FaultKind kind, Confidence confidence, std::vector<Suspect> suspects) {
  Incident incident;
  incident.kind = kind;
  incident.confidence = confidence;
  incident.victim = BlockAt(kVictim, "Vict");
  incident.suspects = std::move(suspects);
  Report report;
  report.verdict = Verdict::kCorrupt;
  report.incidents.push_back(std::move(incident));
  return report;
}

inline Report CleanReport() {
  Report report;
  report.verdict = Verdict::kClean;
  return report;
}

inline Outcome Judged(const samples::Truth& truth, const Report& report) {
  return Compare(0, RecipeFor(truth.kind), truth, report);
}

}  // namespace poolblame::evaluation
