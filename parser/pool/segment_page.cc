#include "parser/pool/segment_page.h"

#include <algorithm>
#include <bit>

#include "parser/base/little_endian.h"
#include "parser/pool/lfh_free_slots.h"
#include "parser/pool/segment_pool_header.h"
#include "parser/pool/vs_pool_header.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kTypeByte = 3, kTagByte = 4, kTagEnd = 8;

/// A slot that nobody had yet is as its page was: zero.
bool WasNeverUsed(const PoolHeaderFields& header) { return header == PoolHeaderFields{}; }

/// Half of all tree pointers are null. Small numbers are left out: they are more often data than a flipped bit.
bool IsOneBitFromNull(std::uint64_t value) {
  constexpr std::uint64_t kSmallNumbers = 0x10000;
  return value >= kSmallNumbers && std::has_single_bit(value);
}

/// What lies between wrong bytes was most likely overwritten with them.
void MarkBetween(PoolBlock& block) {
  if (block.damaged_bytes == 0) return;
  const int first = std::countr_zero(block.damaged_bytes), last = 31 - std::countl_zero(block.damaged_bytes);
  for (int i = first; i < last; ++i)
    if ((block.damaged_bytes >> i & 1U) == 0) block.doubtful_bytes |= 1U << i;
}

}  // namespace

std::optional<PoolPage> SegmentPages::Empty(VirtAddr address) const {
  PoolPage page;
  page.bytes = space_.Page(address);
  if (page.bytes.presence != Presence::kPresent) return std::nullopt;
  page.address = address;
  page.pfn = page.bytes.pfn;
  page.layout = &layout_;
  return page;
}

/// Marks wrong bytes of the POOL_HEADER of a block in use; `shift` is its place in the block's masks.
void SegmentPages::CheckHeader(ByteView header, std::uint32_t block_bytes, std::uint32_t shift,
                               PoolBlock& block) const {
  block.expected.PreviousSize = 0;
  if (!StatesItsSize(block.read, block_bytes, layout_))
    block.expected.BlockSize = static_cast<std::uint16_t>(block_bytes / layout_.unit);
  block.expected.PoolType = ExpectedPoolType(block.read.PoolType);
  std::array<std::uint8_t, 16> expected{};
  layout_.Encode(block.expected, expected.data());
  constexpr std::uint32_t kPreviousByte = 0, kSizeByte = 2;
  for (const std::uint32_t i : {kPreviousByte, kSizeByte, kTypeByte})
    if (expected[i] != header[i]) block.damaged_bytes |= 1U << (shift + i);
  CheckTag(header, shift, block);
}

void SegmentPages::CheckTag(ByteView header, std::uint32_t shift, PoolBlock& block) const {
  if (block.damaged_bytes == 0 && IsShortTag(block.read.PoolTag)) return;
  for (std::uint32_t i = kTagByte; i < kTagEnd; ++i) {
    const bool printable = header[i] >= 0x20 && header[i] <= 0x7E;
    if (!printable) block.damaged_bytes |= 1U << (shift + i);
  }
  const std::uint32_t tag_mask = 0xF0U << shift;
  const bool rare = knowledge_.BlocksWithTag(block.read.PoolTag & ~PoolTag::kProtectedBit) <= 1;
  if ((block.damaged_bytes & tag_mask) != 0 || (block.damaged_bytes != 0 && rare)) {
    block.tag_known = false;
    block.doubtful_bytes |= tag_mask & ~block.damaged_bytes;
  }
}

PoolBlock SegmentPages::BlockOf(const VsSubsegment& subsegment, const VsChunk& chunk) const {
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
  const auto place = PlaceOfPoolHeader(chunk, subsegment, layout_);
  block.tag_known = place.has_value();
  if (place && place->offset == chunk.offset + kChunkHeaderBytes && WaitsToBeFreed(chunk, subsegment)) {
    block.tag_known = false;
    block.state = BlockState::kLookaside;
    return block;
  }
  if (!place) return block;
  const std::uint8_t* header = subsegment.bytes.data() + place->offset;
  block.read = block.expected = layout_.Decode(header);
  // A list that links blocks by their first bytes leaves no POOL_HEADER.
  const bool overlaid =
      listed != nullptr && listed->entry < (subsegment.address + place->offset + layout_.header_size).value;
  block.tag_known = !overlaid;
  // One that lies behind a hole is only taken for the header because it is sound.
  if (!overlaid && trust_.headers_state_size && place->offset == chunk.offset + kChunkHeaderBytes)
    CheckHeader(ByteView(header, layout_.header_size), place->bytes, kChunkHeaderBytes, block);
  MarkBetween(block);
  return block;
}

