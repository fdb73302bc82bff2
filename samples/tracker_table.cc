// POOL_TRACKER_TABLE: PDB-derived structure tables (vergilius, ntdiff); that PoolTrackTableSize lies before
// PoolTrackTable: Volatility 2's pooltracker. Unsure: where a tag's search begins (here Key * 0x9E5F), and whether
// large blocks of a segment heap count in whole pages, as older ones do.
#include "samples/tracker_table.h"

#include <array>

namespace poolblame::samples {
namespace {

constexpr std::uint64_t kEntries = 128;  // a power of two; real ones are larger
constexpr std::uint32_t kHash = 0x9E5F;

/// Offsets of one pool's three numbers.
struct CountPlaces {
  std::uint32_t allocs, frees, bytes;
};

struct TrackerRow {
  std::uint32_t first_build;
  bool x64;
  std::uint32_t stride, counter_bytes;
  CountPlaces nonpaged, paged;
};

constexpr std::array<TrackerRow, 5> kRows = {{
    {2600, false, 0x1C, 4, {0x04, 0x08, 0x0C}, {0x10, 0x14, 0x18}},
    {3790, true, 0x28, 4, {0x04, 0x08, 0x10}, {0x18, 0x1C, 0x20}},
    {16299, false, 0x30, 8, {0x08, 0x10, 0x04}, {0x20, 0x28, 0x18}},
    {16299, true, 0x38, 8, {0x10, 0x18, 0x08}, {0x28, 0x30, 0x20}},
    {20348, true, 0x50, 8, {0x10, 0x18, 0x08}, {0x28, 0x30, 0x20}},
}};

const TrackerRow& RowFor(const WindowsProfile& profile) {
  const TrackerRow* row = nullptr;
  for (const TrackerRow& candidate : kRows)
    if (candidate.x64 == profile.x64 && candidate.first_build <= profile.build) row = &candidate;
  return *row;
}

class Writer {
 public:
  Writer(KernelMemory& memory, const TrackerRow& row, std::uint64_t table)
      : memory_(memory), row_(row), table_(table) {}

  void Add(std::uint32_t tag, bool paged, const TagCount& count) {
    const std::uint64_t at = EntryOf(tag);
    if (at == 0) return;
    memory_.Write32(at, tag);
    const CountPlaces& places = paged ? row_.paged : row_.nonpaged;
    AddCounter(at + places.allocs, count.allocs);
    AddCounter(at + places.frees, count.frees);
    memory_.WritePointer(at + places.bytes, memory_.ReadPointer(at + places.bytes) + count.bytes);
  }

 private:
  /// Linear from the tag's hash on; 0 when the table is full.
  [[nodiscard]] std::uint64_t EntryOf(std::uint32_t tag) const {
    const std::uint64_t start = std::uint64_t{tag} * kHash;
    for (std::uint64_t i = 0; i < kEntries; ++i) {
      const std::uint64_t at = table_ + (start + i) % kEntries * row_.stride;
      const std::uint32_t key = KeyAt(at);
      if (key == 0 || key == tag) return at;
    }
    return 0;
  }
  [[nodiscard]] std::uint32_t KeyAt(std::uint64_t at) const { return Number(at, 4); }
  [[nodiscard]] std::uint32_t Number(std::uint64_t at, std::size_t bytes) const {
    std::uint32_t value = 0;
    const Bytes read = memory_.Read(at, bytes);
    for (std::size_t i = 0; i < bytes; ++i) value |= std::uint32_t{read[i]} << (8 * i);
    return value;
  }
  void AddCounter(std::uint64_t at, std::uint64_t number) {
    memory_.Write32(at, Number(at, 4) + static_cast<std::uint32_t>(number));
    if (row_.counter_bytes == 8) memory_.Write32(at + 4, 0);
  }

  KernelMemory& memory_;
  const TrackerRow& row_;
  std::uint64_t table_;
};

}  // namespace

void WriteTrackerTable(Machine& machine, std::uint64_t variable) {
  KernelMemory& memory = machine.memory();
  const TrackerRow& row = RowFor(machine.profile());
  const std::uint64_t table = machine.layout().nt_lists + 0xA000;
  for (std::uint64_t at = 0; at < kEntries * row.stride; at += kPage)
    if (!memory.MapNew(table + at)) return;
  Writer writer(memory, row, table);
  for (const auto& pool : machine.pools()) {
    if (pool->setup().kind == PoolKind::kSession) continue;
    for (const auto& [tag, count] : pool->tracker().counts())
      writer.Add(tag, pool->setup().kind == PoolKind::kPaged, count);
  }
  memory.WritePointer(variable, table);
  memory.WritePointer(variable - memory.pointer_size(), kEntries);
}

}  // namespace poolblame::samples
