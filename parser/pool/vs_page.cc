#include "parser/pool/vs_page.h"

#include <algorithm>
#include <bit>

#include "parser/base/little_endian.h"
#include "parser/pool/segment_pool_header.h"
#include "parser/pool/vs_pool_header.h"

namespace poolblame {
namespace {

/// Half of all tree pointers are null.
bool IsOneBitFromNull(std::uint64_t value) { return std::has_single_bit(value); }

}  // namespace

PoolBlock VsPages::BlockOf(const VsSubsegment& subsegment, const VsChunk& chunk) const {
  PoolBlock block;
  block.offset = chunk.offset % kPageSize;
  block.size = chunk.size;
  block.previous_size = chunk.previous_size;
  block.chunk = {chunk.read, chunk.expected};
  const ListedBlock* listed = ListedAt(subsegment, chunk);
  block.state = !chunk.allocated    ? BlockState::kFree
                : listed != nullptr ? BlockState::kLookaside
                                    : BlockState::kAllocated;
  for (std::uint32_t i = 0; i < 8; ++i)
    if (((chunk.read ^ chunk.expected) >> (8 * i) & 0xFF) != 0) block.damaged_bytes |= 1U << i;
  const auto place = PlaceOfPoolHeader(chunk, subsegment, source_.layout);
  block.tag_known = place.has_value();
  if (place && place->offset == chunk.offset + kChunkHeaderBytes && WaitsToBeFreed(chunk, subsegment)) {
    block.tag_known = false;
    block.state = BlockState::kLookaside;
    return block;
  }
  if (!place) return block;
  const std::uint8_t* header = subsegment.bytes.data() + place->offset;
  block.read = block.expected = source_.layout.Decode(header);
  // A list that links blocks by their first bytes leaves no POOL_HEADER.
  const bool overlaid =
      listed != nullptr && listed->entry < (subsegment.address + place->offset + source_.layout.header_size).value;
  block.tag_known = !overlaid;
  // One that lies behind a hole is only taken for the header because it is sound.
  if (!overlaid && source_.trust.headers_state_size && place->offset == chunk.offset + kChunkHeaderBytes)
    source_.CheckHeader(ByteView(header, source_.layout.header_size), place->bytes, kChunkHeaderBytes, block);
  MarkBetween(block);
  return block;
}

/// A free chunk's links lead to other chunks or nowhere. Its node lies over half of its header and over the
/// POOL_HEADER.
void VsPages::CheckTreeNode(const VsSubsegment& subsegment, const VsChunk& chunk, PoolPage& page) const {
  constexpr std::uint32_t kPointers = 3, kPointerBytes = 8;
  constexpr std::uint64_t kFlags = 7;
  if (chunk.size < kChunkTreeNode + kPointers * kPointerBytes) return;
  const std::uint32_t block_offset = page.blocks.back().offset;
  FreeLinkFinding finding;
  for (std::uint32_t i = 0; i < kPointers; ++i) {
    const std::uint32_t at = chunk.offset + kChunkTreeNode + i * kPointerBytes;
    const std::uint64_t value = ByteView(subsegment.bytes).TryRead<Le64>(at).value_or(Le64{});
    const TreeFault* fault = source_.free_state.FaultAt((subsegment.address + at).value);
    const bool leads_nowhere = value > kFlags && value < HeapLowest(subsegment.address.value);
    if ((fault == nullptr && !leads_nowhere) || !subsegment.PageIsPresent(at)) continue;
    if (finding.length == 0) {
      finding.offset = block_offset + at - chunk.offset;
      finding.value = value;
      finding.problem = leads_nowhere ? LinkProblem::kNotKernelAddress : LinkProblem::kBrokenBackLink;
      if (fault != nullptr) finding.expected = fault->expected;
      if (!finding.expected && IsOneBitFromNull(value)) finding.expected = 0;
      if (finding.expected.value_or(0) != 0 && i == kPointers - 1)
        *finding.expected |= value & kFlags;  // its colour is as it stands
    } else {
      finding.expected.reset();
    }
    finding.length = block_offset + kChunkTreeNode + (i + 1) * kPointerBytes - finding.offset;
  }
  if (finding.length == 0) return;
  finding.block = page.blocks.size() - 1;
  page.free_links.push_back(finding);
}

const ListedBlock* VsPages::ListedAt(const VsSubsegment& subsegment, const VsChunk& chunk) const {
  if (!chunk.allocated || chunk.size <= kChunkHeaderBytes) return nullptr;
  const std::uint64_t begin = (subsegment.address + chunk.offset).value;
  return source_.free_state.ListedIn(begin + kChunkHeaderBytes, begin + chunk.size);
}

/// The one link of a block on a lookaside or delay-free list. It may stand on the page behind the chunk header's.
void VsPages::CheckListLink(const ListedBlock& listed, PoolPage& page) const {
  constexpr std::uint32_t kLinkBytes = 8;
  if (listed.problem == ListProblem::kNone) return;
  FreeLinkFinding finding;
  finding.block = page.blocks.size() - 1;
  finding.problem = listed.problem == ListProblem::kNoListAddress ? LinkProblem::kNotKernelAddress
                    : listed.problem == ListProblem::kEndsEarly   ? LinkProblem::kEndsEarly
                                                                  : LinkProblem::kTwiceOnList;
  finding.offset = static_cast<std::uint32_t>(VirtAddr{listed.entry} - *page.address);
  finding.length = kLinkBytes;
  finding.value = listed.next;
  page.free_links.push_back(finding);
}

void VsPages::AddBlock(const VsSubsegment& subsegment, const VsChunk& chunk, PoolPage& page) const {
  page.blocks.push_back(BlockOf(subsegment, chunk));
  if (!chunk.allocated && !page.blocks.back().header_damaged())
    CheckTreeNode(subsegment, chunk, page);
  else if (const ListedBlock* listed = ListedAt(subsegment, chunk))
    CheckListLink(*listed, page);
}

std::optional<PoolPage> VsPages::Of(const VsSubsegment& subsegment, std::uint32_t offset) const {
  if (!subsegment.PageIsPresent(offset)) return std::nullopt;
  auto page = source_.EmptyPage(subsegment.address + offset);
  if (!page) return std::nullopt;
  page->backend = PoolBackend::kVs;
  page->margin = subsegment.margin;
  auto chunk = std::partition_point(subsegment.chunks.begin(), subsegment.chunks.end(),
                                    [&](const VsChunk& c) { return c.offset + c.size <= offset; });
  if (chunk != subsegment.chunks.end() && chunk->offset < offset) {
    page->leading_bytes =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(kPageSize, chunk->offset + chunk->size - offset));
    page->leading_before = chunk->begin_known ? offset - chunk->offset : 0;
    page->leading_begin_known = chunk->begin_known;
    ++chunk;
  }
  for (; chunk != subsegment.chunks.end() && chunk->offset < offset + kPageSize; ++chunk)
    AddBlock(subsegment, *chunk, *page);
  return page;
}

}  // namespace poolblame
