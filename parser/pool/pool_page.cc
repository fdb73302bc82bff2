#include "parser/pool/pool_page.h"

#include <algorithm>

namespace poolblame {

bool PoolPage::headers_damaged() const {
  return std::any_of(blocks.begin(), blocks.end(), [](const PoolBlock& block) { return block.header_damaged(); });
}

std::optional<std::size_t> PoolPage::BlockIndexAt(std::uint32_t offset) const {
  const auto after = std::upper_bound(blocks.begin(), blocks.end(), offset,
                                      [](std::uint32_t at, const PoolBlock& block) { return at < block.offset; });
  if (after == blocks.begin()) return std::nullopt;
  const auto holder = std::prev(after);
  if (offset - holder->offset >= holder->size) return std::nullopt;
  return static_cast<std::size_t>(holder - blocks.begin());
}

}  // namespace poolblame
