#include "parser/format/page_table.h"

namespace poolblame {

namespace {

/// A valid entry ends the walk above the last level.
bool IsLarge(const PagingMode& mode, std::uint64_t entry) {
  return mode.table_or_page == 0 ? (entry & kEntryLarge) != 0 : (entry & mode.table_or_page) == 0;
}

}  // namespace

PageTableEntry DecodeEntry(const PagingMode& mode, std::uint32_t level, std::uint64_t entry) {
  const PagingLevel& row = mode.levels[level];
  const std::uint64_t size = std::uint64_t{1} << row.shift;
  const bool last = level + 1 == mode.level_count;
  if ((entry & kEntryValid) == 0) {
    const bool transition = (entry & (kEntryPrototype | kEntryTransition)) == kEntryTransition;
    if (!last || !transition || mode.transition_mask == 0) return {};
    return {PageTableEntry::Kind::kPage, PhysAddr{entry & mode.transition_mask}, size};
  }
  const bool is_marked = (entry & mode.table_or_page) == mode.table_or_page;
  if (!is_marked && (last || !row.may_be_large)) return {};
  if (last) return {PageTableEntry::Kind::kPage, PhysAddr{entry & mode.frame_mask}, size};
  if (!row.may_be_large || !IsLarge(mode, entry))
    return {PageTableEntry::Kind::kTable, PhysAddr{entry & mode.frame_mask}, 0};
  std::uint64_t target = entry & mode.frame_mask & ~(size - 1);
  if (mode.pse36) target |= (entry >> 13 & 0xFF) << 32;
  return {PageTableEntry::Kind::kPage, PhysAddr{target}, size};
}

}  // namespace poolblame
