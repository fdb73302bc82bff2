#include "tests/evaluation/outcome.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace poolblame::evaluation {
namespace {

constexpr std::uint64_t kOffsetInPage = 0xFFF;

/// Same block: by virtual address, or by tag and offset in the page where only a physical address is known.
bool SameBlock(const BlockReference& block, std::uint64_t header, const std::string& tag) {
  if (header == 0) return false;
  if (!block.physical) return block.header == header;
  return block.tag.name() == PoolTag::FromText(tag).name() && block.offset_in_page == (header & kOffsetInPage);
}

std::string Describe(const Suspect& suspect) {
  if (suspect.role == SuspectRole::kHardware) return "hardware";
  if (!suspect.block) return "unknown";
  char text[64];
  std::snprintf(text, sizeof(text), "%s 0x%016" PRIx64 "%s", suspect.block->tag.text().c_str(), suspect.block->header,
                suspect.block->physical ? " (physical)" : "");
  return text;
}

SuspectOutcome CompareSuspect(const Suspect& suspect, const samples::Truth& truth) {
  SuspectOutcome outcome;
  outcome.probability = suspect.probability;
  outcome.role = suspect.role;
  outcome.kind = suspect.kind;
  outcome.guilty = IsGuilty(suspect, truth);
  outcome.kind_right = IsKindRight(suspect.kind, truth);
  outcome.block = Describe(suspect);
  return outcome;
}

void AddOrMerge(std::vector<SuspectOutcome>& suspects, SuspectOutcome suspect) {
  const auto same = std::find_if(suspects.begin(), suspects.end(), [&](const SuspectOutcome& other) {
    return other.role == suspect.role && other.block == suspect.block;
  });
  if (same == suspects.end())
    suspects.push_back(std::move(suspect));
  else
    same->probability += suspect.probability;
}

IncidentOutcome CompareIncident(const Incident& incident, const samples::Truth& truth) {
  IncidentOutcome outcome;
  outcome.kind = incident.kind;
  outcome.kind_right = IsKindRight(incident.kind, truth);
  outcome.victim_right = incident.victim && SameBlock(*incident.victim, truth.victim_header, truth.victim_tag);
  outcome.confidence = incident.confidence;
  outcome.physical = incident.victim && incident.victim->physical;
  outcome.write = incident.write;
  for (const Suspect& suspect : incident.suspects) AddOrMerge(outcome.suspects, CompareSuspect(suspect, truth));
  std::stable_sort(outcome.suspects.begin(), outcome.suspects.end(),
                   [](const SuspectOutcome& a, const SuspectOutcome& b) { return a.probability > b.probability; });
  return outcome;
}

}  // namespace

std::optional<std::size_t> Outcome::GuiltyRank() const {
  if (incidents.empty()) return std::nullopt;
  const std::vector<SuspectOutcome>& suspects = incidents.front().suspects;
  for (std::size_t i = 0; i < suspects.size(); ++i)
    if (suspects[i].guilty) return i + 1;
  return std::nullopt;
}

bool IsGuilty(const Suspect& suspect, const samples::Truth& truth) {
  switch (suspect.role) {
    case SuspectRole::kHardware:
      return truth.kind == "bit-flip";
    case SuspectRole::kUnknown:
      return truth.kind != "bit-flip" && truth.culprit_header == 0;
    case SuspectRole::kBlock:
      break;
  }
  return suspect.block && SameBlock(*suspect.block, truth.culprit_header, truth.culprit_tag);
}

bool IsKindRight(FaultKind kind, const samples::Truth& truth) { return FaultKindName(kind) == truth.kind; }

Outcome Compare(std::uint64_t index, const Recipe& recipe, const samples::Truth& truth, const Report& report) {
  Outcome outcome;
  outcome.index = index;
  outcome.recipe = recipe;
  outcome.truth = truth;
  outcome.verdict = report.verdict;
  for (const Incident& incident : report.incidents) outcome.incidents.push_back(CompareIncident(incident, truth));
  return outcome;
}

}  // namespace poolblame::evaluation
