#include "parser/pool/pool_page.h"

#include <algorithm>

namespace poolblame {

bool PoolPage::headers_damaged() const {
  return std::any_of(blocks.begin(), blocks.end(), [](const PoolBlock& block) { return block.header_damaged(); });
}

std::vector<std::uint8_t> PoolPage::ExpectedHeader(const PoolBlock& block) const {
  constexpr std::uint32_t kWord = 8;
  std::vector<std::uint8_t> header;
  for (std::uint32_t i = 0; i < std::min(kWord, chunk_header()); ++i)
    header.push_back(static_cast<std::uint8_t>(block.chunk.expected >> (8 * i)));
  if (chunk_header() != 0 && block.state != BlockState::kAllocated) return header;
  for (std::uint32_t i = kWord; i < chunk_header(); ++i) header.push_back(bytes.bytes[block.offset + i]);
  if (block.offset + header_size() > kPageSize) return header;
  header.resize(header_size());
  layout->Encode(block.expected, header.data() + chunk_header());
  return header;
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
