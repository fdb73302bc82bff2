#include "heuristics/write_extent.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "heuristics/element_stride.h"
#include "heuristics/run_contents.h"
#include "heuristics/siblings.h"
#include "heuristics/slack.h"

namespace poolblame {
namespace {

constexpr double kTail = 0.04;  // of the likelihood, left out at either end of a range

/// A write in scene offsets; `end` is the byte behind it.
struct Reach {
  PlaceRange begin, end;
  std::uint32_t likely_end = 0;
};

/// A byte of a header that is known to be as it must be. The second half of a chunk header holds anything, and the
/// segment heap does not keep PoolIndex.
bool IsRight(const SceneBlock& block, std::uint32_t i) {
  constexpr std::uint32_t kEncodedBytes = 8, kIndexByte = 1;
  if (((block.block->damaged_bytes | block.block->doubtful_bytes) >> i & 1U) != 0) return false;
  return block.chunk_header == 0 || i < kEncodedBytes || i > block.chunk_header + kIndexByte;
}

/// The same in a structure of the heap's own: in a word that is wrong elsewhere, it may be so by chance, as the upper
/// bytes of pointers are alike.
bool IsRightInStructure(const HeapStructure& structure, std::uint32_t i) {
  constexpr std::uint32_t kWord = 8;
  const std::uint32_t word = i / kWord * kWord;
  return structure.At(i) == ByteVerdict::kRight && !structure.IsWrong(word, word + kWord);
}

/// The first byte from `from` on that was not written: it is as it must be, and not zero, which writes often are too.
std::uint32_t FirstIntact(const Scene& scene, const SceneBlock& block, std::uint32_t from) {
  const HeapStructure* structure = block.structure;
  const std::uint32_t checked = block.begin + (structure != nullptr ? structure->size() : block.tag_end());
  for (std::uint32_t at = from; at < std::min(checked, block.end); ++at) {
    const std::uint32_t i = at - block.begin;
    const bool right = structure != nullptr ? IsRightInStructure(*structure, i) : IsRight(block, i);
    if (right && scene.bytes[at] != 0) return at;
  }
  return block.end;
}

/// Behind the last wrong byte of a structure of the heap: the rest up to the first slot, and slots that nobody has now,
/// do not tell what ran over them.
std::uint32_t FirstIntactBehind(const Scene& scene, std::size_t structure) {
  std::uint32_t end = FirstIntact(scene, scene.blocks[structure], scene.damage_end());
  for (std::size_t i = structure + 1; i < scene.blocks.size() && end == scene.blocks[i - 1].end; ++i) {
    const SceneBlock& next = scene.blocks[i];
    const bool tells = next.block != nullptr && next.block->state == BlockState::kAllocated;
    end = tells ? FirstIntact(scene, next, next.begin) : next.end;
  }
  return end;
}

/// The same in data: a byte that every block of the tag and size has.
std::uint32_t FirstLikeSiblings(const Scene& scene, std::size_t index, std::uint32_t from) {
  constexpr std::size_t kFewest = 5;
  const SceneBlock& block = scene.blocks[index];
  const std::vector<Sibling> siblings = SameSizeSiblings(scene, index);
  if (siblings.size() < kFewest) return block.end;
  for (std::uint32_t at = std::max(from, block.payload()); at < block.end; ++at) {
    const std::uint8_t byte = scene.bytes[at];
    const auto same = [&](const Sibling& s) { return s.payload[at - block.payload()] == byte; };
    if (byte != 0 && std::all_of(siblings.begin(), siblings.end(), same)) return at;
  }
  return block.end;
}

/// The last place where a write may have ended that is seen up to `damage_end`, in what is known of that block.
std::uint32_t LatestEnd(const Scene& scene) {
  const Spot& last = scene.spots.back();
  const SceneBlock& block = scene.blocks[last.block];
  switch (last.kind) {
    case SpotKind::kHeader:
      return block.block == nullptr ? block.end : FirstIntact(scene, block, scene.damage_end());
    case SpotKind::kStructure:
      return FirstIntactBehind(scene, last.block);
    case SpotKind::kPayload:
      return FirstLikeSiblings(scene, last.block, scene.damage_end());
    default:
      return block.end;
  }
}

/// What the model of what memory holds says of places is worth as much as its votes are.
PlaceRange Likely(const PlaceLikelihoods& places, Weight weight, std::uint32_t limit) {
  return LikelyRange(places, kTail, std::min(1.0, WeightOf(weight).log_odds), limit);
}

/// The same of ends: the model looks at so much memory only, and what reaches its last place may go on from there.
PlaceRange LikelyEnd(PlaceLikelihoods places, Weight weight, std::uint32_t limit) {
  if (limit > places.back().first)
    places.back().second += std::log(limit - places.back().first + 1) / WeightOf(weight).log_odds;
  return Likely(places, weight, limit);
}

/// The model knows no places inside a tag, and of a word that was written in part it cannot tell where.
std::uint32_t EarliestEnd(const Scene& scene, const SceneBlock& last, std::uint32_t likely) {
  if (likely <= last.begin + last.tag_end()) return scene.damage_end();
  const std::uint32_t word = scene.pointer_size() - 1;
  return std::max(scene.damage_end(), likely > last.payload() ? likely - word : likely);
}

Reach OverrunReach(const Scene& scene, const Hypothesis& h) {
  const SceneBlock& block = scene.blocks[*h.block];
  const SceneBlock& last = scene.blocks[scene.spots.back().block];
  const RunFit* fit = h.block == scene.Below(scene.victim()) ? scene.run_fit.get() : nullptr;
  if (fit == nullptr) return {{block.payload(), block.end}, {scene.damage_end(), LatestEnd(scene)}, scene.damage_end()};
  Reach reach{Likely(fit->overrun.begins, Weight::kRunStartOverrun, block.end),
              LikelyEnd(fit->overrun.ends, Weight::kRunStopOverrun, last.end), fit->overrun.end};
  reach.end.earliest = EarliestEnd(scene, last, reach.end.earliest);
  reach.end.latest = std::max(reach.end.latest, reach.end.earliest);
  return reach;
}

/// A write below a block's data: what it left in the block in front is seldom seen.
Reach UnderrunReach(const Scene& scene, const Hypothesis& h) {
  const SceneBlock& block = scene.blocks[*h.block];
  const auto below = scene.Below(scene.victim());
  const RunFit* fit = h.block == scene.spots.back().block ? scene.run_fit.get() : nullptr;
  if (fit == nullptr)
    return {{below ? scene.blocks[*below].payload() : scene.damage_begin(), scene.damage_begin()},
            {block.payload(), block.end},
            block.payload()};
  return {Likely(fit->underrun.begins, Weight::kRunStartUnderrun, scene.damage_begin()),
          LikelyEnd(fit->underrun.ends, Weight::kRunStopUnderrun, block.end), fit->underrun.end};
}

/// Of an overrun: records that begin in its block and go on behind it.
std::optional<std::uint32_t> StrideOf(const Scene& scene, const SceneBlock& block, std::uint32_t end) {
  const Bytes all(scene.bytes);
  return ElementStride(all.subspan(block.payload(), block.end - block.payload()),
                       all.subspan(block.end, std::max(end, block.end) - block.end), scene.layout().unit);
}

/// Blocks and structures of the heap, but the writer's own, that have bytes in [begin, end).
std::uint32_t BlocksIn(const Scene& scene, std::size_t own, std::uint32_t begin, std::uint32_t end) {
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < scene.blocks.size(); ++i)
    if (i != own && scene.blocks[i].begin < end && scene.blocks[i].end > begin) ++count;
  return count;
}

}  // namespace

