#include "parser/pool/page_reconstruction.h"

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

}  // namespace

Reconstruction ReconstructPage(ByteView page, const HeaderReader& reader, const ImageKnowledge& knowledge) {
  Reconstruction result;
  if (page.size() != kPoolPageBytes) return result;
  const PageProfile profile = ProfilePage(page.data(), reader, knowledge);
  const PageTiling tiling = TilePage(page.data(), reader, profile, knowledge);
  result.blocks = RepairHeaders(page.data(), reader, profile, knowledge, tiling);
  result.leading_bytes = tiling.leading_tail ? result.blocks.front().offset : 0;
  result.stale_headers = FindStaleHeaders(page.data(), reader, result.blocks);
  result.cost = tiling.cost;
  result.margin = tiling.margin;
  result.links = CountLinks(result.blocks);
  for (const PoolBlock& block : result.blocks)
    if (block.header_damaged()) ++result.damaged_headers;
  return result;
}

bool IsBelievable(const Reconstruction& page, bool named) {
  if (named) return page.links >= 1 && page.blocks.size() >= 2;
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
      stale.push_back({place * unit, reader.layout().Decode(page + place * unit)});
    }
  }
  return stale;
}

}  // namespace poolblame
