#include "parser/pool/tracker_table.h"

#include <algorithm>
#include <map>

#include "parser/format/pool_tracker.h"
#include "parser/pool/header_reader.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kFewestTags = 8;                      // Windows has some hundreds when it has started
constexpr std::uint64_t kMostCalls = std::uint64_t{1} << 48;  // of one tag: a million a second for nine years
constexpr std::uint64_t kMostTrackedBytes = std::uint64_t{1}
                                            << 44;  // outstanding: 16 TiB, the largest pool there may be
constexpr std::uint64_t kOddAmongUsed = 16;         // one entry in so many may be damaged

enum class TrackerLook { kUnused, kUsed, kOdd };

std::uint64_t Number(const std::uint8_t* at, std::uint32_t bytes) {
  std::uint64_t value = 0;
  for (std::uint32_t i = 0; i < bytes; ++i) value |= std::uint64_t{at[i]} << (8 * i);
  return value;
}

class TrackerReader {
 public:
  explicit TrackerReader(const TrackerLayout& layout) : layout_(&layout) {}

  [[nodiscard]] std::uint32_t stride() const { return layout_->stride; }
  [[nodiscard]] TrackerLook Look(const std::uint8_t* entry, TrackedTag& out) const {
    out.tag = PoolTag{static_cast<std::uint32_t>(Number(entry, 4))}.name();
    out.nonpaged = CountAt(entry, layout_->nonpaged);
    out.paged = CountAt(entry, layout_->paged);
    if (out.tag.value == 0) {
      const bool empty = std::all_of(entry, entry + layout_->stride, [](std::uint8_t byte) { return byte == 0; });
      return empty ? TrackerLook::kUnused : TrackerLook::kOdd;
    }
    return TagIsPrintable(out.tag.value) && IsSane(out.nonpaged) && IsSane(out.paged) ? TrackerLook::kUsed
                                                                                      : TrackerLook::kOdd;
  }

 private:
  [[nodiscard]] TrackerCount CountAt(const std::uint8_t* entry, const TrackerCountLayout& places) const {
    TrackerCount count;
    count.allocs = Number(entry + places.allocs, layout_->counter_bytes);
    count.frees = Number(entry + places.frees, layout_->counter_bytes);
    count.bytes = Number(entry + places.bytes, layout_->is_64bit ? 8 : 4);
    const std::uint64_t difference = count.allocs - count.frees;
    count.outstanding = layout_->counter_bytes == 4 ? static_cast<std::int32_t>(static_cast<std::uint32_t>(difference))
                                                    : static_cast<std::int64_t>(difference);
    return count;
  }
  static bool IsSane(const TrackerCount& count) {
    return count.allocs < kMostCalls && count.frees < kMostCalls && count.bytes < kMostTrackedBytes;
  }

  const TrackerLayout* layout_;
};

std::vector<TrackerReader> TrackerReadersFor(const AddressSpace& space, std::optional<std::uint32_t> build) {
  const bool is_64bit = PointerSize(space.machine()) == 8;
  std::vector<TrackerReader> readers;
  for (const TrackerLayout& layout : kTrackerLayouts)
    if (layout.is_64bit == is_64bit && (!build || (*build >= layout.first_build && *build <= layout.last_build)))
      readers.emplace_back(layout);
  return readers;
}

/// PoolTrackTableSize, where it is known to lie before the table's variable and may be one.
std::optional<std::uint64_t> StatedSize(const AddressSpace& space, const System& system) {
  const bool known =
      system.build && *system.build >= kFirstBuildWithTrackerSize && *system.build <= kLastBuildWithTrackerSize;
  const auto size = space.ReadPointer(*system.pool_track_table - PointerSize(space.machine()));
  if (!known || !size || size->value < kFewestTags || size->value > kMostTrackerEntries) return std::nullopt;
  return size->value;
}

void Merge(std::map<std::uint32_t, TrackedTag>& tags, const TrackedTag& entry) {
  const auto [known, is_new] = tags.try_emplace(entry.tag.value, entry);
  if (is_new) return;
  const auto add = [](TrackerCount& to, const TrackerCount& from) {
    to.allocs += from.allocs;
    to.frees += from.frees;
    to.outstanding += from.outstanding;
    to.bytes += from.bytes;
  };
  add(known->second.nonpaged, entry.nonpaged);
  add(known->second.paged, entry.paged);
}

/// Entries lie across page boundaries, so what is left of a page is carried to the next.
TrackerTable ReadTrackerEntries(const AddressSpace& space, VirtAddr address, const TrackerReader& reader,
                                std::optional<std::uint64_t> size) {
  TrackerTable table;
  table.address = address;
  table.size_known = size.has_value();
  std::map<std::uint32_t, TrackedTag> tags;
  std::vector<std::uint8_t> bytes;
  const std::uint64_t most = size.value_or(kMostTrackerEntries);
  bool ended = false;
  for (VirtAddr at = address; !ended && table.entries < most; at = at.page() + kPageSize) {
    const PageBytes page = space.Page(at);
    if (page.presence != Presence::kPresent) break;
    bytes.insert(bytes.end(), page.bytes.begin() + static_cast<std::ptrdiff_t>(at.page_offset()), page.bytes.end());
    std::size_t used = 0;
    for (; used + reader.stride() <= bytes.size() && table.entries < most; used += reader.stride()) {
      TrackedTag entry;
      const TrackerLook look = reader.Look(bytes.data() + used, entry);
      if (look == TrackerLook::kUsed) Merge(tags, entry);
      if (look == TrackerLook::kOdd && !size) {
        ended = true;
        break;
      }
      table.odd += look == TrackerLook::kOdd ? 1 : 0;
      ++table.entries;
    }
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(used));
  }
  for (const auto& [key, tag] : tags) table.tags.push_back(tag);
  return table;
}

bool IsBelieved(const TrackerTable& table) {
  return table.tags.size() >= kFewestTags && table.odd * kOddAmongUsed <= table.tags.size();
}

}  // namespace

TrackerReading ReadTrackerTable(const AddressSpace& space, const System& system) {
  if (!system.pool_track_table) return {std::nullopt, "no debugger data block says where nt!PoolTrackTable is"};
  if (system.pool_track_table->value - space.kernel_base().value < PointerSize(space.machine()))
    return {std::nullopt, "nt!PoolTrackTable is said to be where no variable can be"};
  const auto address = space.ReadPointer(*system.pool_track_table);
  if (!address) return {std::nullopt, "nt!PoolTrackTable is not in the image"};
  if (*address < space.kernel_base()) return {std::nullopt, "nt!PoolTrackTable leads to no table"};
  const std::vector<TrackerReader> readers = TrackerReadersFor(space, system.build);
  if (readers.empty()) return {std::nullopt, "how this Windows writes its tracker table is not known"};
  std::optional<TrackerTable> best;
  for (const TrackerReader& reader : readers) {
    TrackerTable table = ReadTrackerEntries(space, *address, reader, StatedSize(space, system));
    if (IsBelieved(table) && (!best || table.tags.size() > best->tags.size())) best = std::move(table);
  }
  if (!best) return {std::nullopt, "what nt!PoolTrackTable leads to is not in the image, or no table of tags"};
  return {std::move(best), ""};
}

}  // namespace poolblame
