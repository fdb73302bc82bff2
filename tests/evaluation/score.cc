#include "tests/evaluation/score.h"

namespace poolblame::evaluation {
namespace {

std::string FirstAnswer(const Outcome& outcome) {
  if (outcome.incidents.empty()) return "none";
  const IncidentOutcome& first = outcome.incidents.front();
  return first.confidence == Confidence::kInsufficient ? "insufficient" : FaultKindName(first.kind);
}

bool AccusesInnocent(const IncidentOutcome& incident) {
  return !incident.suspects.empty() && incident.suspects.front().role == SuspectRole::kBlock &&
         !incident.suspects.front().guilty;
}

bool IsHeaderOverrun(const Outcome& outcome) { return outcome.truth.kind == "overrun" && outcome.truth.header_hit; }

/// It went beyond its block and changed bytes that may be anything: only what was written can tell of it.
bool IsUnseenOverrun(const Outcome& outcome) {
  return outcome.truth.kind == "overrun" && !outcome.truth.header_hit && outcome.DamageLength() != 0;
}

/// Kinds scored by kind and block at once. A bit flip outside a header leaves no trace that a reader could check.
bool ScoredByKind(const Outcome& outcome) {
  if (outcome.clean() || outcome.truth.kind == "overrun" || !IsVisible(outcome)) return false;
  return outcome.truth.kind != "bit-flip" || outcome.truth.header_hit;
}

void AddSplits(const Outcome& outcome, std::map<std::string, RankSplit>& splits) {
  const Recipe& recipe = outcome.recipe;
  splits["length"][IsOffByN(outcome) ? "off-by-N" : "longer"].Add(outcome);
  splits["content"][recipe.content.empty() ? recipe.fault : recipe.content].Add(outcome);
  splits["machine"][recipe.machine].Add(outcome);
  splits["windows"][std::to_string(recipe.windows)].Add(outcome);
  splits["fault"][recipe.fault].Add(outcome);
  splits["style"][recipe.style.empty() ? "usual" : recipe.style].Add(outcome);
  splits["later activity"][recipe.after == 0 ? "none" : "some"].Add(outcome);
  splits["container"][recipe.container].Add(outcome);
  if (const std::string hit = HitInSegmentHeap(outcome.truth); !hit.empty())
    splits[kSegmentHeapSplit][hit].Add(outcome);
}

void AddIncident(const IncidentOutcome& incident, Score& score) {
  AccusationCount& accusation = score.accusations[ConfidenceName(incident.confidence)];
  ++accusation.incidents;
  if (AccusesInnocent(incident)) ++accusation.innocent_first;
  for (std::size_t i = 0; i < incident.suspects.size(); ++i) {
    const SuspectOutcome& suspect = incident.suspects[i];
    if (i == 0) score.first_suspects.Add(suspect.probability, suspect.guilty);
    score.all_suspects.Add(suspect.probability, suspect.guilty);
  }
}

void AddClean(const Outcome& outcome, CleanCount& clean) {
  ++clean.images;
  ++clean.verdicts[VerdictName(outcome.verdict)];
  if (!outcome.incidents.empty()) ++clean.false_alarms;
}

}  // namespace

bool IsVisible(const Outcome& outcome) { return outcome.truth.visible && outcome.in_image; }

void RankCount::Add(const Outcome& outcome) {
  ++total;
  const std::optional<std::size_t> rank = outcome.GuiltyRank();
  if (rank && *rank == 1) ++first;
  if (rank && *rank <= 3) ++in_three;
  if (outcome.incidents.empty())
    ++no_incident;
  else if (outcome.incidents.front().confidence == Confidence::kInsufficient)
    ++insufficient;
  else if (AccusesInnocent(outcome.incidents.front()))
    ++innocent;
}

std::string HitInSegmentHeap(const samples::Truth& truth) {
  if (truth.backend.empty()) return "";
  if (truth.victim_header == 0) return "header of the heap's own";
  if (truth.backend == "vs") return kHitChunk;
  if (truth.backend == "lfh") return truth.victim_tag.empty() ? "LFH slot that nobody had yet" : kHitOwnedSlot;
  return "";
}

void KindBlockCount::Add(const Outcome& outcome) {
  ++total;
  const bool kind_right = outcome.KindRight();
  const bool block_right = BlockNamed(outcome);
  kind += kind_right ? 1 : 0;
  block += block_right ? 1 : 0;
  both += kind_right && block_right ? 1 : 0;
  no_incident += outcome.incidents.empty() ? 1 : 0;
}

bool IsOffByN(const Outcome& outcome) {
  const std::uint64_t boundary = outcome.truth.victim_header;
  return outcome.truth.damage_end > boundary && outcome.truth.damage_end - boundary <= outcome.HeaderSize();
}

bool BlockNamed(const Outcome& outcome) {
  if (!outcome.BlockRight()) return false;
  return outcome.truth.culprit_header != 0 || outcome.incidents.front().victim_right;
}

void KeyCount::Add(Outcome::Key key) {
  if (key == Outcome::Key::kNone) return;
  ++images;
  if (key != Outcome::Key::kNotFound) ++found;
  if (key == Outcome::Key::kRight) ++right;
}

void Score::Add(const Outcome& outcome) {
  ++images;
  if (!outcome.error.empty()) {
    errors.push_back(outcome.recipe.Text() + ": " + outcome.error);
    return;
  }
  for (const IncidentOutcome& incident : outcome.incidents) AddIncident(incident, *this);
  (outcome.recipe.container == "triage" ? triage_keys : keys).Add(outcome.key);
  if (outcome.clean() || IsVisible(outcome)) confusion.Add(outcome);
  if (outcome.clean() && outcome.recipe.is_rich()) AddClean(outcome, rich_clean);
  if (outcome.clean()) return AddClean(outcome, clean);
  if (!outcome.in_image) {
    ++absent_verdicts[VerdictName(outcome.verdict)];
    return;
  }
  if (!outcome.truth.visible) {
    ++invisible[FirstAnswer(outcome)];
    if (IsUnseenOverrun(outcome)) overrun_unseen.Add(outcome);
    return;
  }
  MissedCount& seen = missed[outcome.truth.kind];
  ++seen.visible;
  if (outcome.verdict == Verdict::kClean) ++seen.said_clean;
  if (IsHeaderOverrun(outcome) && !outcome.culprit_in_image) {
    overrun_header_absent.Add(outcome);
  } else if (IsHeaderOverrun(outcome)) {
    overrun_header.Add(outcome);
    AddSplits(outcome, overrun_splits);
  } else if (outcome.truth.kind == "overrun") {
    overrun_payload.Add(outcome);
    if (outcome.recipe.is_rich()) overrun_payload_rich.Add(outcome);
    const bool alike = !outcome.recipe.is_rich() && outcome.siblings >= kFewestSiblings;
    if (alike) overrun_payload_alike.Add(outcome);
    if (alike && outcome.truth.backend == "vs") overrun_payload_vs.Add(outcome);
  } else if (ScoredByKind(outcome)) {
    kinds[outcome.truth.kind].Add(outcome);
  }
}

std::vector<std::string> Misses(const Outcome& outcome) {
  std::vector<std::string> reasons;
  if (!outcome.error.empty()) return {outcome.error};
  if (outcome.clean() && !outcome.incidents.empty()) reasons.emplace_back("false alarm");
  if (!outcome.clean() && IsVisible(outcome) && outcome.verdict == Verdict::kClean) reasons.emplace_back("said clean");
  if (!outcome.in_image && outcome.verdict == Verdict::kClean) reasons.emplace_back("said clean, page not in the dump");
  if (outcome.truth.kind == "overrun" && IsVisible(outcome) && !outcome.BlockRight())
    reasons.emplace_back(outcome.truth.header_hit ? "overrun not first" : "payload overrun not first");
  if (ScoredByKind(outcome) && !outcome.KindRight()) reasons.emplace_back("wrong kind");
  if (ScoredByKind(outcome) && !BlockNamed(outcome)) reasons.emplace_back("wrong block");
  for (const IncidentOutcome& incident : outcome.incidents)
    if (incident.confidence != Confidence::kInsufficient && AccusesInnocent(incident))
      reasons.emplace_back(std::string("innocent accused, ") + ConfidenceName(incident.confidence));
  return reasons;
}

}  // namespace poolblame::evaluation
