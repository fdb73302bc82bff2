// A1, A2, A3, A4, A6, A7: where the damage starts and stops. A linear overrun must damage a header from its first byte
// on, an underrun up to its last; every header byte in between that is still right was right by chance.
// Looks the same: a wild write that happens to start at a header; a bit flip in the header's first byte.
#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "heuristics/content.h"
#include "heuristics/foretold.h"
#include "heuristics/siblings.h"
#include "heuristics/signals/signals.h"
#include "heuristics/written_run.h"
#include "parser/base/ascii.h"

namespace poolblame {
namespace {

// Bytes 0..7 of a POOL_HEADER are sizes, index, type and tag: known. What follows on x64 is often old and proves
// nothing, unless that is where the damage was found.
constexpr std::uint32_t kKnownHeaderBytes = 8;
bool OnlyBilledIsDamaged(const SceneBlock& block) {
  const std::uint32_t damaged = block.block->damaged_bytes;
  return damaged != 0 && (damaged & ((1U << block.tag_end()) - 1)) == 0;
}
std::uint32_t KnownBytes(const SceneBlock& block) {
  return OnlyBilledIsDamaged(block) ? block.header_size : block.tag_end();
}
constexpr std::uint32_t kIndexByte = 1, kTypeByte = 3, kTagByte = 4, kTagBytes = 4;
constexpr std::uint32_t kEncodedBytes = 8;  // of a VS chunk header; the segment heap does not keep PoolIndex
// Nats for a byte that a write left as it was: zeros are written often, any other value rarely fits.
constexpr double kZeroFits = 0.7, kValueFits = 3.5;
// A byte that the writer's content foretells, or whose right value nothing vouches for, is no surprise.
constexpr double kForetold = 0.05, kUnvouched = 0.1;
// Up to here the intact bytes are no surprise / a small one.
constexpr double kNoSurprise = 1.5, kSmallSurprise = 2.5, kMostSurprise = 14;

/// Longer writes of many blocks are copies of whole buffers oftener than overruns or underruns.
constexpr std::uint32_t kLongRun = 256;

/// True when another sound header of the page has the same PoolType: a merely legal type vouches for nothing.
bool TypeIsOnPage(const Scene& scene, const SceneBlock& block) {
  return std::any_of(scene.blocks.begin(), scene.blocks.end(), [&](const SceneBlock& other) {
    return other.block != nullptr && other.page == block.page && &other != &block && !other.block->header_damaged() &&
           other.block->read.PoolType == block.block->read.PoolType;
  });
}

/// True when healthy blocks of this image carry the tag: a merely printable tag may be text.
bool TagIsInImage(const Scene& scene, const SceneBlock& block) {
  return scene.census->Tag(PoolTag{block.block->read.PoolTag}.name()) != nullptr;
}

/// The one value that all damaged bytes of a header have, when there are several: a fill, which explains its equals.
std::optional<std::uint8_t> UniformValue(const Scene& scene, const SceneBlock& block) {
  std::optional<std::uint8_t> value;
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < KnownBytes(block) && block.begin + i < scene.bytes.size(); ++i) {
    if ((block.block->damaged_bytes >> i & 1U) == 0) continue;
    if (value && *value != scene.bytes[block.begin + i]) return std::nullopt;
    value = scene.bytes[block.begin + i];
    ++count;
  }
  return count > 1 ? value : std::nullopt;
}

/// Byte `i` of the header is known to be right where nothing marks it as wrong.
bool IsVouched(const SceneBlock& block, std::uint32_t i, bool type_vouched, bool tag_vouched) {
  if (i < block.chunk_header) return i < kEncodedBytes;
  const std::uint32_t of_pool_header = i - block.chunk_header;
  if (of_pool_header < kTypeByte) return block.chunk_header == 0 || of_pool_header != kIndexByte;
  return of_pool_header >= kKnownHeaderBytes || (of_pool_header < kTagByte ? type_vouched : tag_vouched);
}

/// True when a write that went on with known content would have put at offset `at` what stands there.
using IsForetold = std::function<bool(std::uint32_t at)>;

/// How surprising the intact bytes of one header in scene offsets [begin, end) are if a write covered them, in nats.
double SurpriseOfHeader(const Scene& scene, const SceneBlock& block, std::uint32_t begin, std::uint32_t end,
                        const IsForetold& is_foretold) {
  const std::uint32_t unknown = block.block->damaged_bytes | block.block->doubtful_bytes;
  const bool damaged = block.block->header_damaged();
  const bool type_vouched = !damaged || TypeIsOnPage(scene, block);
  const bool tag_vouched = !damaged || TagIsInImage(scene, block);
  const auto uniform = UniformValue(scene, block);
  double surprise = 0;
  for (std::uint32_t i = 0; i < KnownBytes(block); ++i) {
    const std::uint32_t at = block.begin + i;
    if (at < begin || at >= end || at >= scene.bytes.size() || (unknown >> i & 1U) != 0) continue;
    const bool vouched = IsVouched(block, i, type_vouched, tag_vouched);
    if (is_foretold(at) || uniform == scene.bytes[at])
      surprise += kForetold;
    else
      surprise += !vouched ? kUnvouched : scene.bytes[at] == 0 ? kZeroFits : kValueFits;
  }
  return surprise;
}

/// The same of one word of a structure of the heap. Beside a byte that is wrong, what is right was written by chance:
/// the upper bytes of pointers and zeros often are. A word of which all is right has most likely not been written.
double SurpriseOfWord(const Scene& scene, const SceneBlock& block, std::uint32_t from, std::uint32_t to,
                      const IsForetold& is_foretold) {
  constexpr double kZeroBesideWrong = 0.05, kValueBesideWrong = 0.3;
  const bool written = block.structure->IsWrong(from & ~7U, (from & ~7U) + 8);
  double zeros = 0, values = 0;
  for (std::uint32_t i = from; i < to; ++i) {
    const std::uint32_t at = block.begin + i;
    if (block.structure->At(i) != ByteVerdict::kRight || is_foretold(at)) continue;
    (scene.bytes[at] == 0 ? zeros : values) += 1;
  }
  if (written) return zeros * kZeroBesideWrong + values * kValueBesideWrong;
  return (zeros > 0 ? kZeroFits : 0) + values * kValueFits;
}

double SurpriseOfStructure(const Scene& scene, const SceneBlock& block, std::uint32_t begin, std::uint32_t end,
                           const IsForetold& is_foretold) {
  const auto limit = static_cast<std::uint32_t>(std::min<std::size_t>(end, scene.bytes.size()));
  const std::uint32_t last = limit <= block.begin ? 0 : std::min(limit - block.begin, block.structure->size());
  double surprise = 0;
  for (std::uint32_t i = begin > block.begin ? begin - block.begin : 0; i < last;) {
    const std::uint32_t next = std::min(last, (i & ~7U) + 8);
    surprise += SurpriseOfWord(scene, block, i, next, is_foretold);
    i = next;
  }
  return surprise;
}

double SurpriseOfIntactBytes(const Scene& scene, std::uint32_t begin, std::uint32_t end,
                             const IsForetold& is_foretold) {
  double surprise = 0;
  for (const SceneBlock& block : scene.blocks) {
    if (block.end <= begin || block.begin >= end) continue;
    if (block.block != nullptr) surprise += SurpriseOfHeader(scene, block, begin, end, is_foretold);
    if (block.structure != nullptr) surprise += SurpriseOfStructure(scene, block, begin, end, is_foretold);
  }
  return surprise;
}

bool Nothing(std::uint32_t) { return false; }

/// The pattern or records of the end of `block`, carried on over its boundary to the bytes [begin, end); text foretells
/// nothing byte by byte.
IsForetold Forwards(const Scene& scene, std::size_t block, std::uint32_t begin, std::uint32_t end) {
  const Bytes left = PayloadOf(scene, block);
  const Continuation c = FindContinuation(left, Bytes(scene.bytes).subspan(begin, std::min(end - begin, kMaxLag)));
  if (c.score <= 0) return Nothing;
  return [&scene, foretold = Foretold(left, c.lag), begin](std::uint32_t at) {
    return foretold[at - begin] == scene.bytes[at];
  };
}

/// The same mirrored, of the begin of the data of `block`.
IsForetold Backwards(const Scene& scene, std::size_t block, std::uint32_t begin, std::uint32_t end) {
  const Bytes payload = PayloadOf(scene, block);
  const Bytes below = Bytes(scene.bytes).subspan(begin, std::min(end - begin, kMaxLag));
  const Continuation c = FindBackwardContinuation(below, payload);
  if (c.score <= 0) return Nothing;
  const auto mirrored = std::make_shared<const std::vector<std::uint8_t>>(payload.rbegin(), payload.rend());
  return [&scene, mirrored, foretold = Foretold(*mirrored, c.lag, true), end](std::uint32_t at) {
    return foretold[end - 1 - at] == scene.bytes[at];
  };
}

/// What the suspect writes, and where the write runs through the whole header, what it left on the other side of it.
IsForetold ForetoldTo(const Scene& scene, const Hypothesis& h) {
  const std::size_t last = scene.spots.back().block;
  const std::uint32_t data = scene.blocks[last].payload();
  const auto left = scene.Below(scene.victim());
  const bool both = scene.run_fit != nullptr && left;
  IsForetold forwards = Nothing, backwards = Nothing;
  if (h.kind == FaultKind::kOverrun && h.block)
    forwards = Forwards(scene, *h.block, h.write_begin, h.write_end);
  else if (both)
    forwards = Forwards(scene, *left, scene.blocks[*left].end, data);
  if (h.kind == FaultKind::kUnderrun)
    backwards = Backwards(scene, *h.block, h.write_begin, h.write_end);
  else if (both && h.block == left && scene.run_fit->overrun.end > data)
    backwards = Backwards(scene, last, h.write_begin, data);
  return [forwards, backwards](std::uint32_t at) { return forwards(at) || backwards(at); };
}

void VoteLongRun(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  const auto headers = std::count_if(scene.spots.begin(), scene.spots.end(),
                                     [](const Spot& spot) { return spot.kind == SpotKind::kHeader; });
  if (headers > 1 && h.write_end - h.write_begin < kLongRun)
    votes.push_back({Weight::kDamageRunLong, 1, scene.AddressOf(h.write_begin),
                     "one run of damage goes through " + std::to_string(headers) + " headers"});
}

void VoteOverrun(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (scene.crossing != nullptr) return;  // that a header was put back is in the prior
  const std::uint32_t bytes = h.write_end - h.write_begin;
  const std::uint64_t at = scene.AddressOf(h.write_begin);
  const double surprise = SurpriseOfIntactBytes(scene, h.write_begin, h.write_end, ForetoldTo(scene, h));
  const std::string run = "the damage starts with the first byte behind this block and runs for " + CountOfBytes(bytes);
  if (surprise <= kNoSurprise)
    votes.push_back({Weight::kDamagePrefix, 1, at, run});
  else if (surprise <= kSmallSurprise)
    votes.push_back({Weight::kDamagePrefixWeak, 1, at, run + ", but for bytes that kept their value"});
  else
    votes.push_back({Weight::kDamageNotPrefix, std::min(surprise, kMostSurprise), at,
                     "between this block's end and the damage, header bytes are intact"});
  if (surprise > kSmallSurprise) return;
  if (h.block && scene.AddressOf(scene.blocks[*h.block].end) % kPageSize == 0)
    votes.push_back(
        {Weight::kCrossPage, 1, at, "this block ends with its page and the next page's first header is damaged"});
  VoteLongRun(scene, h, votes);
}

void VoteUnderrun(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  const SceneBlock& block = scene.blocks[*h.block];
  const std::uint64_t at = scene.AddressOf(h.write_begin);
  const double surprise = SurpriseOfIntactBytes(scene, h.write_begin, block.payload(), ForetoldTo(scene, h));
  if (surprise > kNoSurprise) {
    votes.push_back({Weight::kDamageNotSuffix, std::min(surprise, kMostSurprise), at,
                     "header bytes between the damage and this block's data are intact"});
    return;
  }
  if (OnlyBilledIsDamaged(block))
    votes.push_back({Weight::kDamageHeaderEnd, 1, at,
                     "ProcessBilled, the end of this block's own header, is not what this system puts there"});
  else if (h.write_begin > block.begin)
    votes.push_back(
        {Weight::kDamageHeaderEnd, 1, at, "only the end of this block's own header is damaged, up to its data"});
  else
    votes.push_back({Weight::kDamageSuffix, 1, at, "this block's whole header is overwritten, up to its data"});
  VoteLongRun(scene, h, votes);
}

/// Damage inside a header that touches neither its start nor its end was aimed at a field.
void VoteMiddle(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  const SpotKind kind = scene.spots.front().kind;
  if (scene.spots.size() != 1 || (kind != SpotKind::kHeader && kind != SpotKind::kStructure)) return;
  const SceneBlock& block = scene.blocks[scene.victim()];
  const double before = SurpriseOfIntactBytes(scene, block.begin, scene.damage_end(), Nothing);
  const double behind = SurpriseOfIntactBytes(scene, scene.damage_begin(), block.payload(), Nothing);
  if (before > kNoSurprise && behind > kNoSurprise)
    votes.push_back({Weight::kMiddleField, 1, scene.AddressOf(h.write_begin),
                     "only a field in the middle of the header is damaged"});
}

/// The damage as the nearest store that a stray pointer is written through: 1, 2, 4 or 8 bytes where they belong, or
/// words of 4. What it covered and is still right was written by chance.
void VoteStore(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (scene.spots.size() != 1 || scene.spots.front().kind != SpotKind::kHeader) return;
  const std::uint32_t begin = scene.damage_begin(), end = scene.damage_end();
  double least = kMostSurprise;
  const auto consider = [&](std::uint32_t from, std::uint32_t to) {
    least = std::min(least, SurpriseOfIntactBytes(scene, from, to, Nothing));
  };
  constexpr std::uint32_t kWord = 4;
  for (const std::uint32_t size : {1U, 2U, 4U, 8U})
    if (const std::uint32_t from = begin / size * size; end <= from + size) consider(from, from + size);
  consider(begin / kWord * kWord, (end + kWord - 1) / kWord * kWord);
  if (least > kNoSurprise)
    votes.push_back({Weight::kNotOneStore, least, scene.AddressOf(h.write_begin),
                     "no store of whole words leaves just these bytes wrong"});
}

/// The tag is wrong, all of it, and nothing else is: what one store of four bytes leaves.
void VoteTagStore(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (scene.spots.size() != 1 || scene.spots.front().kind != SpotKind::kHeader) return;
  const SceneBlock& block = scene.blocks[scene.victim()];
  const std::uint32_t known = (1U << block.tag_end()) - 1, tag = known & ~(known >> kTagBytes);
  const std::uint32_t wrong = (block.block->damaged_bytes | block.block->doubtful_bytes) & known;
  if (wrong == tag && (block.block->damaged_bytes & known) != 0)
    votes.push_back({Weight::kTagStore, 1, scene.AddressOf(h.write_begin),
                     "the tag is wrong and the header in front of it is not, as one store of four bytes leaves it"});
}

}  // namespace

void VoteDamageExtent(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (!scene.shows_damage()) return;
  if (h.kind == FaultKind::kOverrun) VoteOverrun(scene, h, votes);
  if (h.kind == FaultKind::kUnderrun) VoteUnderrun(scene, h, votes);
  if (h.kind == FaultKind::kWildWrite || h.kind == FaultKind::kBitFlip) VoteMiddle(scene, h, votes);
  if (h.kind != FaultKind::kWildWrite) return;
  VoteStore(scene, h, votes);
  VoteTagStore(scene, h, votes);
}

}  // namespace poolblame
