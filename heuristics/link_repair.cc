#include "heuristics/link_repair.h"

#include <array>
#include <bit>
#include <vector>

#include "heuristics/content.h"

namespace poolblame {
namespace {

/// True when the LIST_ENTRY at `candidate` has `entry` as its Flink or Blink (the one that mirrors the broken link).
bool PointsBack(const Scene& scene, std::uint64_t candidate, std::uint64_t entry, bool broken_is_flink) {
  const std::uint64_t mirror = broken_is_flink ? candidate + scene.pointer_size() : candidate;
  const auto value = scene.space->ReadPointer({mirror});
  return value && value->value == entry;
}

std::vector<std::uint64_t> Candidates(std::uint64_t read, std::uint32_t pointer_size) {
  std::vector<std::uint64_t> out;
  for (const std::uint64_t step : {1U, 2U, 4U, 8U}) {
    out.push_back(read + step);
    out.push_back(read - step);
  }
  for (std::uint32_t bit = 0; bit < pointer_size * 8; ++bit) out.push_back(read ^ (std::uint64_t{1} << bit));
  return out;
}

}  // namespace

std::optional<LinkRepair> RepairLink(const Scene& scene, const Spot& spot) {
  const std::uint32_t size = scene.pointer_size();
  if (scene.physical || spot.kind != SpotKind::kLink) return std::nullopt;
  if (spot.expected) {
    const std::uint64_t found = WordAt(Bytes(scene.bytes).subspan(spot.begin), size);
    return LinkRepair{*spot.expected, static_cast<std::uint32_t>(std::popcount(found ^ *spot.expected)),
                      static_cast<std::int64_t>(found - *spot.expected)};
  }
  const std::uint32_t entry = scene.blocks[spot.block].payload();
  // In front of the data lie the pointers of a tree node, which nothing names in return.
  if (spot.begin < entry || entry + 2 * size > scene.bytes.size()) return std::nullopt;
  const bool is_flink = spot.begin < entry + size;
  const std::uint64_t read = WordAt(Bytes(scene.bytes).subspan(is_flink ? entry : entry + size), size);
  const std::uint64_t mask = size == 4 ? 0xFFFFFFFF : ~std::uint64_t{0};
  for (const std::uint64_t candidate : Candidates(read, size)) {
    if (!PointsBack(scene, candidate & mask, scene.AddressOf(entry), is_flink)) continue;
    return LinkRepair{candidate & mask, static_cast<std::uint32_t>(std::popcount((candidate ^ read) & mask)),
                      static_cast<std::int64_t>(read - candidate)};
  }
  // A block that is alone on its list names the head twice; where the head is not in the image, they tell of each
  // other.
  const std::uint64_t twin = WordAt(Bytes(scene.bytes).subspan(is_flink ? entry + size : entry), size);
  if (std::has_single_bit(twin ^ read) && (twin ^ read) >= kPageSize && !scene.space->ReadPointer({twin}))
    return LinkRepair{twin, 1, static_cast<std::int64_t>(read - twin)};
  return std::nullopt;
}

}  // namespace poolblame