/// A free chunk's links lead to other chunks or nowhere. Its node lies over half of its header and over the
/// POOL_HEADER.
void SegmentPages::CheckTreeNode(const VsSubsegment& subsegment, const VsChunk& chunk, std::size_t index,
                                 PoolPage& page) const {
  constexpr std::uint32_t kPointers = 3, kPointerBytes = 8;
  constexpr std::uint64_t kFlags = 7;
  FreeLinkFinding finding;
  for (std::uint32_t i = 0; i < kPointers; ++i) {
    const std::uint32_t at = chunk.offset + kChunkTreeNode + i * kPointerBytes;
    const std::uint64_t value = ByteView(subsegment.bytes).TryRead<Le64>(at).value_or(Le64{});
    const TreeFault* fault = free_state_.FaultAt((subsegment.address + at).value);
    const bool leads_nowhere = value > kFlags && value < kSegmentHeapLowest;
    if ((fault == nullptr && !leads_nowhere) || !subsegment.PageIsPresent(at)) continue;
    if (finding.length == 0) {
      finding.offset = page.blocks[index].offset + at - chunk.offset;
      finding.value = value;
      finding.problem = leads_nowhere ? LinkProblem::kNotKernelAddress : LinkProblem::kBrokenBackLink;
      if (fault != nullptr) finding.expected = fault->expected;
      if (!finding.expected && IsOneBitFromNull(value)) finding.expected = 0;
      if (finding.expected.value_or(0) != 0 && i == kPointers - 1)
        *finding.expected |= value & kFlags;  // its colour is as it stands
    } else {
      finding.expected.reset();
    }
    finding.length = page.blocks[index].offset + kChunkTreeNode + (i + 1) * kPointerBytes - finding.offset;
  }
  if (finding.length == 0) return;
  finding.block = index;
  page.free_links.push_back(finding);
}

const ListedBlock* SegmentPages::ListedAt(const VsSubsegment& subsegment, const VsChunk& chunk) const {
  if (!chunk.allocated || chunk.size <= kChunkHeaderBytes) return nullptr;
  const std::uint64_t begin = (subsegment.address + chunk.offset).value;
  return free_state_.ListedIn(begin + kChunkHeaderBytes, begin + chunk.size);
}

/// The one link of a block on a lookaside or delay-free list. It may stand on the page behind the chunk header's.
void SegmentPages::CheckListLink(const ListedBlock& listed, std::size_t index, PoolPage& page) const {
  constexpr std::uint32_t kLinkBytes = 8;
  if (listed.problem == ListProblem::kNone) return;
  FreeLinkFinding finding;
  finding.block = index;
  finding.problem = listed.problem == ListProblem::kNoListAddress ? LinkProblem::kNotKernelAddress
                    : listed.problem == ListProblem::kEndsEarly   ? LinkProblem::kEndsEarly
                                                                  : LinkProblem::kBrokenBackLink;
  finding.offset = static_cast<std::uint32_t>(VirtAddr{listed.entry} - *page.address);
  finding.length = kLinkBytes;
  finding.value = listed.next;
  page.free_links.push_back(finding);
}

std::optional<PoolPage> SegmentPages::Of(const VsSubsegment& subsegment, std::uint32_t offset) const {
  if (!subsegment.PageIsPresent(offset)) return std::nullopt;
  auto page = Empty(subsegment.address + offset);
  if (!page) return std::nullopt;
  page->backend = PoolBackend::kVs;
  page->margin = subsegment.margin;
  for (const VsChunk& chunk : subsegment.chunks) {
    if (chunk.offset + chunk.size <= offset) continue;
    if (chunk.offset >= offset + kPageSize) break;
    if (chunk.offset < offset) {
      page->leading_bytes =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(kPageSize, chunk.offset + chunk.size - offset));
      page->leading_before = chunk.begin_known ? offset - chunk.offset : 0;
      page->leading_begin_known = chunk.begin_known;
      continue;
    }
    page->blocks.push_back(BlockOf(subsegment, chunk));
    if (!chunk.allocated && !page->blocks.back().header_damaged())
      CheckTreeNode(subsegment, chunk, page->blocks.size() - 1, *page);
    else if (const ListedBlock* listed = ListedAt(subsegment, chunk))
      CheckListLink(*listed, page->blocks.size() - 1, *page);
  }
  return page;
}

/// Type and tag are a header's, what comes before them is none's: neither a slot's nor what old memory holds.
bool SegmentPages::LostItsFront(const PoolHeaderFields& header) const {
  return StateOfPoolType(layout_, header.PoolType) == BlockState::kAllocated &&
         knowledge_.BlocksWithTag(header.PoolTag) > 1 && (header.PreviousSize != 0 || header.BlockSize == 0);
}

