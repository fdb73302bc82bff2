// F1, F2: how many bits differ from what must have stood there. One bit: memory hardware. More than two: not hardware.
// Looks the same: PreviousSize 0 for 1, type 2 for 3, a decrement from an odd value, a NUL over a power of two.
#include <algorithm>
#include <bit>
#include <optional>
#include <string>

#include "heuristics/link_repair.h"
#include "heuristics/marked_header.h"
#include "heuristics/signals/signals.h"

namespace poolblame {
namespace {

bool TagIsKnown(const Scene& scene, const SceneBlock& block) {
  const PoolTag tag{block.block->expected.PoolTag};
  return tag.plausible() || scene.census->Tag(tag.name()) != nullptr;
}

/// For a tag that cannot be one: a tag of this image that is one bit away.
bool IsOneBitFromKnownTag(const Scene& scene, const SceneBlock& block) {
  const std::uint32_t read = block.block->read.PoolTag & ~PoolTag::kProtectedBit;
  for (std::uint32_t bit = 0; bit < 31; ++bit) {
    const TagStatistics* tag = scene.census->Tag({read ^ (1U << bit)});
    if (tag != nullptr && tag->allocated > 1) return true;
  }
  return false;
}

/// Bits that differ in the whole incident; 0 when not known.
std::uint32_t DifferingBits(const Scene& scene) {
  std::uint32_t bits = 0;
  for (const Spot& spot : scene.spots) {
    std::uint32_t own = spot.differing_bits;
    const SceneBlock& block = scene.blocks[spot.block];
    // A tag that no block of this image has is not known to be right: more than the counted bits may be wrong.
    // Before the POOL_HEADER, in a chunk's, there is no tag to ask for.
    const bool in_pool_header = spot.kind == SpotKind::kHeader && spot.end > block.begin + block.chunk_header;
    if (in_pool_header && block.block != nullptr && !TagIsKnown(scene, block)) own = 0;
    if (in_pool_header && own == 0 && spot.certain_bytes <= 4 && spot.begin >= block.begin + block.tag_end() - 4)
      own = IsOneBitFromKnownTag(scene, block) ? 1 : 0;
    if (spot.kind == SpotKind::kLink)
      if (const auto repair = RepairLink(scene, spot)) own = repair->differing_bits;
    if (own == 0) return 0;
    bits += own;
  }
  return bits;
}

/// Nothing that is wrong hangs on a tag that could not be recovered.
bool IsKnown(const PoolBlock& block, const PoolPage& page) {
  return block.tag_known || block.damaged_bytes >> page.chunk_header() == 0;
}

/// The one bit in which a header differs from what it must have been, as a column of a 64-bit memory word: bits of one
/// data line, whatever the address.
std::optional<std::uint32_t> FlippedColumn(const PoolBlock& block, const PoolPage& page) {
  if (!block.header_damaged() || !IsKnown(block, page) || block.doubtful_bytes != 0) return std::nullopt;
  const auto all_wrong = WrongBits(block, page);
  std::optional<std::uint32_t> column;
  for (std::uint32_t i = 0; i < page.header_size(); ++i) {
    const unsigned wrong = all_wrong[i];
    if (wrong == 0) continue;
    if (column || !std::has_single_bit(wrong)) return std::nullopt;
    column = (block.offset + i) % 8 * 8 + static_cast<std::uint32_t>(std::countr_zero(wrong));
  }
  return column;
}

/// How many headers of other pages lost a bit of the same column.
std::size_t FlipsInSameColumn(const Scene& scene) {
  const SceneBlock& victim = scene.blocks[scene.victim()];
  if (victim.block == nullptr) return 0;
  const auto own = FlippedColumn(*victim.block, scene.PageOf(victim));
  if (!own) return 0;
  const PoolPage& own_page = scene.PageOf(victim);
  std::size_t flips = 0;
  for (const PoolPage& page : scene.census->findings) {
    if (page.address == own_page.address && page.pfn == own_page.pfn) continue;
    for (const PoolBlock& block : page.blocks)
      if (FlippedColumn(block, page) == own) ++flips;
  }
  return flips;
}

/// The hypothesis already says why the byte is what it is; that its distance is one bit is then chance.
bool ExplainsContent(const Hypothesis& h) {
  return std::any_of(h.votes.begin(), h.votes.end(), [](const Vote& vote) {
    const WeightRow& row = WeightOf(vote.weight);
    return row.group == SignalGroup::kContent && row.log_odds * vote.strength > 0.5;
  });
}

/// How odd it is that a write changed the one bit, against writes of anything. Of freed memory's words a stale
/// pointer's owner sets and clears flags, one bit at a time: mostly in the lowest byte, seldom above the second. One
/// NUL behind a block is what a string that fills it leaves there, whatever it replaces.
double OddnessOfBit(const Scene& scene, const Hypothesis& h) {
  constexpr int kByte = 8;
  constexpr double kSecondByte = 0.4;
  // A NUL over a power of two is one bit away, too, and sizes are often powers of two.
  const bool nul = scene.bytes[scene.damage_begin()] == 0;
  if (nul && h.kind == FaultKind::kOverrun && h.write_end - h.write_begin == 1) return 0;
  const double otherwise = nul ? 0.3 : 1.0;
  if (h.kind != FaultKind::kUseAfterFree || scene.spots.size() != 1) return otherwise;
  const auto repair = RepairLink(scene, scene.spots.front());
  if (!repair) return otherwise;
  const int bit = std::countr_zero(static_cast<std::uint64_t>(repair->difference));
  const bool may_be_data = repair->value == 0 && bit < 2 * kByte;  // small numbers with one bit are common
  return bit < kByte || may_be_data ? 0 : bit < 2 * kByte ? std::min(otherwise, kSecondByte) : otherwise;
}

}  // namespace

void VoteBitDistance(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (h.kind != FaultKind::kBitFlip) {
    if (ExplainsContent(h) || DifferingBits(scene) != 1) return;
    const double oddness = OddnessOfBit(scene, h);
    if (oddness == 0) return;
    votes.push_back({Weight::kSingleBitUnexplained, oddness, scene.AddressOf(scene.damage_begin()),
                     "a single bit differs, which a write of anything would seldom do"});
    return;
  }
  const std::uint64_t at = scene.AddressOf(scene.damage_begin());
  const std::uint32_t bits = DifferingBits(scene);
  if (bits == 1) {
    votes.push_back({Weight::kSingleBit, 1, at, "exactly one bit differs from what must have stood here"});
    if (const std::size_t flips = FlipsInSameColumn(scene); flips > 0)
      votes.push_back({Weight::kSameBitColumn, 1, at,
                       "the same bit of a memory word is flipped in " + std::to_string(flips) +
                           (flips == 1 ? " other header" : " other headers") + " of this image"});
  } else {
    const std::string how_many = bits == 0 ? "more than one bit differs" : std::to_string(bits) + " bits differ";
    votes.push_back({Weight::kManyBits, bits == 2 ? 0.4 : 1.0, at, how_many + " from what must have stood here"});
  }
}

}  // namespace poolblame
