// What a picture of a page shows: which block is culprit, which is victim, which bytes are damaged. Made once, then
// drawn by page_picture and hex_view.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <vector>

#include "cli/style.h"
#include "heuristics/report.h"
#include "parser/pool/pool_page.h"

namespace poolblame::cli {

/// How sure we are of the block drawn as C.
enum class CulpritRole { kCulprit, kSuspect, kCandidate };

struct PageScene {
  const PoolPage* page = nullptr;              // outlives the scene
  std::optional<std::size_t> culprit, victim;  // index in page->blocks
  CulpritRole culprit_role = CulpritRole::kCandidate;
  std::optional<BlockReference> culprit_elsewhere;  // the culprit where it lies on another page
  std::bitset<kPageSize> damaged;                   // bytes that are not what they must have been
  std::bitset<kPageSize> doubtful;                  // bytes inside damage whose true value is not known

  /// Address of the page's first byte: virtual where known, else physical, else 0.
  [[nodiscard]] std::uint64_t base() const;
  /// 'C' culprit, 'V' victim, '.' free, 'a' to 'z' in turn for the others.
  [[nodiscard]] char Letter(std::size_t block) const;
  [[nodiscard]] Style BlockStyle(std::size_t block) const;
};

/// The scene of `page` with the incidents that touch it, the gravest first; none of them is needed.
PageScene MakePageScene(const PoolPage& page, const std::vector<const Incident*>& incidents);

/// True when the incident's damage, victim or first suspect lies on the page.
bool TouchesPage(const Incident& incident, const PoolPage& page);

}  // namespace poolblame::cli
