#include "parser/pool/lfh_page.h"

#include <algorithm>

#include "parser/base/ascii.h"

namespace poolblame {
namespace {

/// A slot that nobody had yet is as its page was: zero.
bool WasNeverUsed(const PoolHeaderFields& header) { return header == PoolHeaderFields{}; }

/// The whole header was zero before somebody wrote here.
void ExpectZero(ByteView header, PoolBlock& block) {
  block.expected = {};
  block.tag_known = false;
  for (std::uint32_t i = 0; i < header.size(); ++i)
    if (header[i] != 0) block.damaged_bytes |= 1U << i;
}

/// Slots with headers that are none, in the order of their addresses.
struct OddSlots {
  std::uint32_t rows = 0, begin = 0, bytes = 0;  // `begin`, `bytes`: of the last row, between first and last header
  bool in_row = false, any_busy = false;
  void Add(const LfhSlot& slot, bool odd) {
    if (odd && !in_row) {
      ++rows;
      begin = slot.offset;
    }
    if (odd) bytes = slot.offset - begin;
    any_busy |= odd && slot.busy;
    in_row = odd;
  }
  [[nodiscard]] bool AreTooFarApart() const {
    constexpr std::uint32_t kFar = 256;
    return !any_busy && bytes > kFar;
  }
};

}  // namespace

LfhPages::LfhPages(const SegmentPageSource& source, const LfhSubsegment& subsegment)
    : source_(source), subsegment_(subsegment), freed_believed_(FreedSlotsAreBelieved()) {}

/// Type and tag are a header's, what comes before them is none's: neither a slot's nor what old memory holds.
bool LfhPages::LostItsFront(const PoolHeaderFields& header) const {
  return StateOfPoolType(source_.layout, header.PoolType) == BlockState::kAllocated &&
         source_.knowledge.BlocksWithTag(header.PoolTag) > 1 && (header.PreviousSize != 0 || header.BlockSize == 0);
}

/// What stands where a tag would be could be one by chance: no block has it, and it is no text that was written over
/// all of the header. Zeros in place of size, type and tag, be it behind a small number, are in any memory, and so
/// are pointers.
bool LfhPages::HoldsOldMemory(const PoolHeaderFields& header, ByteView bytes) const {
  constexpr std::size_t kTagAt = 4, kTagEnd = 8;
  const bool text = std::all_of(bytes.begin(), bytes.begin() + kTagAt, IsPrintable);
  const bool zero = std::all_of(bytes.begin() + kTagAt, bytes.begin() + kTagEnd, [](std::uint8_t b) { return b == 0; });
  const bool pointer = bytes[7] == 0xFF && bytes[6] == 0xFF && bytes[5] != 0xFF;  // a kernel address; no tag ends so
  const bool unknown_tag = PoolTag{header.PoolTag}.plausible() && source_.knowledge.BlocksWithTag(header.PoolTag) == 0;
  return zero || pointer || (!text && unknown_tag);
}

/// One write leaves odd headers in a row. Where they lie here and there, or so far apart that few writes are as long
/// and in no slot that is in use, or other slots were never used, these were not either: their page holds what it held
/// before it came to this subsegment_.
bool LfhPages::FreedSlotsAreBelieved() const {
  constexpr std::uint32_t kEnough = 6;  // freed slots that keep the rule: the odd ones are hardly those nobody had yet
  if (!source_.trust.freed_slots_keep_headers && subsegment_.states_known) return false;
  OddSlots odd;
  std::uint32_t freed = 0;
  for (const LfhSlot& slot : subsegment_.slots) {
    const VirtAddr address = subsegment_.address + slot.offset;
    const PageBytes page = source_.space.Page(address);
    if (page.presence != Presence::kPresent) continue;
    const PoolHeaderFields fields = source_.layout.Decode(page.bytes.data() + address.page_offset());
    const SlotContent content = ContentOf(page.bytes, slot, subsegment_.geometry.block_size, source_.layout);
    if (!slot.busy && WasNeverUsed(fields) && subsegment_.states_known) return false;
    if (content == SlotContent::kZero) continue;
    odd.Add(slot, content == SlotContent::kOdd);
    if (content != SlotContent::kOdd && !slot.busy) ++freed;
  }
  if (!subsegment_.states_known) return odd.rows <= 1;
  return odd.rows <= 1 && freed >= kEnough && !odd.AreTooFarApart();
}

/// A free slot's header is to be checked.
bool LfhPages::IsBelieved(ByteView page, const LfhSlot& slot, const PoolHeaderFields& header) const {
  const bool used = !WasNeverUsed(header) ||
                    (!subsegment_.states_known &&
                     ContentOf(page, slot, subsegment_.geometry.block_size, source_.layout) != SlotContent::kZero);
  return used && (freed_believed_ || (source_.trust.freed_slots_keep_headers && LostItsFront(header)));
}

PoolBlock LfhPages::BlockOf(ByteView page, const LfhSlot& slot, ExpectedContent expected) const {
  PoolBlock block;
  block.offset = slot.offset % kPageSize;
  block.size = slot.size;
  block.state = !subsegment_.states_known ? BlockState::kUnknown
                : slot.busy               ? BlockState::kAllocated
                                          : BlockState::kFree;
  const ByteView header(page.data() + block.offset, source_.layout.header_size);
  block.read = block.expected = source_.layout.Decode(header.data());
  const bool free_believed = (expected == ExpectedContent::kHeader || IsBelieved(page, slot, block.read)) &&
                             !(subsegment_.states_known && HoldsOldMemory(block.read, header));
  if (expected == ExpectedContent::kZero)
    ExpectZero(header, block);
  else if (slot.busy ? source_.trust.headers_state_size : free_believed)
    source_.CheckHeader(header, subsegment_.geometry.block_size, 0, block);
  MarkBetween(block);
  return block;
}

std::span<const LfhSlot> LfhPages::SlotsOn(std::uint32_t offset) const {
  const auto begin = std::partition_point(subsegment_.slots.begin(), subsegment_.slots.end(),
                                          [&](const LfhSlot& slot) { return slot.offset < offset; });
  const auto end = std::partition_point(begin, subsegment_.slots.end(),
                                        [&](const LfhSlot& slot) { return slot.offset < offset + kPageSize; });
  return {begin, end};
}

std::optional<PoolPage> LfhPages::Of(std::uint32_t offset) const {
  auto page = source_.EmptyPage(subsegment_.address + offset);
  if (!page) return std::nullopt;
  page->backend = PoolBackend::kLfh;
  const std::span<const LfhSlot> slots = SlotsOn(offset);
  const auto expected = ExpectedOfOddSlots(page->bytes.bytes, slots, subsegment_.geometry.block_size, source_.layout);
  for (std::size_t i = 0; i < slots.size(); ++i)
    page->blocks.push_back(BlockOf(page->bytes.bytes, slots[i], expected[i]));
  return page;
}

}  // namespace poolblame
