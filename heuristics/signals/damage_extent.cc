// A1, A2, A3, A4, A6, A7: where the damage starts and stops. A linear overrun must damage a header from its first byte
// on, an underrun up to its last; every header byte in between that is still right was right by chance.
// Looks the same: a wild write that happens to start at a header; a bit flip in the header's first byte.
#include <algorithm>
#include <array>
#include <string>

#include "heuristics/signals/signals.h"

namespace poolblame {
namespace {

// Bytes 0..7 of a header are sizes, index, type and tag: known. What follows on x64 is often old and proves nothing.
constexpr std::uint32_t kKnownHeaderBytes = 8;
// Nats for a byte that a write left as it was: zeros are written often, any other value rarely fits.
constexpr double kZeroFits = 0.7, kValueFits = 3.5;
// Up to here the intact bytes are no surprise / a small one.
constexpr double kNoSurprise = 1.5, kSmallSurprise = 4.5, kMostSurprise = 14;

/// Header bytes that nobody found wrong and that are not proven right either: text over a tag reads as a tag, so one
/// that no healthy block of this image carries may be the damage's own bytes.
std::uint32_t UnprovenBytes(const Scene& scene, const PoolBlock& block) {
  constexpr std::uint32_t kTagBytes = 0xF0;
  const TagStatistics* tag = scene.census->Tag(PoolTag{block.read.PoolTag}.name());
  const bool seen = tag != nullptr && tag->allocated + tag->free > 0;
  return block.header_damaged() && !seen ? kTagBytes : 0;
}

/// How surprising the intact header bytes in scene offsets [begin, end) are if a write covered all of them, in nats.
double SurpriseOfIntactBytes(const Scene& scene, std::uint32_t begin, std::uint32_t end) {
  double surprise = 0;
  for (const SceneBlock& block : scene.blocks) {
    if (block.block == nullptr || block.end <= begin || block.begin >= end) continue;
    std::array<std::uint8_t, 16> header{};
    scene.layout().Encode(block.block->read, header.data());
    const std::uint32_t open =
        block.block->damaged_bytes | block.block->doubtful_bytes | UnprovenBytes(scene, *block.block);
    for (std::uint32_t i = 0; i < kKnownHeaderBytes; ++i) {
      const std::uint32_t at = block.begin + i;
      if (at < begin || at >= end || (open >> i & 1U) != 0) continue;
      surprise += header[i] == 0 ? kZeroFits : kValueFits;
    }
  }
  return surprise;
}

void VoteOverrun(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  const std::uint32_t bytes = h.write_end - h.write_begin;
  const std::uint64_t at = scene.AddressOf(h.write_begin);
  const double surprise = SurpriseOfIntactBytes(scene, h.write_begin, h.write_end);
  const std::string run = "the damage starts with the first byte behind this block and runs for " +
                          std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
  if (surprise <= kNoSurprise)
    votes.push_back({Weight::kDamagePrefix, 1, at, run});
  else if (surprise <= kSmallSurprise)
    votes.push_back({Weight::kDamagePrefixWeak, 1, at, run + ", but for bytes that kept their value"});
  else
    votes.push_back({Weight::kDamageNotPrefix, std::min(surprise, kMostSurprise) / kSmallSurprise, at,
                     "between this block's end and the damage, header bytes are intact"});
  if (surprise > kSmallSurprise) return;
  if (scene.AddressOf(scene.blocks[*h.block].end) % kPageSize == 0)
    votes.push_back(
        {Weight::kCrossPage, 1, at, "this block ends with its page and the next page's first header is damaged"});
  if (scene.spots.size() > 1)
    votes.push_back({Weight::kDamageRunLong, 1, at,
                     "one run of damage goes through " + std::to_string(scene.spots.size()) +
                         " headers and starts behind this block"});
}

void VoteUnderrun(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  const SceneBlock& block = scene.blocks[*h.block];
  const std::uint64_t at = scene.AddressOf(h.write_begin);
  const double surprise = SurpriseOfIntactBytes(scene, h.write_begin, block.payload());
  if (surprise > kNoSurprise) {
    votes.push_back({Weight::kDamageNotSuffix, std::min(surprise, kMostSurprise) / kSmallSurprise, at,
                     "header bytes between the damage and this block's data are intact"});
  } else if (h.write_begin > block.begin) {
    votes.push_back(
        {Weight::kDamageSuffix, 1, at, "only the end of this block's own header is damaged, up to its data"});
  }
}

/// Damage inside a header that touches neither its start nor its end was aimed at a field.
void VoteMiddle(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (scene.spots.size() != 1 || scene.spots.front().kind != SpotKind::kHeader) return;
  const SceneBlock& block = scene.blocks[scene.victim()];
  const double before = SurpriseOfIntactBytes(scene, block.begin, scene.damage_end());
  const double behind = SurpriseOfIntactBytes(scene, scene.damage_begin(), block.payload());
  if (before > kNoSurprise && behind > kNoSurprise)
    votes.push_back({Weight::kMiddleField, 1, scene.AddressOf(h.write_begin),
                     "only a field in the middle of the header is damaged"});
}

}  // namespace

void VoteDamageExtent(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (scene.spots.front().kind == SpotKind::kNamed) return;
  if (h.kind == FaultKind::kOverrun) VoteOverrun(scene, h, votes);
  if (h.kind == FaultKind::kUnderrun) VoteUnderrun(scene, h, votes);
  if (h.kind == FaultKind::kWildWrite || h.kind == FaultKind::kBitFlip) VoteMiddle(scene, h, votes);
}

}  // namespace poolblame
