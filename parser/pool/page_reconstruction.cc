#include "parser/pool/page_reconstruction.h"

#include <bit>

#include "parser/pool/header_repair.h"
#include "parser/pool/page_tiling.h"

namespace poolblame {
namespace {

// The tag, type and index of a header do not matter here: sizes alone make a boundary.
std::uint32_t CountLinks(const std::vector<PoolBlock>& blocks) {
  std::uint32_t links = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const bool size_stands = blocks[i].read.BlockSize == blocks[i].expected.BlockSize;
    const bool answered =
        i + 1 == blocks.size() || blocks[i + 1].read.PreviousSize == blocks[i + 1].expected.PreviousSize;
    const bool legal =
        blocks[i].read.PoolType == blocks[i].expected.PoolType && blocks[i].state != BlockState::kUnknown;
    if (size_stands && answered && legal) ++links;
  }
  return links;
}

// All undamaged headers are the same: an array of records that look like one, if no first block says otherwise.
bool IsOneRecord(const std::vector<PoolBlock>& blocks) {
  const PoolBlock* first = nullptr;
  for (const PoolBlock& block : blocks) {
    if (block.header_damaged()) continue;
    if (first == nullptr) first = &block;
    if (block.size != first->size || block.read.PoolTag != first->read.PoolTag) return false;
  }
  return true;
}

// How many healthy blocks of the tag have this size, bytes.
std::uint32_t BlocksOfSize(const ImageKnowledge& knowledge, std::uint32_t tag, std::uint32_t size) {
  if (knowledge.tags == nullptr) return 0;
  const auto found = knowledge.tags->find(PoolTag{tag}.name());
  if (found == knowledge.tags->end()) return 0;
  const auto count = found->second.sizes.find(size);
  return count == found->second.sizes.end() ? 0 : count->second;
}

// A page's last block that became shorter by a flipped bit looks like one with a smashed neighbour behind it: no
// PreviousSize answers. What its tag's other blocks measure decides, where nothing of a header stands at the new end.
void AbsorbFalseLastBlock(const std::uint8_t* page, const HeaderReader& reader, const ImageKnowledge& knowledge,
                          PageTiling& tiling) {
  constexpr std::uint32_t kFewestOfSize = 2;
  if (tiling.places.size() < 2) return;
  const std::uint32_t last = tiling.places.back(), place = tiling.places[tiling.places.size() - 2];
  const QuickHeader header = reader.At(page, place), behind = reader.At(page, last);
  const std::uint32_t to_end = reader.units_in_page() - place;
  if (header.state != BlockState::kAllocated || !std::has_single_bit(header.size ^ to_end)) return;
  if (header.size != last - place || behind.previous == header.size) return;
  if (behind.size == reader.units_in_page() - last || knowledge.BlocksWithTag(behind.tag) > 0) return;
  if (BlocksOfSize(knowledge, header.tag, header.size * reader.unit()) > 0) return;
  if (BlocksOfSize(knowledge, header.tag, to_end * reader.unit()) >= kFewestOfSize) tiling.places.pop_back();
}

// From the block at `place` down, each named by the one behind it and as long as that one says; the first may be
// damaged.
bool ChainReachesStart(const std::uint8_t* page, const HeaderReader& reader, std::uint32_t place) {
  for (;;) {
    const std::uint32_t previous = reader.At(page, place).previous;
    if (previous == place) return true;
    if (previous == 0 || previous > place) return false;
    place -= previous;
    const QuickHeader header = reader.At(page, place);
    if (header.size != previous || !reader.LooksLikeBlock(header, place)) return false;
  }
}

}  // namespace

bool StartsWithKnownBlock(const std::uint8_t* page, const HeaderReader& reader, const ImageKnowledge& knowledge) {
  constexpr std::uint64_t kKnown = 2;  // blocks with the tag
  const QuickHeader header = reader.At(page, 0);
  return header.previous == 0 && header.state == BlockState::kAllocated && reader.LooksLikeBlock(header, 0) &&
         knowledge.BlocksWithTag(header.tag) >= kKnown;
}

bool LeadsBackToItsStart(const std::uint8_t* page, const HeaderReader& reader, const ImageKnowledge& knowledge) {
  constexpr std::uint64_t kKnown = 2;  // blocks with the tag
  const std::uint32_t end = reader.units_in_page();
  for (std::uint32_t last = 1; last < end; ++last) {
    const QuickHeader header = reader.At(page, last);
    if (header.size != end - last || !reader.LooksLikeBlock(header, last)) continue;
    if (knowledge.BlocksWithTag(header.tag) >= kKnown && ChainReachesStart(page, reader, last)) return true;
  }
  return false;
}

Reconstruction ReconstructPage(ByteView page, const HeaderReader& reader, const ImageKnowledge& knowledge) {
  Reconstruction result;
  if (page.size() != kPoolPageBytes) return result;
  const PageProfile profile = ProfilePage(page.data(), reader, knowledge);
  PageTiling tiling = TilePage(page.data(), reader, profile, knowledge);
  AbsorbFalseLastBlock(page.data(), reader, knowledge, tiling);
  result.blocks = RepairHeaders(page.data(), reader, profile, knowledge, tiling);
  result.leading_bytes = tiling.leading_tail ? result.blocks.front().offset : 0;
  result.stale_headers = FindStaleHeaders(page.data(), reader, result.blocks);
  result.cost = tiling.cost;
  result.margin = tiling.margin;
  result.links = CountLinks(result.blocks);
  for (const PoolBlock& block : result.blocks)
    if (block.header_damaged()) ++result.damaged_headers;
  result.known_start = !result.blocks.front().header_damaged() && StartsWithKnownBlock(page.data(), reader, knowledge);
  return result;
}

bool IsBelievable(const Reconstruction& page, bool named) {
  if (named) return (page.links >= 1 || page.known_start) && page.blocks.size() >= 2;
  if (page.links < 2 || page.links < page.damaged_headers) return false;
  return !page.blocks.front().header_damaged() || !IsOneRecord(page.blocks);
}

std::vector<StaleHeader> FindStaleHeaders(const std::uint8_t* page, const HeaderReader& reader,
                                          const std::vector<PoolBlock>& blocks) {
  std::vector<StaleHeader> stale;
  const std::uint32_t unit = reader.unit();
  for (const PoolBlock& block : blocks) {
    if (block.state != BlockState::kFree) continue;
    const std::uint32_t end = (block.offset + block.size) / unit;
    for (std::uint32_t place = block.offset / unit + 1; place < end; ++place) {
      const QuickHeader header = reader.At(page, place);
      if (!reader.LooksLikeBlock(header, place) || header.size > end - place || header.previous == 0) continue;
      if (header.previous > place - block.offset / unit) continue;
      const std::uint32_t offset = place * unit;
      stale.push_back({offset, reader.layout().Decode(page + offset)});
    }
  }
  return stale;
}

}  // namespace poolblame
