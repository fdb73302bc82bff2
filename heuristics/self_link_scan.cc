#include "heuristics/self_link_scan.h"

#include <algorithm>
#include <utility>

#include "heuristics/incidents.h"
#include "parser/pool/free_links.h"
#include "parser/pool/page_walk.h"

namespace poolblame {
namespace {

/// The first pointer of each block of a tag: whose is its own address?
class SelfLinks {
 public:
  SelfLinks(const SceneSetter& setter, const FreeLinkChecker& checker)
      : census_(setter.census()), checker_(checker), header_size_(census_.layout->header_size) {}

  [[nodiscard]] bool Has(const std::uint8_t* page, VirtAddr address, std::uint32_t offset, std::uint32_t size) const {
    return checker_.LeadsToItself(page, (address + offset + header_size_).value, offset, size);
  }

  /// Enough other blocks of the tag are known, and this one alone leads to itself.
  [[nodiscard]] bool IsOdd(PoolTag tag) const {
    constexpr std::size_t kFewestSiblings = 4;
    const TagStatistics* blocks = census_.Tag(tag);
    if (blocks == nullptr) return false;
    std::size_t others = 0, leading = 0;
    for (const BlockSample& sample : blocks->samples) {
      if (sample.state != BlockState::kAllocated || sample.address.value == 0) continue;
      ++(Has(sample.header, sample.address, 0, sample.size) ? leading : others);
    }
    return others >= kFewestSiblings && leading <= 1;  // the block itself may be among the samples
  }

 private:
  const PoolCensus& census_;
  const FreeLinkChecker& checker_;
  std::uint32_t header_size_;
};

void AddIncident(std::vector<Scene>& scenes, SceneSetter& setter, VirtAddr header) {
  const auto page = setter.PoolPageAt(header);
  if (!page || page->has_findings()) return;
  Scene scene = setter.Set(*page);
  const auto block = scene.BlockAt(header);
  if (!block) return;
  const std::uint32_t link = scene.blocks[*block].payload();
  scene.spots = {{SpotKind::kLink, *block, link, link + scene.pointer_size(), scene.pointer_size(), 0}};
  scenes.push_back(std::move(scene));
}

}  // namespace

void AddSelfLinkIncidents(std::vector<Scene>& scenes, SceneSetter& setter) {
  constexpr std::uint32_t kLargestListed = 32;  // units; lookaside lists of every classic version end there
  const PoolCensus& census = setter.census();
  if (census.layout == nullptr) return;
  const HeaderReader reader(*census.layout);
  const FreeLinkChecker checker(setter.space(), *census.layout);
  const SelfLinks links(setter, checker);
  for (const PoolPageRef& page : census.healthy_pages) {
    if (!page.address) continue;
    ForEachBlock(page.bytes, reader, [&](std::uint32_t place, const QuickHeader& header) {
      const std::uint32_t offset = place * reader.unit(), size = header.size * reader.unit();
      if (header.state != BlockState::kAllocated || header.size > kLargestListed || scenes.size() >= kMaxIncidents)
        return;
      if (links.Has(page.bytes, *page.address, offset, size) && links.IsOdd(PoolTag{header.tag}))
        AddIncident(scenes, setter, *page.address + offset);
    });
  }
}

}  // namespace poolblame