PlaceRange LikelyRange(const PlaceLikelihoods& places, double tail, double worth, std::uint32_t limit) {
  double highest = kNeverLog;
  for (const auto& [at, log] : places) highest = std::max(highest, log);
  double total = 0, below = 0;
  for (const auto& [at, log] : places) total += std::exp(worth * (log - highest));
  PlaceRange range{places.front().first, limit};
  bool begun = false;
  for (std::size_t i = 0; i < places.size(); ++i) {
    below += std::exp(worth * (places[i].second - highest)) / total;
    if (!begun && below > tail) range.earliest = places[i].first;
    begun |= below > tail;
    if (below < 1 - tail) continue;
    if (i + 1 < places.size()) range.latest = std::min(limit, places[i + 1].first - 1);
    break;
  }
  return range;
}

std::optional<WriteExtent> ExtentOf(const Scene& scene, const Hypothesis& h) {
  const bool overrun = h.kind == FaultKind::kOverrun;
  if ((!overrun && h.kind != FaultKind::kUnderrun) || !h.block || !scene.shows_damage()) return std::nullopt;
  const SceneBlock& block = scene.blocks[*h.block];
  const Reach reach = overrun ? OverrunReach(scene, h) : UnderrunReach(scene, h);
  WriteExtent extent;
  extent.first_damaged = scene.AddressOf(scene.damage_begin());
  extent.last_damaged = scene.AddressOf(scene.damage_end()) - 1;
  const bool from_its_begin = overrun && reach.begin.earliest == block.payload();
  if (block.begin_known || !from_its_begin)
    extent.start_earliest = scene.AddressOf(reach.begin.earliest) - (from_its_begin ? block.bytes_before : 0);
  extent.start_latest = scene.AddressOf(reach.begin.latest);
  extent.end_earliest = scene.AddressOf(reach.end.earliest);
  extent.end_latest = scene.AddressOf(reach.end.latest);
  if (overrun) extent.slack = SlackOf(scene, *h.block);
  if (overrun) extent.stride = StrideOf(scene, block, reach.likely_end);
  extent.upwards = overrun;
  extent.boundary = scene.AddressOf(overrun ? block.end : block.payload());
  extent.blocks_run_over = overrun ? BlocksIn(scene, *h.block, block.end, scene.damage_end())
                                   : BlocksIn(scene, *h.block, scene.damage_begin(), block.begin);
  return extent;
}

std::optional<WriteExtent> ExtentOf(const SpecialScene& scene, const Hypothesis& h) {
  const bool overrun = h.kind == FaultKind::kOverrun && scene.event == SpecialEvent::kSlop;
  const bool underrun = h.kind == FaultKind::kUnderrun && scene.event == SpecialEvent::kFiller;
  if ((!overrun && !underrun) || !scene.page) return std::nullopt;
  const std::uint64_t data = scene.AddressOf(scene.page->block.data.begin);
  const std::uint64_t data_end = scene.AddressOf(scene.page->block.data.end);
  WriteExtent extent;
  extent.first_damaged = scene.begin;
  extent.last_damaged = scene.end - 1;
  extent.start_earliest = overrun ? data : scene.begin;
  extent.start_latest = overrun ? data_end : scene.begin;
  extent.end_earliest = overrun ? scene.end : data;
  extent.end_latest = overrun ? scene.end : data_end;
  extent.upwards = overrun;
  extent.boundary = overrun ? data_end : data;
  if (overrun) extent.slack = scene.page->block.slop.size();
  return extent;
}

}  // namespace poolblame
