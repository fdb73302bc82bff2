// From scenes to the report: weigh the hypotheses, merge them into suspects, say how sure we are.
#include <algorithm>
#include <utility>

#include "heuristics/advice.h"
#include "heuristics/code_owner.h"
#include "heuristics/confidence.h"
#include "heuristics/content.h"
#include "heuristics/explanation.h"
#include "heuristics/hypothesis.h"
#include "heuristics/incidents.h"
#include "heuristics/owner.h"
#include "heuristics/report.h"
#include "heuristics/special_judge.h"
#include "heuristics/tracked_block.h"
#include "heuristics/write_extent.h"
#include "parser/base/little_endian.h"
#include "parser/pool/segment_heap.h"

namespace poolblame {
namespace {

Suspect SuspectOf(const Scene& scene, const Hypothesis& h) {
  Suspect suspect;
  suspect.probability = h.probability;
  suspect.role = h.role;
  suspect.kind = h.kind;
  suspect.evidence = EvidenceOf(h);
  if (h.block && h.role == SuspectRole::kBlock) {
    suspect.block = scene.Reference(*h.block);
    if (const auto tag = scene.blocks[*h.block].tag()) suspect.owner = OwnerOf(*tag, *scene.tags, *scene.system);
    if (const auto record = RecordOf(scene, *h.block)) NameByCode(record->caller, *scene.system, suspect.owner);
  }
  return suspect;
}

/// One suspect a block (and one for hardware, one for unknown): the best hypothesis speaks, the probabilities add.
std::vector<Suspect> MergeSuspects(const Scene& scene, const std::vector<Hypothesis>& ranked) {
  std::vector<Suspect> out;
  for (const Hypothesis& h : ranked) {
    const auto same = std::find_if(out.begin(), out.end(), [&](const Suspect& s) {
      if (s.role != h.role) return false;
      return h.role != SuspectRole::kBlock || s.block->header == scene.Reference(*h.block).header;
    });
    if (same != out.end())
      same->probability += h.probability;
    else
      out.push_back(SuspectOf(scene, h));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Suspect& a, const Suspect& b) { return a.probability > b.probability; });
  for (std::size_t i = 0; i < out.size(); ++i) out[i].rank = static_cast<std::uint32_t>(i + 1);
  return out;
}

PoolKind PoolOf(const Scene& scene, std::size_t block) {
  const VirtAddr address{scene.AddressOf(scene.blocks[block].begin)};
  PoolKind kind = scene.physical ? PoolKind::kUnknown : scene.system->PoolKindAt(address);
  if (kind == PoolKind::kUnknown && scene.census->segment_heap != nullptr && !scene.physical)
    kind = scene.census->segment_heap->KindOf(address);
  if (kind != PoolKind::kUnknown) return kind;
  for (const SceneBlock& b : scene.blocks) {
    if (b.page != scene.blocks[block].page || b.block == nullptr || b.block->state != BlockState::kAllocated) continue;
    if (b.block->header_damaged()) continue;
    return IsPagedPoolType(scene.layout(), b.block->expected.PoolType) ? PoolKind::kPaged : PoolKind::kNonPaged;
  }
  return PoolKind::kUnknown;
}

Damage DamageOf(const Scene& scene) {
  constexpr std::uint32_t kMostBytes = 64;
  Damage damage;
  damage.start = scene.AddressOf(scene.damage_begin());
  damage.end = scene.AddressOf(scene.damage_end());
  for (const Spot& spot : scene.spots) damage.certain_bytes += spot.certain_bytes;
  const auto first = scene.bytes.begin() + scene.damage_begin();
  const std::uint32_t length = scene.damage_end() - scene.damage_begin();
  damage.bytes.assign(first, first + std::min(kMostBytes, length));
  return damage;
}

std::optional<ExpectedHeader> ExpectedHeaderOf(const Scene& scene) {
  const SceneBlock& victim = scene.blocks[scene.victim()];
  if (scene.spots.front().kind != SpotKind::kHeader || victim.block == nullptr) return std::nullopt;
  const PoolHeaderFields& fields = victim.block->expected;
  const PoolHeaderLayout& layout = scene.layout();
  std::vector<std::uint8_t> bytes = scene.PageOf(victim).ExpectedHeader(*victim.block);
  if (victim.chunk_header != 0)
    return ExpectedHeader{victim.block->previous_size, victim.block->size, fields.PoolIndex, fields.PoolType,
                          std::move(bytes)};
  return ExpectedHeader{fields.PreviousSize * layout.unit, fields.BlockSize * layout.unit, fields.PoolIndex,
                        fields.PoolType, std::move(bytes)};
}

/// The hypothesis that the incident is told by: the best one of the first suspect.
const Hypothesis& BestOf(const Scene& scene, const std::vector<Hypothesis>& ranked, const Suspect& first) {
  return *std::find_if(ranked.begin(), ranked.end(), [&](const Hypothesis& h) {
    if (h.role != first.role) return false;
    return h.role != SuspectRole::kBlock || first.block->header == scene.Reference(*h.block).header;
  });
}

/// Free slots that nobody had yet hold what their page held before, and that may look like headers with damage. Only
/// somebody's content that runs into them, or one block that best explains several, shows that they were some.
bool MayBeUnusedSlots(const Scene& scene, const Hypothesis& best) {
  const auto may_be_unused = [&](const Spot& spot) {
    const SceneBlock& block = scene.blocks[spot.block];
    return spot.kind == SpotKind::kHeader && block.block != nullptr && block.block->state == BlockState::kFree &&
           scene.PageOf(block).backend == PoolBackend::kLfh;
  };
  if (scene.spots.size() > 1 && best.role != SuspectRole::kUnknown) return false;
  return std::ranges::all_of(scene.spots, may_be_unused) && !IsToldByContent(best);
}

/// Nothing where it may be no incident at all.
std::optional<Incident> JudgeScene(const Scene& scene) {
  std::vector<Hypothesis> hypotheses = Enumerate(scene);
  Weigh(scene, hypotheses);
  std::stable_sort(hypotheses.begin(), hypotheses.end(),
                   [](const Hypothesis& a, const Hypothesis& b) { return a.probability > b.probability; });
  Incident incident;
  const std::uint64_t page = scene.AddressOf(scene.blocks[scene.victim()].begin) & ~(kPageSize - 1);
  const PoolPage& victim_page = scene.PageOf(scene.blocks[scene.victim()]);
  if (!scene.physical) incident.page = VirtAddr{page};
  if (victim_page.pfn) incident.physical = ToPhysAddr(*victim_page.pfn);
  incident.pool = PoolOf(scene, scene.victim());
  incident.kind_probabilities = KindProbabilities(hypotheses);
  incident.kind = incident.kind_probabilities.front().first;
  incident.suspects = MergeSuspects(scene, hypotheses);
  const Suspect& first = incident.suspects.front();
  const Hypothesis& best = BestOf(scene, hypotheses, first);
  if (MayBeUnusedSlots(scene, best)) return std::nullopt;
  ReasonedConfidence confidence =
      ReasonConfidence(best, first.probability, hypotheses, GroundOf(scene, best), scene.run_fit.get());
  if (scene.space->image().facts().is_live) confidence = OfSeveralMoments(std::move(confidence));
  incident.confidence = confidence.word;
  incident.write = ExtentOf(scene, best);
  incident.explanation = ExplanationOf(scene, hypotheses, std::move(confidence.tests));
  incident.damage = DamageOf(scene);
  incident.victim = scene.Reference(scene.victim());
  incident.expected_header = ExpectedHeaderOf(scene);
  incident.finding = scene.finding;
  incident.breaks_rule = scene.crossing == nullptr && std::ranges::any_of(scene.spots, [](const Spot& spot) {
                           return spot.kind != SpotKind::kPayload;
                         });
  return incident;
}

bool GraverThan(const Incident& a, const Incident& b) {
  if (a.confidence != b.confidence) return a.confidence < b.confidence;
  if (a.breaks_rule != b.breaks_rule) return a.breaks_rule;
  const double pa = a.suspects.front().probability, pb = b.suspects.front().probability;
  if (pa != pb) return pa > pb;
  return a.damage.start < b.damage.start;
}

/// A page whose front is overwritten for long by nobody's content, or behind a page that is no pool page: more likely a
/// page in its second life, with headers of the first behind its new bytes, than damage of that length.
bool MayBeReusedPage(const Scene& scene, const Incident& incident) {
  constexpr std::uint32_t kLong = 256;
  const SceneBlock& victim = scene.blocks[scene.victim()];
  const bool at_page_start = scene.AddressOf(victim.begin) % kPageSize == 0;
  if (scene.spots.front().kind != SpotKind::kHeader || !at_page_start) return false;
  if (scene.damage_end() - scene.damage_begin() < kLong) return false;
  const auto left = scene.Below(scene.victim());
  const bool behind_other_memory = left && scene.blocks[*left].block == nullptr;
  return behind_other_memory || incident.kind == FaultKind::kPageStomp;
}

/// A header of which nobody can say what ran over it.
void TellLacking(const Scene& scene, Report& report) {
  const VirtAddr page = *scene.lacking;
  const auto told = [&](const NotJudged& other) { return other.address == page; };
  if (std::any_of(report.not_judged.begin(), report.not_judged.end(), told)) return;
  const bool next = page + kPageSize == VirtAddr{scene.AddressOf(scene.damage_begin())}.page();
  report.not_judged.push_back({next ? "the page before, where an overrun would have to start, is not in the dump"
                                    : "the page where the block before the damage begins is not in the dump",
                               page});
}

/// A link that leads to a free block which does not lead back.
bool IsPlausibleLink(const Scene& scene, const Spot& spot) {
  if (spot.kind != SpotKind::kLink) return false;
  const ByteView word(scene.bytes.data() + spot.begin, spot.end - spot.begin);
  std::uint64_t link = word.TryRead<Le32>(0).value_or(Le32{});
  if (scene.layout().is_64bit) link = word.TryRead<Le64>(0).value_or(Le64{});
  return LooksLikeKernelPointer(link, scene.pointer_size());
}

/// In a live dump two pages may be of two moments: lists lead to blocks that are gone, and ranges of the segment heap,
/// which span pages, go on with what was there before or later, which looks like every kind of damage. A page of the
/// classic pool tells of itself alone.
bool MayBeTorn(const Scene& scene) {
  if (!scene.space->image().facts().is_live) return false;
  return std::ranges::any_of(scene.spots, [&](const Spot& spot) {
    return IsPlausibleLink(scene, spot) || scene.PageOf(scene.blocks[spot.block]).backend != PoolBackend::kClassic;
  });
}

/// What a clean report cannot vouch for.
void TellContents(const ImageContents& contents, Report& report) {
  if (contents.tell_damage()) return;
  const std::string why = contents.is_varied() ? "blocks of one tag hold too different things here"
                                               : "too few blocks of one tag are here to know what they hold";
  report.notes.push_back("damage that leaves every header right was not looked for: " + why);
}

/// What an overrun writes, it writes into its own block first. A front that this spoiled is no damage that came from
/// below: the writer's header is sound.
bool IsWritersOwnFront(std::size_t index, const std::vector<Scene>& scenes, const std::vector<Incident>& incidents) {
  const std::optional<BlockReference>& victim = incidents[index].victim;
  if (scenes[index].crossing == nullptr || !victim) return false;
  for (std::size_t i = 0; i < incidents.size(); ++i) {
    const Suspect& first = incidents[i].suspects.front();
    if (scenes[i].crossing == nullptr && first.kind == FaultKind::kOverrun && first.block &&
        first.block->header == victim->header)
      return true;
  }
  return false;
}

void DropWritersOwnFronts(std::vector<Scene>& scenes, std::vector<Incident>& incidents) {
  std::vector<bool> drop;
  for (std::size_t i = 0; i < incidents.size(); ++i) drop.push_back(IsWritersOwnFront(i, scenes, incidents));
  for (std::size_t i = drop.size(); i-- > 0;) {
    if (!drop[i]) continue;
    scenes.erase(scenes.begin() + static_cast<std::ptrdiff_t>(i));
    incidents.erase(incidents.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

/// Judges them all; returns those that became incidents, in the incidents' order.
std::vector<Scene> JudgeScenes(std::vector<Scene> scenes, Report& report) {
  std::vector<Scene> kept;
  for (Scene& scene : scenes) {
    std::optional<Incident> incident = JudgeScene(scene);
    if (!incident) continue;
    if (scene.lacking) TellLacking(scene, report);
    if (MayBeTorn(scene)) {
      report.not_judged.push_back({"what disagrees here may be of two moments: the dump is a live one",
                                   VirtAddr{scene.AddressOf(scene.damage_begin())}.page()});
      continue;
    }
    if (MayBeReusedPage(scene, *incident)) {
      report.not_judged.push_back({"the page's front may be memory in its second life, its headers of the first",
                                   VirtAddr{scene.AddressOf(scene.damage_begin())}.page()});
      continue;
    }
    report.incidents.push_back(std::move(*incident));
    kept.push_back(std::move(scene));
  }
  DropWritersOwnFronts(kept, report.incidents);
  if (kept.size() >= kMaxIncidents)
    report.notes.push_back("at least " + std::to_string(kMaxIncidents) +
                           " separate places are damaged; any more are left out");
  return kept;
}

/// The report's incidents are the scenes' and then the special ones'.
void Advise(const std::vector<Scene>& scenes, const std::vector<SpecialScene>& special, Report& report) {
  for (std::size_t i = 0; i < report.incidents.size(); ++i) {
    Incident& incident = report.incidents[i];
    incident.advice =
        i < scenes.size() ? AdviceFor(incident, scenes[i]) : AdviceForSpecial(incident, special[i - scenes.size()]);
  }
}

Verdict VerdictOf(const Report& report, const PoolCensus& census) {
  if (!report.incidents.empty()) return Verdict::kCorrupt;
  if (census.pool_pages + census.special_pool_pages == 0 || !report.not_judged.empty()) return Verdict::kInconclusive;
  return Verdict::kClean;
}

}  // namespace

Report Judge(const AddressSpace& space, const System& system, const PoolCensus& census, const TagDatabase& tags,
             unsigned threads) {
  Report report;
  report.not_judged = census.not_judged;
  report.notes = census.notes;
  report.notes.insert(report.notes.end(), system.notes.begin(), system.notes.end());
  if (space.image().facts().truncated)
    report.not_judged.push_back({"the image ends before all the pages that it promises", std::nullopt});
  std::vector<Scene> scenes;
  if (census.layout != nullptr) {
    Incidents incidents = FormIncidents(space, system, census, tags, threads);
    TellContents(*incidents.contents, report);
    scenes = JudgeScenes(std::move(incidents.scenes), report);
  }
  const std::vector<SpecialScene> special = FormSpecialScenes(space, system, census, tags);
  for (const SpecialScene& scene : special)
    report.incidents.push_back(JudgeSpecialScene(scene, space.image().facts().is_live));
  NameByDriverCode(space, system, tags, report);
  Advise(scenes, special, report);
  std::stable_sort(report.incidents.begin(), report.incidents.end(), GraverThan);
  for (std::size_t i = 0; i < report.incidents.size(); ++i) report.incidents[i].id = static_cast<std::uint32_t>(i + 1);
  report.verdict = VerdictOf(report, census);
  return report;
}

}  // namespace poolblame
