#include "heuristics/crossing_scan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <string_view>

#include "heuristics/block_walk.h"
#include "heuristics/content_model.h"
#include "heuristics/crossing_fit.h"
#include "heuristics/incidents.h"
#include "heuristics/run_owners.h"

namespace poolblame {
namespace {

/// A block whose front is not as its tag's usual blocks have it.
struct StandsOut {
  VirtAddr header{};
  PoolTag tag{};
  BrokenFront front;
  bool begins_like_another = false;  // tag's blocks: old memory of one, or a copy
  bool from_first_word = true;       // else the words in front may hold anything, and say nothing
  bool may_be_link = false;          // its first word may be the link of a list, and is what is otherwise
  bool is_like_entry = false;        // it begins with zero or a pointer, as entries of lists do
  bool may_be_free = false;          // one that no header tells of, with what an earlier owner left in it
};

constexpr std::size_t kMostLookedAt = 2048;
/// Of the block's tag: a few blocks have words in common by chance.
constexpr std::uint32_t kFewestExamples = 8;

/// What speaks for a write over the end of the block below against a block that is otherwise by right, as nats. A
/// logistic regression on 426 images of one seed of the evaluation (payload-overrun, and the same images without it)
/// gave the factors but kRest; with them the largest sum of a block that nobody had written over was 2.5 there, on 120
/// other images 1.3. kRest is set by hand, so that such a block needs little from the one below.
struct FrontEvidence {
  double above = 0;         // nats by which the front is rather such a write than its owner's
  double below_unlike = 0;  // nats by which the block below is not as its tag's usual ones
  bool one_word = false;    // and all behind it as usual: what is otherwise by right mostly differs in more
  double as_usual_share = 0;
  bool rest_is_as_usual = false;  // by words that only its tag has: it is filled, and no other kind of block

