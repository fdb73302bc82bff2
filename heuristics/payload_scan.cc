#include "heuristics/payload_scan.h"

#include <algorithm>
#include <map>
#include <utility>

#include "heuristics/page_parts.h"
#include "parser/pool/page_walk.h"

namespace poolblame {
namespace {

struct Outlier {
  const PoolPageRef* page = nullptr;
  std::uint32_t offset = 0;  // of the block in the page
  PayloadRange range;
};

/// Fewer siblings are no rule to hold a healthy block to.
constexpr std::size_t kSiblingsForAnAlarm = 12;

bool SamePlace(const Outlier& a, const Outlier& b) {
  return a.range.begin == b.range.begin && a.range.end == b.range.end;
}

/// What one group of siblings showed. Many outliers are variety, not damage, and so are two that differ in the same
/// place: damage does not hit the same field twice.
struct GroupCount {
  std::uint64_t blocks = 0;
  std::vector<Outlier> outliers;
  static constexpr std::size_t kMostOutliers = 2;
  static constexpr std::uint64_t kBlocksPerOutlier = 16;
  [[nodiscard]] bool is_variety() const {
    const bool same_place = outliers.size() > 1 && SamePlace(outliers[0], outliers[1]);
    return outliers.size() > kMostOutliers || blocks < kBlocksPerOutlier * outliers.size() || same_place;
  }
};

/// Every dword of `bytes` stands somewhere in `left`.
bool HoldsEveryDword(Bytes left, Bytes bytes) {
  for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    bool found = false;
    for (std::size_t j = 0; j + 4 <= left.size() && !found; j += 4)
      found = WordAt(left.subspan(j), 4) == WordAt(bytes.subspan(i), 4);
    if (!found) return false;
  }
  return true;
}

/// Every dword of the damage also stands in the block below, several of them distinctive: its owner's values, put down
/// in the wrong block. A block of the same tag holds such values by right.
bool BlockBelowHoldsTheBytes(const PoolPageRef& page, std::uint32_t below, const Outlier& outlier,
                             const PoolHeaderLayout& layout) {
  if (below >= outlier.offset) return false;
  const PoolHeaderFields left_header = layout.Decode(page.bytes + below);
  if (PoolTag{left_header.PoolTag}.name() == PoolTag{layout.Decode(page.bytes + outlier.offset).PoolTag}.name())
    return false;
  const Bytes left(page.bytes + below + layout.header_size, outlier.offset - below - layout.header_size);
  const std::uint32_t payload = outlier.offset + layout.header_size;
  const std::uint32_t begin = outlier.range.begin & ~3U, end = (outlier.range.end + 3) & ~3U;
  if (payload + end > kPageSize) return false;
  const Bytes damage(page.bytes + payload + begin, end - begin);
  // At the same place in both it was copied from one to the other, or both are alike by right.
  if (end <= left.size() && std::ranges::equal(left.subspan(begin, end - begin), damage)) return false;
  constexpr std::uint32_t kFewestShared = 3;  // neighbours that point at one object share a pointer by right
  return SharedDwords(left, damage) >= kFewestShared && HoldsEveryDword(left, damage);
}

/// A block that is otherwise from its first bytes on is of another kind, or not filled yet. Where a write jumped into
/// it, it still begins as its siblings do.
bool BeginsLikeItsSiblings(const SiblingTemplate& siblings, const PayloadRange& range) {
  constexpr std::size_t kFewest = 4;
  return siblings.TellingBytesBefore(range.begin) >= kFewest;
}

using Groups = std::map<std::pair<PoolTag, std::uint32_t>, GroupCount>;

void LookAtPage(const PoolPageRef& page, const HeaderReader& reader, const TemplateTable& templates, Groups& groups) {
  const std::uint32_t header_size = reader.layout().header_size;
  std::uint32_t next_below = 0;
  ForEachBlock(page.bytes, reader, [&](std::uint32_t place, const QuickHeader& header) {
    const std::uint32_t offset = place * reader.unit(), size = header.size * reader.unit();
    const std::uint32_t below = std::exchange(next_below, offset);
    const auto found = templates.find({PoolTag{header.tag}.name(), size});
    if (found == templates.end() || found->second.siblings() < kSiblingsForAnAlarm ||
        header.state != BlockState::kAllocated)
      return;
    GroupCount& group = groups[found->first];
    ++group.blocks;
    const auto range = found->second.Deviation(Bytes(page.bytes + offset + header_size, size - header_size));
    const Outlier outlier{&page, offset, range.value_or(PayloadRange{})};
    if (range && group.outliers.size() <= GroupCount::kMostOutliers && BeginsLikeItsSiblings(found->second, *range) &&
        BlockBelowHoldsTheBytes(page, below, outlier, reader.layout()))
      group.outliers.push_back(outlier);
  });
}

void Append(Groups& groups, const Groups& later) {
  for (const auto& [key, group] : later) {
    GroupCount& known = groups[key];
    known.blocks += group.blocks;
    for (const Outlier& outlier : group.outliers)
      if (known.outliers.size() <= GroupCount::kMostOutliers) known.outliers.push_back(outlier);
  }
}

std::optional<Scene> SceneOf(const Outlier& outlier, SceneSetter& setter) {
  if (!outlier.page->address) return std::nullopt;
  const auto page = setter.PoolPageAt(*outlier.page->address);
  if (!page || page->headers_damaged()) return std::nullopt;
  Scene scene = setter.Set(*page);
  const std::uint64_t block_address = outlier.page->address->value + outlier.offset;
  for (std::size_t i = 0; i < scene.blocks.size(); ++i) {
    const SceneBlock& block = scene.blocks[i];
    if (scene.AddressOf(block.begin) != block_address || block.block == nullptr) continue;
    scene.spots = {{SpotKind::kPayload, i, block.payload() + outlier.range.begin, block.payload() + outlier.range.end,
                    outlier.range.end - outlier.range.begin, 0}};
    return scene;
  }
  return std::nullopt;
}

}  // namespace

void AddPayloadIncidents(std::vector<Scene>& scenes, SceneSetter& setter, const TemplateTable& templates) {
  if (templates.empty()) return;
  const PoolCensus& census = setter.census();
  Groups groups;
  const HeaderReader reader(*census.layout);
  LookAtPages<Groups>(
      census, setter.threads(),
      [&](const PoolPageRef& page, Groups& part) { LookAtPage(page, reader, templates, part); },
      [&](const Groups& part) { Append(groups, part); });
  for (const auto& [key, group] : groups) {
    if (group.is_variety()) continue;
    for (const Outlier& outlier : group.outliers)
      if (auto scene = SceneOf(outlier, setter)) scenes.push_back(std::move(*scene));
  }
}

}  // namespace poolblame
