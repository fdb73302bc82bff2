#include "parser/image/translate.h"

#include "parser/base/little_endian.h"

namespace poolblame {
namespace {

/// No page table speaks of a 64-bit address whose bits from the sign bit on differ (the upper 17 with four levels, 8
/// with five), nor of an x86 one above 4 GiB.
bool Addressable(const PagingMode& mode, std::uint64_t address) {
  if (mode.address_bits == 32) return address <= 0xFFFFFFFF;
  const std::uint64_t upper = address >> (mode.address_bits - 1);
  return upper == 0 || upper == ~std::uint64_t{0} >> (mode.address_bits - 1);
}

std::optional<std::uint64_t> ReadEntry(const PageMap& pages, const PagingMode& mode, PhysAddr place) {
  const ByteView page = pages.Page(ToPfn(place));
  if (mode.entry_size == 4) return page.TryRead<Le32>(place.page_offset());
  return page.TryRead<Le64>(place.page_offset());
}

}  // namespace

Translation TranslateBy(const PageMap& pages, const PagingMode& mode, PhysAddr root, VirtAddr address) {
  if (!Addressable(mode, address.value)) return {Presence::kNotPresent, {}, 0, false};
  PhysAddr table = root;
  bool no_execute = false;
  for (std::uint32_t level = 0; level < mode.level_count; ++level) {
    const std::uint64_t index = TableIndex(mode.levels[level], address.value);
    const std::optional<std::uint64_t> raw = ReadEntry(pages, mode, table + index * mode.entry_size);
    if (!raw) return {Presence::kNotInDump, {}, 0, false};
    const PageTableEntry entry = DecodeEntry(mode, level, *raw);
    const bool has_say =
        (*raw & kEntryValid) != 0 && (mode.table_or_page == 0 || entry.kind == PageTableEntry::Kind::kPage);
    no_execute = no_execute || (has_say && (*raw & mode.no_execute) != 0);
    if (entry.kind == PageTableEntry::Kind::kAbsent) return {Presence::kNotPresent, {}, 0, false};
    if (entry.kind == PageTableEntry::Kind::kPage) {
      const PhysAddr physical = entry.target + (address.value & (entry.size - 1));
      const bool stored = !pages.Page(ToPfn(physical)).empty();
      return {stored ? Presence::kPresent : Presence::kNotInDump, physical, entry.size, no_execute};
    }
    table = entry.target;
  }
  return {Presence::kNotPresent, {}, 0, false};
}

}  // namespace poolblame
