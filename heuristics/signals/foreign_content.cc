// B9, F5: damage that is long and fits between two 512-byte boundaries was moved there by a device or by a copy of
// somebody else's buffer, not by the block below. Both ends count: a sector that begins before the damage would have
// gone over the header of the block below, too.
// Looks the same: a long overrun of a block that holds the boundary before it, which ends by chance before another.
#include <string>

#include "heuristics/signals/signals.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kSector = 512;
constexpr std::uint32_t kLong = 256;  // bytes between the first and the last wrong byte

/// Where the next sound header stands behind the damage: the write ended before it.
std::uint32_t FirstSoundHeaderBehind(const Scene& scene) {
  for (const SceneBlock& block : scene.blocks)
    if (block.begin >= scene.damage_end() && block.block != nullptr && !block.block->header_damaged())
      return block.begin;
  return static_cast<std::uint32_t>(scene.bytes.size());
}

/// Where the last sound header before the damage ends: the write began behind it.
std::uint32_t EndOfSoundHeaderBefore(const Scene& scene) {
  std::uint32_t end = 0;
  for (const SceneBlock& block : scene.blocks)
    if (block.end <= scene.damage_begin() && block.block != nullptr && !block.block->header_damaged())
      end = block.begin + block.tag_end();
  return end;
}

}  // namespace

void VoteForeignContent(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (h.kind != FaultKind::kPageStomp || scene.damage_end() - scene.damage_begin() < kLong) return;
  const std::uint64_t last = scene.AddressOf(scene.damage_end());
  const std::uint64_t boundary = (last + kSector - 1) / kSector * kSector;
  if (boundary > scene.AddressOf(FirstSoundHeaderBehind(scene))) return;
  if (scene.AddressOf(scene.damage_begin()) / kSector * kSector < scene.AddressOf(EndOfSoundHeaderBefore(scene)))
    return;
  votes.push_back({Weight::kForeignAlignment, 1, scene.AddressOf(scene.damage_begin()),
                   "a run of " + std::to_string(scene.damage_end() - scene.damage_begin()) +
                       " bytes that fits between two 512-byte boundaries"});
}

}  // namespace poolblame
