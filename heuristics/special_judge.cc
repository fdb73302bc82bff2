#include "heuristics/special_judge.h"

#include <algorithm>
#include <utility>

#include "heuristics/confidence.h"
#include "heuristics/explanation.h"
#include "heuristics/owner.h"
#include "heuristics/write_extent.h"

namespace poolblame {
namespace {

/// Whose instruction made the access is known better than whose the tag is.
Owner OwnerOfBlock(const SpecialScene& scene) {
  if (scene.code_is_a_driver()) return {scene.code->name, "", "none"};
  const auto tag = scene.tag();
  return tag ? OwnerOf(*tag, *scene.tags, *scene.system) : Owner{};
}

Suspect SuspectOf(const SpecialScene& scene, const Hypothesis& h) {
  Suspect suspect;
  suspect.role = h.role;
  suspect.kind = h.kind;
  suspect.evidence = EvidenceOf(h);
  if (h.role == SuspectRole::kBlock) {
    suspect.block = scene.Reference();
    suspect.owner = OwnerOfBlock(scene);
  }
  return suspect;
}

/// One suspect a role, as for classic pool: the best hypothesis speaks, the probabilities add.
std::vector<Suspect> MergeSuspects(const SpecialScene& scene, const std::vector<Hypothesis>& ranked) {
  std::vector<Suspect> out;
  for (const Hypothesis& h : ranked) {
    auto same = std::find_if(out.begin(), out.end(), [&](const Suspect& s) { return s.role == h.role; });
    if (same == out.end()) same = out.insert(out.end(), SuspectOf(scene, h));
    same->probability += h.probability;
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Suspect& a, const Suspect& b) { return a.probability > b.probability; });
  for (std::size_t i = 0; i < out.size(); ++i) out[i].rank = static_cast<std::uint32_t>(i + 1);
  return out;
}

PoolKind PoolOf(const SpecialScene& scene) {
  const bool known = scene.page ? scene.page->block.size_known() : scene.freed != nullptr;
  if (!known) return PoolKind::kUnknown;
  return (scene.page ? scene.page->block.paged : scene.freed->paged) ? PoolKind::kPaged : PoolKind::kNonPaged;
}

Damage DamageOf(const SpecialScene& scene) {
  constexpr std::uint64_t kMostBytes = 64;
  Damage damage{scene.begin, scene.end, scene.wrong_bytes, {}};
  if (!scene.page || scene.begin - scene.base() >= kPageSize) return damage;
  const ByteView bytes = scene.page->bytes.bytes;
  const std::uint64_t first = scene.begin - scene.base();
  const std::uint64_t length = std::min({kMostBytes, scene.end - scene.begin, bytes.size() - first});
  damage.bytes.assign(bytes.begin() + first, bytes.begin() + first + length);
  return damage;
}

void SetPage(const SpecialScene& scene, Incident& incident) {
  if (!scene.physical()) incident.page = VirtAddr{scene.page ? scene.base() : scene.begin}.page();
  if (!scene.page) return;
  if (scene.page->bytes.pfn) incident.physical = ToPhysAddr(*scene.page->bytes.pfn);
  incident.special_page = scene.page;
}

}  // namespace

Incident JudgeSpecialScene(const SpecialScene& scene, bool of_several_moments) {
  std::vector<Hypothesis> hypotheses = WeighSpecial(scene);
  std::stable_sort(hypotheses.begin(), hypotheses.end(),
                   [](const Hypothesis& a, const Hypothesis& b) { return a.probability > b.probability; });
  Incident incident;
  SetPage(scene, incident);
  incident.pool = PoolOf(scene);
  incident.kind_probabilities = KindProbabilities(hypotheses);
  incident.kind = incident.kind_probabilities.front().first;
  incident.suspects = MergeSuspects(scene, hypotheses);
  const Suspect& first = incident.suspects.front();
  const auto best =
      std::find_if(hypotheses.begin(), hypotheses.end(), [&](const Hypothesis& h) { return h.role == first.role; });
  ReasonedConfidence confidence = ReasonConfidence(*best, first.probability, hypotheses);
  if (of_several_moments) confidence = OfSeveralMoments(std::move(confidence));
  incident.confidence = confidence.word;
  incident.write = ExtentOf(scene, *best);
  incident.explanation = ExplanationOf(scene, hypotheses, std::move(confidence.tests));
  incident.damage = DamageOf(scene);
  incident.victim = scene.Reference();
  return incident;
}

}  // namespace poolblame
