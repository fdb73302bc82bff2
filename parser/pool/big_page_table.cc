#include "parser/pool/big_page_table.h"

#include <algorithm>
#include <set>
#include <span>

#include "parser/base/little_endian.h"
#include "parser/format/big_page_entry.h"
#include "parser/pool/header_reader.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kFreeBit = 1;
constexpr std::uint64_t kNeverUsed = 1;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 40;       // of one allocation
constexpr std::uint64_t kMostTableBytes = std::uint64_t{1} << 24;  // 700,000 entries
constexpr int kMostTables = 2;                                     // that look like one and are read to their end

enum class EntryLook { kBad, kFree, kFreed, kLive };  // kFreed: still tells of its last owner

/// Reads entries of one layout out of the bytes of a table.
class EntryReader {
 public:
  EntryReader(const BigPageEntryLayout& layout, VirtAddr kernel_base) : layout_(&layout), kernel_base_(kernel_base) {}

  [[nodiscard]] std::uint32_t stride() const { return layout_->stride; }
  [[nodiscard]] EntryLook Look(const std::uint8_t* entry, BigAllocation& out) const {
    const std::uint32_t pointer = layout_->is_64bit ? 8 : 4;
    const std::uint64_t va = Word(entry, pointer);
    if (va == kNeverUsed) return EntryLook::kFree;
    out.address = VirtAddr{va & ~kFreeBit};
    out.tag = PoolTag{static_cast<std::uint32_t>(Word(entry + pointer, 4))};
    const bool in_pages = layout_->size_counts == BigPageSize::kPages;
    out.bytes = in_pages ? Word(entry + layout_->size, 4) * kPageSize : Word(entry + layout_->size, pointer);
    if (out.address.page_offset() != 0 || out.address < kernel_base_) return EntryLook::kBad;
    ReadSlush(entry, out);
    ReadKind(entry, out);
    const bool sound = TagIsPrintable(out.tag.value) && out.bytes != 0 && out.bytes <= kMostBytes;
    if ((va & kFreeBit) != 0) return sound ? EntryLook::kFreed : EntryLook::kFree;
    return sound ? EntryLook::kLive : EntryLook::kBad;
  }

 private:
  void ReadSlush(const std::uint8_t* entry, BigAllocation& out) const {
    if (layout_->slush == 0) return;
    const std::uint64_t word = Word(entry + layout_->slush, 4);
    out.slush = static_cast<std::uint16_t>(word >> kSlushSizeShift);
    out.pattern = static_cast<std::uint8_t>(word & kSlushPatternBits);
  }
  void ReadKind(const std::uint8_t* entry, BigAllocation& out) const {
    if (layout_->pool_type == 0) return;
    const std::uint64_t word = Word(entry + layout_->pool_type, 4);
    out.kind = KindOfPoolType(static_cast<std::uint32_t>(word >> layout_->pool_type_shift & kBigPoolTypeBits));
  }
  static std::uint64_t Word(const std::uint8_t* p, std::uint32_t size) {
    std::uint64_t value = 0;
    for (std::uint32_t i = 0; i < size; ++i) value |= std::uint64_t{p[i]} << (8 * i);
    return value;
  }

  const BigPageEntryLayout* layout_;
  VirtAddr kernel_base_;
};

std::vector<EntryReader> ReadersFor(const AddressSpace& space, std::optional<std::uint32_t> build) {
  const bool is_64bit = PointerSize(space.machine()) == 8;
  std::vector<EntryReader> readers;
  for (const BigPageEntryLayout& layout : kBigPageEntryLayouts)
    if (layout.is_64bit == is_64bit && (!build || (*build >= layout.first_build && *build <= layout.last_build)))
      readers.emplace_back(layout, space.kernel_base());
  return readers;
}

/// The first page holds nothing but entries.
bool StartsLikeTable(const AddressSpace& space, VirtAddr table, const EntryReader& reader) {
  const PageBytes page = space.Page(table);
  if (page.presence != Presence::kPresent) return false;
  BigAllocation entry;
  for (std::size_t at = 0; at + reader.stride() <= page.bytes.size(); at += reader.stride())
    if (reader.Look(page.bytes.data() + at, entry) == EntryLook::kBad) return false;
  return true;
}

void Keep(std::vector<BigAllocation>& list, const BigAllocation& entry) {
  if (list.size() < kMostBigAllocations) list.push_back(entry);
}

