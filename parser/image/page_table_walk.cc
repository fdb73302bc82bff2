#include "parser/image/page_table_walk.h"

#include "parser/base/little_endian.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kLevels = 8;  // more than any mode has: packs a table page and its level in one number

std::uint64_t SignExtend(const PagingMode& mode, std::uint64_t address) {
  const bool negative = mode.address_bits > 32 && (address >> (mode.address_bits - 1) & 1) != 0;
  return negative ? address | ~std::uint64_t{0} << mode.address_bits : address;
}

}  // namespace

const PagingMode* PagingOf(Machine machine, PageTableForm form) {
  switch (machine) {
    case Machine::kX64:
      return form == PageTableForm::kLa57 ? &kPagingX64La57 : &kPagingX64;
    case Machine::kArm64:
      return &kPagingArm64;
    case Machine::kX86:
      return form == PageTableForm::kPae ? &kPagingPae : &kPagingX86;
    case Machine::kUnknown:
      break;
  }
  return nullptr;
}

PageTableWalk::PageTableWalk(const PageMap& pages, const PagingMode& mode, PhysAddr root)
    : pages_(pages), mode_(mode), root_(root) {
  CollectTopTables();
}

void PageTableWalk::CollectTopTables() {
  top_tables_.insert(ToPfn(root_));
  if (mode_.levels[0].index_bits != 2) return;
  const ByteView pdpt = Table(0, root_);
  for (std::uint64_t i = 0; i < 4; ++i) {
    const PageTableEntry entry = DecodeEntry(mode_, 0, Entry(pdpt, i));
    if (entry.kind == PageTableEntry::Kind::kTable) top_tables_.insert(ToPfn(entry.target));
  }
}

void PageTableWalk::RunFrom(VirtAddr from, const Visitor& visit) {
  visit_ = &visit;
  from_ = from;
  followed_.clear();
  Walk(0, root_, 0, true);
}

bool PageTableWalk::Walk(std::uint32_t level, PhysAddr table, std::uint64_t base, bool at_edge) {
  if (!followed_.insert(ToPfn(table) * kLevels + level).second) return true;
  const ByteView bytes = Table(level, table);
  const std::uint64_t entries = bytes.size() / mode_.entry_size;
  const std::uint64_t first = at_edge ? TableIndex(mode_.levels[level], from_.value) : 0;
  for (std::uint64_t i = first; i < entries; ++i) {
    const std::uint64_t address = SignExtend(mode_, base | i << mode_.levels[level].shift);
    if (!Follow(level, Entry(bytes, i), address, at_edge && i == first)) return false;
  }
  return true;
}

bool PageTableWalk::Follow(std::uint32_t level, std::uint64_t entry, std::uint64_t address, bool at_edge) {
  const PageTableEntry decoded = DecodeEntry(mode_, level, entry);
  switch (decoded.kind) {
    case PageTableEntry::Kind::kAbsent:
      return true;
    case PageTableEntry::Kind::kPage:
      return (*visit_)(VirtAddr{address}, ToPfn(decoded.target), decoded.size / kPageSize);
    case PageTableEntry::Kind::kTable:
      // From the PDPT down to its own directories is the one way to a top table that is not the self-map.
      if (LeadsBack(decoded.target) && !(level == 0 && mode_.levels[0].index_bits == 2)) return true;
      return Walk(level + 1, decoded.target, address, at_edge);
  }
  return true;
}

bool PageTableWalk::LeadsBack(PhysAddr table) const { return top_tables_.contains(ToPfn(table)); }

ByteView PageTableWalk::Table(std::uint32_t level, PhysAddr table) const {
  const ByteView page = pages_.Page(ToPfn(table));
  const std::uint64_t size = (std::uint64_t{1} << mode_.levels[level].index_bits) * mode_.entry_size;
  if (!page.Contains(table.page_offset(), size)) return {};
  return {page.data() + table.page_offset(), static_cast<std::size_t>(size)};
}

std::uint64_t PageTableWalk::Entry(ByteView table, std::uint64_t index) const {
  if (mode_.entry_size == 4) return table.TryRead<Le32>(index * 4).value_or(Le32{});
  return table.TryRead<Le64>(index * 8).value_or(Le64{});
}

}  // namespace poolblame