/// One write leaves odd headers in a row. Where they lie here and there, or other slots were never used, these were not
/// either: their page holds what it held before it came to this subsegment.
bool SegmentPages::FreedSlotsAreBelieved(const LfhSubsegment& subsegment) const {
  constexpr std::uint32_t kEnough = 6;  // freed slots that keep the rule: the odd ones are hardly those nobody had yet
  if (!trust_.freed_slots_keep_headers && subsegment.states_known) return false;
  std::uint32_t rows = 0, freed = 0;
  bool in_row = false;
  for (const LfhSlot& slot : subsegment.slots) {
    const VirtAddr address = subsegment.address + slot.offset;
    const PageBytes page = space_.Page(address);
    if (page.presence != Presence::kPresent) continue;
    const PoolHeaderFields fields = layout_.Decode(page.bytes.data() + address.page_offset());
    const SlotContent content = ContentOf(page.bytes, slot, subsegment.geometry.block_size, layout_);
    if (!slot.busy && WasNeverUsed(fields) && subsegment.states_known) return false;
    if (content == SlotContent::kZero) continue;
    const bool odd = content == SlotContent::kOdd;
    if (odd && !in_row) ++rows;
    if (!odd && !slot.busy) ++freed;
    in_row = odd;
  }
  return rows <= 1 && (freed >= kEnough || !subsegment.states_known);
}

/// The whole header was zero before somebody wrote here.
void SegmentPages::ExpectZero(ByteView header, PoolBlock& block) const {
  block.expected = {};
  block.tag_known = false;
  for (std::uint32_t i = 0; i < header.size(); ++i)
    if (header[i] != 0) block.damaged_bytes |= 1U << i;
}

std::optional<PoolPage> SegmentPages::Of(const LfhSubsegment& subsegment, std::uint32_t offset) const {
  auto page = Empty(subsegment.address + offset);
  if (!page) return std::nullopt;
  page->backend = PoolBackend::kLfh;
  const std::uint32_t block_size = subsegment.geometry.block_size;
  const auto begin = std::partition_point(subsegment.slots.begin(), subsegment.slots.end(),
                                          [&](const LfhSlot& slot) { return slot.offset < offset; });
  const auto end = std::partition_point(begin, subsegment.slots.end(),
                                        [&](const LfhSlot& slot) { return slot.offset < offset + kPageSize; });
  const std::span<const LfhSlot> slots(begin, end);
  const bool freed_believed = FreedSlotsAreBelieved(subsegment);
  const auto expected = ExpectedOfOddSlots(page->bytes.bytes, slots, block_size, layout_);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    PoolBlock block;
    block.offset = slots[i].offset - offset;
    block.size = slots[i].size;
    block.state = !subsegment.states_known ? BlockState::kUnknown
                  : slots[i].busy          ? BlockState::kAllocated
                                           : BlockState::kFree;
    const ByteView header(page->bytes.bytes.data() + block.offset, layout_.header_size);
    block.read = block.expected = layout_.Decode(header.data());
    const bool used =
        !WasNeverUsed(block.read) ||
        (!subsegment.states_known && ContentOf(page->bytes.bytes, slots[i], block_size, layout_) != SlotContent::kZero);
    const bool free_believed =
        expected[i] == ExpectedContent::kHeader || (used && IsBelieved(block.read, freed_believed));
    if (expected[i] == ExpectedContent::kZero)
      ExpectZero(header, block);
    else if (slots[i].busy ? trust_.headers_state_size : free_believed)
      CheckHeader(header, block_size, 0, block);
    MarkBetween(block);
    page->blocks.push_back(block);
  }
  return page;
}

/// A free slot's header is to be checked.
bool SegmentPages::IsBelieved(const PoolHeaderFields& header, bool all_are) const {
  return all_are || (trust_.freed_slots_keep_headers && LostItsFront(header));
}

std::optional<PoolPage> SegmentPages::InRange(const SegmentHeap& heap, VirtAddr address) const {
  const PageRange* range = heap.RangeAt(address);
  if (range == nullptr) return std::nullopt;
  if (const auto vs = heap.ReadVs(space_, *range)) {
    const auto in_chunks = static_cast<std::uint32_t>(address.page() - vs->address);
    return in_chunks < vs->bytes.size() ? Of(*vs, in_chunks) : std::nullopt;
  }
  const auto offset = static_cast<std::uint32_t>(address.page() - range->address);
  if (const auto lfh = heap.ReadLfh(space_, *range)) return Of(*lfh, offset);
  return std::nullopt;
}

std::optional<PoolPage> SegmentPages::At(const SegmentHeap& heap, VirtAddr address) const {
  auto page = InRange(heap, address);
  const HeapStructure* damaged = heap.DamagedOn(address);
  if (damaged == nullptr) return page;
  if (!page) page = Empty(address);
  if (!page) return std::nullopt;
  page->structure = *damaged;
  switch (damaged->kind()) {
    case HeapStructureKind::kPageSegment:
      page->backend = PoolBackend::kPageSegment;
      break;
    case HeapStructureKind::kVsSubsegment:
      page->backend = PoolBackend::kVs;
      break;
    case HeapStructureKind::kLfhSubsegment:
      page->backend = PoolBackend::kLfh;
      break;
    case HeapStructureKind::kSlush:            // of a big allocation, which is none of the heap's
    case HeapStructureKind::kVerifierPointer:  // of a block
    case HeapStructureKind::kNone:
      break;
  }
  return page;
}

}  // namespace poolblame