void SortByAddress(std::vector<BigAllocation>& list) {
  std::stable_sort(list.begin(), list.end(),
                   [](const BigAllocation& a, const BigAllocation& b) { return a.address < b.address; });
}

/// The entries in use from `table` on, up to the first that is none. Entries lie across page boundaries, so what is
/// left of a page is carried to the next.
BigPageTable ReadEntries(const AddressSpace& space, VirtAddr table, const EntryReader& reader) {
  BigPageTable entries;
  std::vector<std::uint8_t> bytes;
  for (std::uint64_t at = 0; at < kMostTableBytes; at += kPageSize) {
    const PageBytes page = space.Page(table + at);
    if (page.presence != Presence::kPresent) return entries;
    bytes.insert(bytes.end(), page.bytes.begin(), page.bytes.end());
    std::size_t used = 0;
    for (; used + reader.stride() <= bytes.size(); used += reader.stride()) {
      BigAllocation entry;
      const EntryLook look = reader.Look(bytes.data() + used, entry);
      if (look == EntryLook::kBad) return entries;
      if (look == EntryLook::kLive) Keep(entries.live, entry);
      if (look == EntryLook::kFreed) Keep(entries.last_owners, entry);
    }
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(used));
  }
  return entries;
}

/// Page-aligned kernel addresses that variables near nt!PoolTrackTable hold, in order; where symbols name the variable,
/// what that holds.
std::vector<VirtAddr> Candidates(const AddressSpace& space, const System& system) {
  if (const auto named = system.pool_big_page_table ? space.ReadPointer(*system.pool_big_page_table) : std::nullopt)
    return {*named};
  if (!system.pool_track_table || system.pool_track_table->page().value < space.kernel_base().value + 2 * kPageSize)
    return {};
  const VirtAddr track_table = *system.pool_track_table;
  constexpr std::uint64_t kReach = 0x2000;  // bytes to either side: 40 on Windows 7, some 5,200 on Windows 8
  const std::uint32_t pointer = PointerSize(space.machine());
  std::vector<VirtAddr> out;
  std::set<std::uint64_t> seen;
  for (VirtAddr at = track_table - kReach; at < track_table + kReach; at = at + pointer) {
    const auto value = space.ReadPointer(at);
    if (!value || value->page_offset() != 0 || *value < space.kernel_base()) continue;
    if (seen.insert(value->value).second) out.push_back(*value);
  }
  return out;
}

}  // namespace

BigPageTable ReadBigPageTable(const AddressSpace& space, const System& system) {
  BigPageTable best;
  int tables = 0;
  for (const VirtAddr table : Candidates(space, system))
    for (const EntryReader& reader : ReadersFor(space, system.build)) {
      if (!StartsLikeTable(space, table, reader) || ++tables > kMostTables) continue;
      BigPageTable entries = ReadEntries(space, table, reader);
      if (entries.live.size() > best.live.size()) best = std::move(entries);
    }
  SortByAddress(best.live);
  SortByAddress(best.last_owners);
  const auto same = [](const BigAllocation& a, const BigAllocation& b) { return a.address == b.address; };
  best.live.erase(std::unique(best.live.begin(), best.live.end(), same), best.live.end());
  return best;
}

namespace {

bool Holds(const BigAllocation& allocation, VirtAddr address) {
  const std::uint64_t rounded = (allocation.bytes + kPageSize - 1) / kPageSize * kPageSize;
  return address - allocation.address < rounded;
}

auto FirstBehind(const std::vector<BigAllocation>& sorted, VirtAddr address) {
  return std::upper_bound(sorted.begin(), sorted.end(), address,
                          [](VirtAddr at, const BigAllocation& entry) { return at < entry.address; });
}

}  // namespace

const BigAllocation* FindBigAllocation(const std::vector<BigAllocation>& sorted, VirtAddr address) {
  const auto behind = FirstBehind(sorted, address);
  return behind != sorted.begin() && Holds(*(behind - 1), address) ? &*(behind - 1) : nullptr;
}

const BigAllocation* FindLastOwner(const std::vector<BigAllocation>& last_owners, VirtAddr address) {
  const BigAllocation* found = nullptr;
  auto at = FirstBehind(last_owners, address);
  for (std::size_t n = 0; at != last_owners.begin() && n < kMostLastOwners; ++n) {
    const BigAllocation& owner = *--at;
    if (!Holds(owner, address)) continue;
    if (found != nullptr && found->tag.value != owner.tag.value) return nullptr;
    if (found == nullptr) found = &owner;
  }
  return found;
}

}  // namespace poolblame