  /// Blocks that have nothing in common but zeros are less of a measure: there the block below has to be unlike, too.
  static constexpr double kAlarm = 3, kAlarmInData = 8;
  [[nodiscard]] double Sum() const {
    constexpr double kPrior = 0.4, kAbove = 0.36, kBelow = 0.22, kOneWord = 4.2, kAsUsual = 9.2, kRest = 6;
    constexpr double kLeast = -5, kMost = 20;
    return kPrior + kAbove * std::clamp(above, kLeast, kMost) + kBelow * std::clamp(below_unlike, 0.0, kMost) +
           (rest_is_as_usual ? kRest
            : one_word       ? kOneWord
                             : 0) -
           kAsUsual * as_usual_share;
  }
};

/// Its first words are what another tag's blocks begin with.
bool BeginsLikeAnother(const ImageContents& contents, PoolTag tag, const Example& block, const BrokenFront& front,
                       std::uint32_t word) {
  constexpr double kFewest = 3, kOfBroken = 0.4;  // nats
  for (const auto& [other, usual] : contents.fronts) {
    if (other == tag) continue;
    double nats = 0;
    for (std::uint32_t i = 0; i < front.words; ++i) {
      const Bytes bytes = block.payload.subspan(i * word, word);
      if (WordAt(bytes, word) != 0) nats += usual.NatsForetold({bytes, i, block.address + i * word});
    }
    if (nats >= std::max(kFewest, kOfBroken * front.broken)) return true;
  }
  return false;
}

/// The first word leads to the data of a block of the same size, as the link of a lookaside list does.
bool LeadsToOneOfItsSize(const AddressSpace& space, const PoolHeaderLayout& layout, const WalkedBlock& block) {
  const std::uint32_t header = layout.header_size, word = layout.is_64bit ? 8 : 4;
  const std::uint64_t link = WordAt(block.bytes.subspan(header), word);
  if (!LooksLikeKernelPointer(link, word)) return false;
  constexpr std::size_t kLargestHeader = 16;
  std::array<std::uint8_t, kLargestHeader> bytes{};
  if (space.Read(VirtAddr{link - header}, std::span(bytes).first(header)) != Presence::kPresent) return false;
  return layout.Decode(bytes.data()).BlockSize == layout.Decode(block.bytes.data()).BlockSize;
}

/// What is otherwise in the block, if anything.
std::optional<StandsOut> LookAtFront(const UsualFront& usual, const Example& block, bool may_be_listed) {
  const std::uint32_t first = may_be_listed ? 1 : 0;
  const auto rest_is_as_usual = [](const auto& front) { return front && front->rest_is_as_usual(); };
  const auto front = usual.BreakOf(block, first);
  if (rest_is_as_usual(front)) return StandsOut{.front = *front};
  const auto behind = usual.BreakFrom(block, first);
  if (rest_is_as_usual(behind)) return StandsOut{.front = *behind, .from_first_word = false};
  const auto whole = may_be_listed ? usual.BreakOf(block, 0) : std::nullopt;
  if (rest_is_as_usual(whole)) return StandsOut{.front = *whole, .may_be_link = true};
  return front ? std::optional(StandsOut{.front = *front}) : std::nullopt;
}

/// It begins with links that lead to the block itself, as an entry does that was put onto its list twice, and nothing
/// else is otherwise: self_link_scan.h's.
bool IsOwnLinks(const Example& block, const BrokenFront& front, std::uint32_t word) {
  constexpr std::uint32_t kLinks = 2;
  if (WordAt(block.payload, word) != block.address || front.words > kLinks) return false;
  return front.words < kLinks || LooksLikeKernelPointer(WordAt(block.payload.subspan(word), word), word);
}

/// Where a kernel leaves lists unmarked, many blocks are on one: a single one that looks so is on none.
void DropLinks(std::vector<StandsOut>& found, std::uint64_t links, std::uint64_t blocks) {
  constexpr std::uint64_t kFewestBlocks = 700;  // of as many, more than one would be on a list
  const bool unmarked = links > 1, unknown = blocks < kFewestBlocks;
  std::erase_if(found, [&](const StandsOut& block) {
    return (block.may_be_link && (unmarked || unknown)) || (block.may_be_free && unmarked);
  });
}

/// Nothing where the block begins as its tag's do, or nothing is known of them.
std::optional<StandsOut> LookAtBlock(const System& system, const PoolHeaderLayout& layout,
                                     const ImageContents& contents, const WalkedBlock& block) {
  const std::uint32_t header = layout.header_size, word = layout.is_64bit ? 8 : 4;
  if (block.bytes.size() < header + word) return std::nullopt;
  const PoolTag tag = PoolTag{layout.Decode(block.bytes.data()).PoolTag}.name();
  const auto usual = contents.fronts.find(tag);
  if (usual == contents.fronts.end()) return std::nullopt;
  const Example example{block.bytes.subspan(header), block.begin.value + block.chunk_header + header};
  const std::uint64_t link = WordAt(example.payload, word);
  const bool is_like_entry = link == 0 || (LooksLikeKernelPointer(link, word) && !system.ModuleAt(VirtAddr{link}));
  auto found = LookAtFront(usual->second, example, block.may_be_listed && is_like_entry);
  if (!found || IsOwnLinks(example, found->front, word)) return std::nullopt;
  found->header = block.begin;
  found->tag = tag;
  found->is_like_entry = is_like_entry;
  found->may_be_free = block.may_be_listed && is_like_entry && !found->front.rest_is_as_usual();
  // Of a segment heap, too, blocks are on lists that no header tells of.
  if (is_like_entry && found->front.words == 1) found->may_be_link = true;
  found->begins_like_another = BeginsLikeAnother(contents, tag, example, found->front, word);
  return found;
}

std::vector<StandsOut> LookAtFronts(const SceneSetter& setter, const ImageContents& contents) {
  const PoolCensus& census = setter.census();
  std::vector<StandsOut> all;
  std::uint64_t links = 0, blocks = 0;
  ForEachBlockInUse(setter.space(), census, [&](const WalkedBlock& block) {
    ++blocks;
    if (all.size() >= kMostLookedAt) return;
    const auto found = LookAtBlock(setter.system(), *census.layout, contents, block);
    if (!found) return;
    links += found->may_be_link ? 1 : 0;
    if (contents.fronts.at(found->tag).examples() < kFewestExamples) return;
    if (!block.may_be_listed || !LeadsToOneOfItsSize(setter.space(), *census.layout, block)) all.push_back(*found);
  });
  DropLinks(all, links, blocks);
  return all;
}

/// Another block of the tag is otherwise up to the same word, and as much: such blocks are of another kind. Blocks that
/// are free, on a list that no header tells of, are none.
bool IsKind(const StandsOut& block, const std::vector<StandsOut>& all) {
  constexpr double kAsMuch = 0.3;
  return std::ranges::any_of(all, [&](const StandsOut& other) {
    return other.header != block.header && other.tag == block.tag && other.front.words == block.front.words &&
           (block.is_like_entry || !other.is_like_entry || other.front.words > 1) &&
           std::abs(other.front.broken - block.front.broken) <= kAsMuch * block.front.broken;
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

/// A front of zeros may be cleared, and nothing set yet. Other bytes came over the end of the block below: not where
/// that is still zero, further back than where a write may begin.
bool IsContradicted(const Scene& scene, const SceneBlock& above, const SceneBlock& below, const BrokenFront& front) {
  constexpr double kSet = 3;  // nats
  constexpr std::uint32_t kUntouched = 32;
  const Bytes bytes(scene.bytes);
  if (IsZero(bytes.subspan(above.payload(), front.words * scene.pointer_size()))) return front.kept < kSet;
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

/// Something says that no write came over the end of the block below.
bool IsRuledOut(const Scene& scene, const SceneBlock& above, const SceneBlock& below, const StandsOut& found,
                const CrossingFit& fit) {
  constexpr double kMayCost = 5.5;  // nats: a start in the last bytes of the block below costs up to as many
  constexpr double kTold = 5;       // nats for a write over words that may be anything
  const BrokenFront& front = found.front;
  const std::size_t front_end = above.payload() + front.words * scene.pointer_size();
  const bool in_scene =
      below.end <= scene.bytes.size() && front_end <= std::min<std::size_t>(above.end, scene.bytes.size());
  if (!in_scene || IsContradicted(scene, above, below, front)) return true;
  if (!found.from_first_word && fit.margin() < kTold) return true;
  if (fit.run.texture == std::string_view(kOnePattern)) return false;
  const bool told = front.rest_is_as_usual() || fit.margin() >= fit.above_margin - kMayCost;
  return !told || IsCopyOfBelow(scene, above, below, front.words);
}

double EvidenceFor(const Scene& scene, const SceneBlock& below, const BrokenFront& front, const CrossingFit& fit) {
  const bool goes_on = fit.run.texture == std::string_view(kOwnersContent);
  const double unlike = goes_on ? 0 : NatsUnlike(scene, below);
  return FrontEvidence{fit.above_margin, unlike, front.words == 1, front.as_usual_share, front.rest_is_as_usual()}
      .Sum();
}

std::optional<Scene> SceneOf(const StandsOut& found, SceneSetter& setter,
                             const std::shared_ptr<const ImageContents>& contents) {
  const auto page = setter.PoolPageAt(found.header.page());
  if (!page || page->has_findings()) return std::nullopt;
  Scene scene = setter.Set(*page);
  scene.contents = contents;
  const auto index = scene.BlockAt(found.header);
  auto fit = index ? FitCrossing(scene, *index) : std::nullopt;
  if (!fit) return std::nullopt;
  const SceneBlock &above = scene.blocks[*index], &below = scene.blocks[*scene.Below(*index)];
  if (IsRuledOut(scene, above, below, found, *fit)) return std::nullopt;
  fit->evidence = EvidenceFor(scene, below, found.front, *fit);
  const bool distinctive = contents->fronts.at(found.tag).is_distinctive();
  if (fit->evidence < (distinctive ? FrontEvidence::kAlarm : FrontEvidence::kAlarmInData)) return std::nullopt;
  const std::uint32_t begin = above.payload();
  const std::uint32_t end = std::max(fit->run.end, begin + found.front.words * scene.pointer_size());
  scene.spots = {{SpotKind::kPayload, *index, begin, end, end - begin, 0}};
  scene.crossing = std::make_shared<const CrossingFit>(*fit);
  return scene;
}

/// The block's owner wrote all of it, from its front on, and went on into the block above.
bool WroteOn(const Scene& scene, const std::vector<Scene>& all) {
  const std::uint64_t victim = scene.AddressOf(scene.blocks[scene.victim()].begin);
  return std::ranges::any_of(all, [&](const Scene& other) {
    return other.AddressOf(other.blocks[*other.Below(other.victim())].begin) == victim;
  });
}

}  // namespace

void AddCrossingIncidents(std::vector<Scene>& scenes, SceneSetter& setter,
                          const std::shared_ptr<const ImageContents>& contents) {
  const PoolCensus& census = setter.census();
  if (census.layout == nullptr) return;
  const std::vector<StandsOut> all = LookAtFronts(setter, *contents);
  std::vector<Scene> found;
  for (const StandsOut& block : all) {
    if (scenes.size() + found.size() >= kMaxIncidents) break;
    if (block.begins_like_another || IsKind(block, all)) continue;
    if (auto scene = SceneOf(block, setter, contents)) found.push_back(std::move(*scene));
  }
  std::ranges::copy_if(found, std::back_inserter(scenes), [&](const Scene& scene) { return !WroteOn(scene, found); });
}

}  // namespace poolblame
