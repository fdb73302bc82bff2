#include "heuristics/crossing_scan.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

#include "heuristics/content_model.h"
#include "heuristics/crossing_fit.h"
#include "heuristics/front_evidence.h"
#include "heuristics/front_scan.h"
#include "heuristics/incidents.h"
#include "heuristics/run_owners.h"

namespace poolblame {
namespace {

/// Of the block's tag: fewer need a write that tells of itself.
constexpr std::uint32_t kFewestForEvidence = 8;

/// Three in four of their first words look alike.
bool BeginsAlike(const StandsOut& a, const StandsOut& b) {
  std::size_t same = 0;
  const std::size_t words = std::min(a.begins.size(), b.begins.size());
  for (std::size_t i = 0; i < words; ++i) same += a.begins[i] == b.begins[i] ? 1 : 0;
  return same * 4 >= words * 3;
}

/// Another block of the tag is otherwise up to the same word, as much, and by words that look alike: such blocks are of
/// another kind. Blocks that are free, on a list that no header tells of, are none, nor is the block below, which the
/// same write may have filled.
bool IsKind(const StandsOut& block, const std::vector<StandsOut>& all) {
  constexpr double kAsMuch = 0.3;
  return std::ranges::any_of(all, [&](const StandsOut& other) {
    return other.header != block.header && other.end != block.header && other.tag == block.tag &&
           other.front.words == block.front.words && other.needs_telling_write() == block.needs_telling_write() &&
           (block.is_like_entry || !other.is_like_entry || other.front.words > 1) &&
           std::abs(other.front.broken - block.front.broken) <= kAsMuch * block.front.broken &&
           BeginsAlike(block, other);
  });
}

/// The first `words` words are those of the block below: they were copied.
bool IsCopyOfBelow(const Scene& scene, const SceneBlock& above, const SceneBlock& below, std::uint32_t words) {
  constexpr std::uint32_t kEqualOf = 5, kDifferent = 1;
  const std::uint32_t word = scene.pointer_size();
  std::uint32_t equal = 0, different = 0;
  for (std::uint32_t at = 0; at < words * word && below.payload() + at + word <= below.end; at += word) {
    const Bytes here = Bytes(scene.bytes).subspan(above.payload() + at, word);
    const Bytes there = Bytes(scene.bytes).subspan(below.payload() + at, word);
    if (WordAt(here, word) != 0) ++(std::ranges::equal(here, there) ? equal : different);
  }
  return equal > 0 && different * kEqualOf <= (equal + different) * kDifferent;
}

bool IsZero(Bytes bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

/// The front is zeros up to the last of its words, and at least the first bytes of that.
bool IsZeroed(Bytes front, std::uint32_t word) {
  const std::size_t last = front.size() - word;
  return IsZero(front.first(last)) && front[last] == 0;
}

/// A front of zeros may be cleared, and nothing set yet. Other bytes came over the end of the block below: not where
/// that is still zero, further back than where a write may begin.
bool IsContradicted(const Scene& scene, const SceneBlock& above, const SceneBlock& below, const BrokenFront& front) {
  constexpr double kSet = 3;  // nats
  constexpr std::uint32_t kUntouched = 32;
  const Bytes bytes(scene.bytes);
  const std::uint32_t word = scene.pointer_size();
  if (IsZeroed(bytes.subspan(above.payload(), front.words * word), word)) return front.kept < kSet;
  const std::uint32_t tail = std::min(kUntouched, below.end - below.payload());
  return IsZero(bytes.subspan(below.end - tail, tail));
}

/// Nats by which the block is not as its tag's usual ones.
double NatsUnlike(const Scene& scene, const SceneBlock& block) {
  const UsualFront* usual = FrontOf(scene, block);
  if (usual == nullptr) return 0;
  const Bytes payload = Bytes(scene.bytes).subspan(block.payload(), block.end - block.payload());
  return -usual->Nats(Example{payload, scene.AddressOf(block.payload())});
}

/// What the rest of the image says of a block that stands out.
struct Standing {
  bool alone = false;         // no other does
  bool told_by_rest = false;  // its own rest says that it is no other kind of block, nor one that nobody has filled yet
};

/// Zeros may be the front of a block that nobody has filled yet, and mean nothing where others stand out.
Standing StandingOf(const Scene& scene, const SceneBlock& above, const BrokenFront& front, bool alone) {
  const std::uint32_t word = scene.pointer_size();
  const bool zeroed = IsZeroed(Bytes(scene.bytes).subspan(above.payload(), front.words * word), word);
  return {alone, front.rest_is_as_usual() && (alone || !zeroed)};
}

/// The words in front of what is otherwise are as usual: its owner filled them, and behind them is old memory. A write
/// over the end of the block below goes over them, too.
bool IsKeptInFront(const StandsOut& found) {
  constexpr double kKept = 2;  // nats
  return !found.from_first_word && found.front.kept_in_front >= kKept;
}

/// Something says that no write came over the end of the block below.
bool IsRuledOut(const Scene& scene, const SceneBlock& above, const SceneBlock& below, const StandsOut& found,
                const CrossingFit& fit, const Standing& standing) {
  constexpr double kMayCost = 5.5;  // nats: a start in the last bytes of the block below costs up to as many
  constexpr double kTold = 5;       // nats for a write over words that may be anything
  constexpr double kTells = 15;     // nats for a write, its start included
  const BrokenFront& front = found.front;
  if (IsContradicted(scene, above, below, front)) return true;
  if (!found.from_first_word && fit.margin() < kTold) return true;
  if (IsKeptInFront(found)) return true;
  if (fit.run.texture == std::string_view(kOnePattern)) return false;
  const bool told = standing.told_by_rest || fit.margin() >= kTells || fit.margin() >= fit.above_margin - kMayCost;
  return !told || IsCopyOfBelow(scene, above, below, front.words);
}

/// The bytes that the write put down are one, repeated, and none that bitmaps and cleared memory are full of.
bool IsOddFill(const Scene& scene, const SceneBlock& above, const CrossingFit& fit) {
  const Bytes first = Bytes(scene.bytes).subspan(above.payload(), scene.pointer_size());
  return fit.run.texture == std::string_view(kOnePattern) && ClassOf(first) == WordClass::kFill && first[0] != 0xFF;
}

/// The write explains the words of both blocks so well that nothing else has to speak for it. In 1,700 sound images no
/// block of a tag with distinctive words and six siblings had more than 9 nats; bitmaps and sparse data had up to 54.
bool IsToldByWrite(const Scene& scene, const SceneBlock& above, const UsualFront& usual, const CrossingFit& fit) {
  constexpr double kTold = 15, kToldWithLess = 25;
  const double told = std::min(fit.margin(), fit.above_margin);
  if (!usual.is_distinctive()) return told >= kToldWithLess && IsOddFill(scene, above, fit);
  return told >= (usual.examples() >= kFewestForEvidence ? kTold : kToldWithLess);
}

double EvidenceFor(const Scene& scene, const SceneBlock& below, const BrokenFront& front, const CrossingFit& fit,
                   const Standing& standing) {
  const bool goes_on = fit.run.texture == std::string_view(kOwnersContent);
  const double unlike = goes_on ? 0 : NatsUnlike(scene, below);
  const bool one_word = front.words == 1;
  return FrontEvidence{fit.above_margin, unlike, one_word, front.as_usual_share, standing.told_by_rest, standing.alone}
      .Sum();
}

/// Nats of evidence that an incident takes.
double AlarmOf(const UsualFront& usual, bool stands_alone) {
  constexpr std::uint32_t kFew = 10;  // blocks tell less surely what is usual
  if (!usual.is_distinctive()) return FrontEvidence::kAlarmInData;
  return stands_alone && usual.examples() >= kFew ? FrontEvidence::kAlarm : FrontEvidence::kAlarmInDoubt;
}

/// All that speaks for the write is enough for an incident.
bool IsAlarm(const Scene& scene, const SceneBlock& above, const StandsOut& found, const CrossingFit& fit,
             bool stands_alone) {
  const UsualFront& usual = scene.contents->fronts.at(found.tag);
  if (IsToldByWrite(scene, above, usual, fit)) return true;
  // Data of all sorts is full of zeros and ones.
  const bool one_pattern = fit.run.texture == std::string_view(kOnePattern);
  if (!usual.is_distinctive() && one_pattern && !IsOddFill(scene, above, fit)) return false;
  return usual.examples() >= kFewestForEvidence && !found.needs_telling_write() &&
         fit.evidence >= AlarmOf(usual, stands_alone);
}

std::optional<Scene> SceneOf(const StandsOut& found, bool stands_alone, SceneSetter& setter,
                             const std::shared_ptr<const ImageContents>& contents) {
  const auto page = setter.PoolPageAt(found.header.page());
  if (!page || page->has_findings()) return std::nullopt;
  Scene scene = setter.Set(*page);
  scene.contents = contents;
  const auto index = scene.BlockAt(found.header);
  auto fit = index ? FitCrossing(scene, *index) : std::nullopt;
  if (!fit) return std::nullopt;
  const SceneBlock &above = scene.blocks[*index], &below = scene.blocks[*scene.Below(*index)];
  const std::size_t front_end = above.payload() + found.front.words * scene.pointer_size();
  if (below.end > scene.bytes.size() || front_end > std::min<std::size_t>(above.end, scene.bytes.size())) return {};
  const Standing standing = StandingOf(scene, above, found.front, stands_alone);
  if (IsRuledOut(scene, above, below, found, *fit, standing)) return std::nullopt;
  fit->evidence = EvidenceFor(scene, below, found.front, *fit, standing);
  if (!IsAlarm(scene, above, found, *fit, stands_alone)) return std::nullopt;
  const std::uint32_t begin = above.payload();
  const std::uint32_t end = std::max(fit->run.end, begin + found.front.words * scene.pointer_size());
  scene.spots = {{SpotKind::kPayload, *index, begin, end, end - begin, 0}};
  scene.crossing = std::make_shared<const CrossingFit>(*fit);
  return scene;
}

/// Blocks of tags with distinctive words whose front is otherwise, and that are none of a list.
std::size_t CountOdd(const std::vector<StandsOut>& all, const ImageContents& contents) {
  return static_cast<std::size_t>(std::ranges::count_if(all, [&](const StandsOut& block) {
    return !block.may_be_link && !block.may_be_free && contents.fronts.at(block.tag).is_distinctive();
  }));
}

/// Data of all sorts has no usual front that the rest of the image could vouch for, and a small number or a bit may be
/// otherwise by right in one block alone.
bool CanStandAlone(const StandsOut& block, const UsualFront& usual) {
  return usual.is_distinctive() && block.front.clear >= BrokenFront::kClear;
}

/// The block's owner wrote all of it, from its front on, and went on into the block above.
bool WroteOn(const Scene& scene, const std::vector<Scene>& all) {
  const std::uint64_t victim = scene.AddressOf(scene.blocks[scene.victim()].begin);
  return std::ranges::any_of(all, [&](const Scene& other) {
    return other.AddressOf(other.blocks[*other.Below(other.victim())].begin) == victim;
  });
}

/// Nearly all of the block that is looked at is otherwise, and so is the block behind it: its owner may as well have
/// written both.
bool MayBeWriter(const Scene& scene, const std::vector<StandsOut>& all) {
  const SceneBlock& block = scene.blocks[scene.victim()];
  const std::uint32_t seen = std::min(block.end - block.payload(), UsualFront::kBytes);
  return (scene.damage_end() - scene.damage_begin()) * 4 >= seen * 3 &&
         std::ranges::any_of(all,
                             [&](const StandsOut& other) { return other.header.value == scene.AddressOf(block.end); });
}

}  // namespace

void AddCrossingIncidents(std::vector<Scene>& scenes, SceneSetter& setter,
                          const std::shared_ptr<const ImageContents>& contents) {
  const PoolCensus& census = setter.census();
  if (census.layout == nullptr) return;
  const std::vector<StandsOut> all = FindOddFronts(setter, *contents);
  constexpr std::size_t kOfOneWrite = 2;  // the victim, and the writer's own block
  const bool few = CountOdd(all, *contents) <= kOfOneWrite;
  std::vector<Scene> found;
  for (const StandsOut& block : all) {
    if (scenes.size() + found.size() >= kMaxIncidents) break;
    if (block.begins_like_another || IsKind(block, all)) continue;
    const bool stands_alone = few && CanStandAlone(block, contents->fronts.at(block.tag));
    if (auto scene = SceneOf(block, stands_alone, setter, contents)) found.push_back(std::move(*scene));
  }
  std::ranges::copy_if(found, std::back_inserter(scenes),
                       [&](const Scene& scene) { return !WroteOn(scene, found) && !MayBeWriter(scene, all); });
}

}  // namespace poolblame
