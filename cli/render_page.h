// `poolblame page`: one page, every block and every check that failed.
#pragma once

#include <string>
#include <vector>

#include "cli/analysis.h"
#include "cli/render_text.h"
#include "parser/pool/big_memory.h"
#include "pooltag/tag_database.h"

namespace poolblame::cli {

inline constexpr std::size_t kDumpRows = 64;  // a quarter of the page; past that the picture says more than bytes

/// A page of classic pool: answer, picture, blocks with owners, failed checks with what was read and what was expected,
/// damage as hex, stale headers. `incidents` are those that touch the page, gravest first.
std::string RenderPoolPage(const PoolPage& page, const std::vector<const Incident*>& incidents, const TagDatabase& tags,
                           const TextOptions& options);

/// A page of special pool: its block, picture, failed checks, bytes around the wrong ones.
std::string RenderSpecialPage(const SpecialPoolPage& page, const std::vector<const Incident*>& incidents,
                              const TagDatabase& tags, const TextOptions& options);

/// A page of memory without headers: what it belongs to, whose that is, or was before it was freed. `bytes` may be
/// absent: a large allocation's pages may be paged out.
std::string RenderBigPage(VirtAddr page, const PageBytes& bytes, const BigOwner& owner, const TagDatabase& tags);

/// A page that is not classic pool, or not there: one sentence.
std::string RenderOtherPage(VirtAddr page, const PageBytes& bytes, PageClass page_class);

}  // namespace poolblame::cli
