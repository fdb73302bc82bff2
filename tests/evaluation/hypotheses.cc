#include "tests/evaluation/hypotheses.h"

#include <algorithm>

#include "heuristics/incidents.h"
#include "tests/evaluation/outcome.h"

namespace poolblame::evaluation {
namespace {

WeighedHypothesis Compared(const Scene& scene, const Hypothesis& hypothesis, std::size_t incident,
                           const samples::Truth& truth) {
  Suspect suspect;
  suspect.role = hypothesis.role;
  suspect.kind = hypothesis.kind;
  if (hypothesis.block) suspect.block = scene.Reference(*hypothesis.block);
  WeighedHypothesis row;
  row.incident = incident;
  row.ground = GroundOf(scene, hypothesis);
  row.run_fit = scene.run_fit;
  row.guilty = IsGuilty(suspect, truth);
  row.kind_right = IsKindRight(hypothesis.kind, truth);
  row.hypothesis = hypothesis;
  for (Vote& vote : row.hypothesis.votes) vote.text.clear();
  return row;
}

}  // namespace

std::vector<WeighedHypothesis> WeighedHypotheses(const AddressSpace& space, const System& system,
                                                 const PoolCensus& census, const TagDatabase& tags,
                                                 const samples::Truth& truth) {
  std::vector<WeighedHypothesis> rows;
  if (census.layout == nullptr) return rows;
  std::size_t incident = 0;
  const Incidents incidents = FormIncidents(space, system, census, tags);
  for (const Scene& scene : incidents.scenes) {
    ++incident;
    std::vector<Hypothesis> hypotheses = Enumerate(scene);
    Weigh(scene, hypotheses);
    std::stable_sort(hypotheses.begin(), hypotheses.end(),
                     [](const Hypothesis& a, const Hypothesis& b) { return a.probability > b.probability; });
    for (const Hypothesis& hypothesis : hypotheses) rows.push_back(Compared(scene, hypothesis, incident, truth));
  }
  return rows;
}

}  // namespace poolblame::evaluation
