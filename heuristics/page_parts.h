// The sound classic pages of an image, looked at once more by several threads: for rules that need what the scan has
// learned of the whole image. What is found is merged in page order, so it does not depend on the threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "parser/pool/ordered_chunks.h"
#include "parser/pool/pool_census.h"

namespace poolblame {

/// Calls `look(page, part)` for every page, `part` a fresh Part for some hundred pages, and `merge(part)` for each of
/// those in page order, one at a time. `threads`: 0 is as many as the machine has.
template <typename Part, typename Look, typename Merge>
void LookAtPages(const PoolCensus& census, unsigned threads, Look&& look, Merge&& merge) {
  constexpr std::uint64_t kPagesOfPart = 256;  // a megabyte: large against the cost of a lock
  const std::vector<PoolPageRef>& pages = census.healthy_pages;
  const std::uint64_t parts = (pages.size() + kPagesOfPart - 1) / kPagesOfPart;
  const auto look_at_part = [&](std::uint64_t number) {
    Part part;
    const std::uint64_t end = std::min<std::uint64_t>(pages.size(), (number + 1) * kPagesOfPart);
    for (std::uint64_t i = number * kPagesOfPart; i < end; ++i) look(pages[i], part);
    return part;
  };
  RunChunksInOrder(ThreadsFor(threads, parts), parts, look_at_part,
                   [&](std::uint64_t, Part&& part) { merge(std::move(part)); });
}

}  // namespace poolblame
