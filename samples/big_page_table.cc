// POOL_TRACKER_BIG_PAGES: PDB-derived structure tables; distances between PoolTrackTable and PoolBigPageTable from
// Volatility 2's bigpagepools.
#include "samples/big_page_table.h"

namespace poolblame::samples {
namespace {

/// One row: address (bit 0 set: the owner has gone), tag, type, size. From Windows 10 on the type has its 12 bits
/// between the pattern and the slack of the last page, which this machine leaves zero unless it fills that slack, and
/// from 20348 on in any case (unsure: only the distance of the rows is known).
void WriteBigPageEntry(KernelMemory& memory, const WindowsProfile& profile, std::uint64_t at, const BigAllocation& big,
                       const Pool& pool, bool freed) {
  const std::uint32_t pointer = profile.pointer_size();
  memory.WritePointer(at, big.va | (freed ? 1U : 0U));
  memory.Write32(at + pointer, big.tag);
  const bool pages = profile.build < 6000;
  std::uint32_t type = pool.base_type();
  constexpr std::uint32_t kWindows10 = 10240;
  if (profile.build >= kWindows10) type = (type | (pool.setup().kind == PoolKind::kNonPagedNx ? 0x200U : 0U)) << 8;
  constexpr std::uint32_t kNoSlush = 20348;
  if (profile.build < kNoSlush) type |= big.pattern | std::uint32_t{big.slush} << 20;
  memory.Write32(at + pointer + 4, pages ? (big.bytes + 0xFFFU) / 0x1000U : type);
  if (!pages) memory.WritePointer(at + pointer + 8, big.bytes);
}

}  // namespace

void WriteBigPageTable(Machine& machine, std::uint64_t track_table_variable) {
  KernelMemory& memory = machine.memory();
  const WindowsProfile& profile = machine.profile();
  const std::uint64_t table = machine.layout().nt_lists + 0x8000;
  const std::uint64_t entries = 2 * kPage / profile.big_page_entry;
  if (!memory.MapNew(table) || !memory.MapNew(table + kPage)) return;
  const std::uint32_t pointer = profile.pointer_size();
  std::uint64_t at = table;
  for (std::uint64_t i = 0; i < entries; ++i) memory.WritePointer(table + i * profile.big_page_entry, 1);
  for (const auto& pool : machine.pools()) {
    for (const bool freed : {false, true}) {
      for (const BigAllocation& big : freed ? pool->freed_big() : pool->big()) {
        if (at + profile.big_page_entry > table + 2 * kPage) return;
        WriteBigPageEntry(memory, profile, at, big, *pool, freed);
        at += profile.big_page_entry;
      }
    }
  }
  const std::uint64_t before = profile.x64 ? (profile.build < 6000 ? 48 : 40) : (profile.build < 6000 ? 24 : 20);
  memory.WritePointer(track_table_variable - before, table);
  memory.WritePointer(track_table_variable - before - pointer, entries);
}

}  // namespace poolblame::samples
