#include "heuristics/front_scan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "heuristics/block_walk.h"
#include "parser/pool/segment_heap.h"

namespace poolblame {
namespace {

constexpr std::size_t kMostLookedAt = 2048;
/// Of the block's tag: fewer have words in common by chance.
constexpr std::uint32_t kFewestLikeIt = 6;

/// Zeros, fills and text are no tag's own.
bool MayBeAnybodys(Bytes word) {
  const WordClass found = ClassOf(word);
  return found == WordClass::kZero || found == WordClass::kFill || found == WordClass::kWideText;
}

double NatsToBeLike(const BrokenFront& front) {
  constexpr double kFewest = 3, kOfBroken = 0.4;
  return std::max(kFewest, kOfBroken * front.broken);
}

/// Its first words are what another tag's blocks begin with.
bool BeginsLikeAnother(const ImageContents& contents, const StandsOut& block, std::uint32_t word) {
  for (const auto& [other, usual] : contents.fronts) {
    if (other == block.tag) continue;
    double nats = 0;
    for (std::uint32_t i = 0; i < block.front.words; ++i) {
      const Bytes bytes = Bytes(block.words).subspan(i * word, word);
      if (!MayBeAnybodys(bytes)) nats += usual.NatsForetold({bytes, i, block.words_address + i * word});
    }
    if (nats >= NatsToBeLike(block.front)) return true;
  }
  return false;
}

/// Nats of the words among a block's first ones that stand at the same places of another block.
double NatsInCommon(Bytes words, Bytes other, std::uint32_t word) {
  const double agrees = std::log(2.0 / 3);  // one block says so
  double nats = 0;
  for (std::uint32_t at = 0; at < words.size() && at + word <= other.size(); at += word) {
    const Bytes bytes = words.subspan(at, word);
    if (!std::ranges::equal(bytes, other.subspan(at, word)) || MayBeAnybodys(bytes)) continue;
    nats += agrees + ForetoldNats(WordAt(bytes, word), ~std::uint64_t{0}, word);
  }
  return nats;
}

/// The same where the other tag has too few blocks for a usual front.
bool BeginsLikeARareOne(const PoolCensus& census, const ImageContents& contents, const StandsOut& block) {
  const std::uint32_t header = census.layout->header_size, word = census.layout->is_64bit ? 8 : 4;
  for (const auto& [other, statistics] : census.tags) {
    if (contents.fronts.contains(other)) continue;
    for (const BlockSample& sample : statistics.samples) {
      if (sample.state != BlockState::kAllocated || sample.size <= header) continue;
      const Bytes payload(sample.header + header, sample.size - header);
      if (NatsInCommon(block.words, payload, word) >= NatsToBeLike(block.front)) return true;
    }
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
  if (front) return StandsOut{.front = *front};
  return behind ? std::optional(StandsOut{.front = *behind, .from_first_word = false}) : std::nullopt;
}

/// It begins with links that lead to the block itself, as an entry does that was put onto its list twice, and nothing
/// else is otherwise: self_link_scan.h's. Or both lead to one place: it was the only entry of a list, and nobody has
/// filled it since.
bool IsOnlyEntrysLinks(const Example& block, const BrokenFront& front, std::uint32_t word) {
  constexpr std::uint32_t kLinks = 2;
  if (front.words > kLinks || block.payload.size() < kLinks * word) return false;
  const std::uint64_t first = WordAt(block.payload, word), second = WordAt(block.payload.subspan(word), word);
  if (first == block.address) return front.words < kLinks || LooksLikeKernelPointer(second, word);
  return first == second && LooksLikeKernelPointer(first, word);
}

/// Where a kernel leaves lists unmarked, many blocks are on one: a single one that looks so is on none. A link may also
/// be what is left of a list in a block that nobody has filled since; the end of one seldom is.
void DropLinks(std::vector<StandsOut>& found, std::uint64_t links, std::uint64_t blocks, bool lists_were_read) {
  constexpr std::uint64_t kFewestBlocks = 700;  // of as many, more than one would be on a list
  const bool unmarked = links > 1, few = blocks < kFewestBlocks;
  const auto is_unknown = [&](const StandsOut& block) {
    return few && !(lists_were_read && block.begins[0] == WordClass::kZero);
  };
  std::erase_if(found, [&](const StandsOut& block) {
    return (block.may_be_link && (unmarked || is_unknown(block))) || (block.may_be_free && unmarked);
  });
}

/// Old memory of another tag's block, or a copy.
void MarkThoseLikeAnother(std::vector<StandsOut>& found, const PoolCensus& census, const ImageContents& contents) {
  const std::uint32_t word = census.layout->is_64bit ? 8 : 4;
  for (StandsOut& block : found)
    block.begins_like_another = BeginsLikeAnother(contents, block, word) || BeginsLikeARareOne(census, contents, block);
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
  if (!found || IsOnlyEntrysLinks(example, found->front, word)) return std::nullopt;
  found->header = block.begin;
  found->end = block.begin + block.chunk_header + layout.Decode(block.bytes.data()).BlockSize * layout.unit;
  found->tag = tag;
  found->is_like_entry = is_like_entry;
  found->may_be_free = block.may_be_listed && is_like_entry && !found->front.rest_is_as_usual();
  // Of a segment heap, too, blocks are on lists that no header tells of.
  if (is_like_entry && found->front.words == 1) found->may_be_link = true;
  constexpr std::uint32_t kBegins = 8;
  for (std::uint32_t i = 0; i < std::min(found->front.words, kBegins); ++i)
    found->begins.push_back(ClassOf(example.payload.subspan(i * word, word)));
  const Bytes words = example.payload.first(std::size_t{found->front.words} * word);
  found->words.assign(words.begin(), words.end());
  found->words_address = example.address;
  return found;
}

/// What stands out in a part of the image.
struct FrontsSeen {
  std::vector<StandsOut> all;
  std::uint64_t links = 0, blocks = 0;
};

void LookAt(const SceneSetter& setter, const ImageContents& contents, const WalkedBlock& block, FrontsSeen& seen) {
  const PoolHeaderLayout& layout = *setter.census().layout;
  ++seen.blocks;
  const auto found = LookAtBlock(setter.system(), layout, contents, block);
  if (!found) return;
  seen.links += found->may_be_link ? 1 : 0;
  if (contents.fronts.at(found->tag).examples() < kFewestLikeIt) return;
  // An entry's link says nothing of the words behind it, where those were overwritten and the rest was not.
  const bool behind_link = !found->may_be_link && found->is_like_entry && found->front.rest_is_as_usual();
  if (behind_link || !block.may_be_listed || !LeadsToOneOfItsSize(setter.space(), layout, block))
    seen.all.push_back(*found);
}

}  // namespace

std::vector<StandsOut> FindOddFronts(const SceneSetter& setter, const ImageContents& contents) {
  FrontsSeen seen;
  LookAtBlocksInUse<FrontsSeen>(
      setter.space(), setter.census(), setter.threads(),
      [&](const WalkedBlock& block, FrontsSeen& part) { LookAt(setter, contents, block, part); },
      [&](const FrontsSeen& part) {
        seen.blocks += part.blocks;
        seen.links += part.links;
        const std::size_t room = kMostLookedAt - seen.all.size();
        seen.all.insert(seen.all.end(), part.all.begin(),
                        part.all.begin() + static_cast<std::ptrdiff_t>(std::min(room, part.all.size())));
      });
  const SegmentHeap* heap = setter.census().segment_heap.get();
  DropLinks(seen.all, seen.links, seen.blocks, heap != nullptr && !heap->free_state().listed.empty());
  MarkThoseLikeAnother(seen.all, setter.census(), contents);
  return std::move(seen.all);
}

}  // namespace poolblame
