#include "cli/page_scene.h"

#include <algorithm>

namespace poolblame::cli {
namespace {

std::uint64_t BaseOf(const PoolPage& page) {
  if (page.address) return page.address->value;
  return page.pfn ? ToPhysAddr(*page.pfn).value : 0;
}

bool OnPage(const PoolPage& page, const BlockReference& block) {
  return block.physical != page.address.has_value() && block.header - BaseOf(page) < kPageSize;
}

/// Index of the block whose header is at the reference's address.
std::optional<std::size_t> FindBlock(const PoolPage& page, const std::optional<BlockReference>& block) {
  if (!block || !OnPage(page, *block)) return std::nullopt;
  const std::uint64_t offset = block->header - BaseOf(page);
  for (std::size_t i = 0; i < page.blocks.size(); ++i)
    if (page.blocks[i].offset == offset) return i;
  return std::nullopt;
}

/// The first suspect where it is a block: a wild write has no culprit to draw, however probable the second suspect is.
const Suspect* BlockToBlame(const Incident& incident) {
  if (incident.suspects.empty() || !incident.suspects.front().block) return nullptr;
  return &incident.suspects.front();
}

void Mark(std::bitset<kPageSize>& bytes, std::uint64_t first, std::uint64_t end) {
  for (std::uint64_t i = first; i < std::min<std::uint64_t>(end, kPageSize); ++i) bytes.set(i);
}

/// The part of the incident's damage that lies on the page. A range without a wrong byte (a double free) is a place,
/// not damage.
void MarkDamage(PageScene& scene, const Damage& damage) {
  const std::uint64_t base = scene.base();
  if (damage.certain_bytes == 0 || damage.end <= damage.start || damage.end <= base) return;
  Mark(scene.damaged, damage.start > base ? damage.start - base : 0, damage.end - base);
}

void MarkHeaders(PageScene& scene) {
  for (const PoolBlock& block : scene.page->blocks) {
    for (std::uint32_t i = 0; i < 16 && block.offset + i < kPageSize; ++i) {
      if (block.damaged_bytes >> i & 1) scene.damaged.set(block.offset + i);
      if (block.doubtful_bytes >> i & 1) scene.doubtful.set(block.offset + i);
    }
  }
  for (const FreeLinkFinding& link : scene.page->free_links)
    Mark(scene.damaged, link.offset, std::uint64_t{link.offset} + link.length);
}

CulpritRole RoleOf(const Incident& incident) {
  if (incident.kind == FaultKind::kBitFlip) return CulpritRole::kCandidate;
  switch (incident.confidence) {
    case Confidence::kStrong:
      return CulpritRole::kCulprit;
    case Confidence::kSuspect:
      return CulpritRole::kSuspect;
    case Confidence::kInsufficient:
      return CulpritRole::kCandidate;
  }
  return CulpritRole::kCandidate;
}

void Cast(PageScene& scene, const Incident& incident) {
  if (!scene.victim) scene.victim = FindBlock(*scene.page, incident.victim);
  const Suspect* suspect = BlockToBlame(incident);
  if (suspect == nullptr || scene.culprit || scene.culprit_elsewhere) return;
  scene.culprit_role = RoleOf(incident);
  if (OnPage(*scene.page, *suspect->block))
    scene.culprit = FindBlock(*scene.page, suspect->block);
  else
    scene.culprit_elsewhere = suspect->block;
}

}  // namespace

std::uint64_t PageScene::base() const { return BaseOf(*page); }

char PageScene::Letter(std::size_t block) const {
  if (block == culprit) return 'C';
  if (block == victim) return 'V';
  const BlockState state = page->blocks[block].state;
  if (state == BlockState::kFree || state == BlockState::kLookaside) return '.';
  return static_cast<char>('a' + block % 26);
}

Style PageScene::BlockStyle(std::size_t block) const {
  if (block == culprit) return Style::kCulprit;
  if (block == victim) return Style::kVictim;
  return Letter(block) == '.' ? Style::kDim : Style::kPlain;
}

PageScene MakePageScene(const PoolPage& page, const std::vector<const Incident*>& incidents) {
  PageScene scene;
  scene.page = &page;
  MarkHeaders(scene);
  for (const Incident* incident : incidents) {
    MarkDamage(scene, incident->damage);
    Cast(scene, *incident);
  }
  return scene;
}

bool TouchesPage(const Incident& incident, const PoolPage& page) {
  const bool same_form = incident.page.has_value() == page.address.has_value();
  const std::uint64_t base = BaseOf(page);
  if (same_form && incident.damage.start < base + kPageSize && incident.damage.end > base) return true;
  if (incident.victim && OnPage(page, *incident.victim)) return true;
  const Suspect* suspect = BlockToBlame(incident);
  return suspect != nullptr && OnPage(page, *suspect->block);
}

}  // namespace poolblame::cli
