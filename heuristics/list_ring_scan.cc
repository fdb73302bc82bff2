#include "heuristics/list_ring_scan.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "heuristics/content.h"
#include "heuristics/incidents.h"
#include "heuristics/named_block.h"
#include "heuristics/page_parts.h"
#include "parser/pool/page_walk.h"

namespace poolblame {
namespace {

/// A block on a lookaside or deferred list: addresses of its link and of what it leads to.
struct Entry {
  std::uint64_t at = 0, next = 0;
};

constexpr std::size_t kMostEntries = 1U << 20;  // 16 MiB; a list is rarely longer than 256, and sizes are few

void CollectPage(const PoolPageRef& page, const HeaderReader& reader, std::vector<Entry>& entries) {
  if (!page.address) return;
  const std::uint32_t pointer = reader.layout().is_64bit ? 8 : 4, header_size = reader.layout().header_size;
  ForEachBlock(page.bytes, reader, [&](std::uint32_t place, const QuickHeader& header) {
    if (header.state != BlockState::kLookaside || header.size * reader.unit() < header_size + pointer) return;
    const std::uint32_t link = place * reader.unit() + header_size;
    entries.push_back({(*page.address + link).value, WordAt(Bytes(page.bytes + link, pointer), pointer)});
  });
}

std::vector<Entry> CollectEntries(const PoolCensus& census, unsigned threads) {
  const HeaderReader reader(*census.layout);
  std::vector<Entry> entries;
  LookAtPages<std::vector<Entry>>(
      census, threads, [&](const PoolPageRef& page, std::vector<Entry>& part) { CollectPage(page, reader, part); },
      [&](const std::vector<Entry>& part) {
        const std::size_t room = kMostEntries - entries.size();
        entries.insert(entries.end(), part.begin(),
                       part.begin() + static_cast<std::ptrdiff_t>(std::min(room, part.size())));
      });
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.at < b.at; });
  return entries;
}

std::optional<std::size_t> IndexOf(const std::vector<Entry>& entries, std::uint64_t at) {
  const auto found =
      std::lower_bound(entries.begin(), entries.end(), at, [](const Entry& e, std::uint64_t a) { return e.at < a; });
  if (found == entries.end() || found->at != at) return std::nullopt;
  return static_cast<std::size_t>(found - entries.begin());
}

/// Addresses of the links of each ring, ascending. Every entry is stepped on at most twice.
std::vector<std::vector<std::uint64_t>> RingsOf(const std::vector<Entry>& entries) {
  std::vector<std::vector<std::uint64_t>> rings;
  std::vector<std::uint32_t> visit(entries.size(), 0);
  for (std::size_t start = 0; start < entries.size(); ++start) {
    const auto number = static_cast<std::uint32_t>(start + 1);
    std::optional<std::size_t> at = start;
    while (at && visit[*at] == 0) {
      visit[*at] = number;
      at = IndexOf(entries, entries[*at].next);
    }
    if (!at || visit[*at] != number || entries[*at].next == entries[*at].at) continue;
    std::vector<std::uint64_t>& ring = rings.emplace_back();
    const std::size_t first = *at;
    do {
      ring.push_back(entries[*at].at);
      at = IndexOf(entries, entries[*at].next);
    } while (at && *at != first);
    std::sort(ring.begin(), ring.end());
  }
  return rings;
}

/// The bug check speaks of this block: its header, or the address that its owner had.
bool IsNamed(const System& system, std::uint64_t link, std::uint32_t header_size) {
  if (!system.bugcheck) return false;
  return std::any_of(system.bugcheck->addresses.begin(), system.bugcheck->addresses.end(), [&](const auto& named) {
    return named.address.value == link || named.address.value == link - header_size;
  });
}

std::optional<Scene> SceneOfRing(const std::vector<std::uint64_t>& ring, SceneSetter& setter) {
  const std::uint32_t header_size = setter.census().layout->header_size;
  const auto named = std::find_if(ring.begin(), ring.end(),
                                  [&](std::uint64_t link) { return IsNamed(setter.system(), link, header_size); });
  const std::uint64_t link = named != ring.end() ? *named : ring.front();
  const auto page = setter.PoolPageAt(VirtAddr{link});
  if (!page || page->has_findings()) return std::nullopt;
  Scene scene = setter.Set(*page);
  const auto block = scene.BlockAt(VirtAddr{link - header_size});
  if (!block) return std::nullopt;
  const std::uint32_t at = scene.blocks[*block].payload();
  scene.spots = {{SpotKind::kLink, *block, at, at + scene.pointer_size(), scene.pointer_size(), 0}};
  scene.ring_blocks = static_cast<std::uint32_t>(ring.size());
  MarkCrash(scene);
  return scene;
}

}  // namespace

void AddListRingIncidents(std::vector<Scene>& scenes, SceneSetter& setter) {
  const PoolCensus& census = setter.census();
  if (census.layout == nullptr || census.segment_heap != nullptr) return;
  for (const auto& ring : RingsOf(CollectEntries(census, setter.threads()))) {
    if (scenes.size() >= kMaxIncidents) return;
    if (auto scene = SceneOfRing(ring, setter)) scenes.push_back(std::move(*scene));
  }
}

}  // namespace poolblame
