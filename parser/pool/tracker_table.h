// nt!PoolTrackTable: what the kernel itself counted for each tag, which PoolMon shows on a running system. Found
// without symbols through the debugger data block; believed only where its entries look like tags with counts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parser/base/address.h"
#include "parser/base/pool_tag.h"
#include "parser/image/address_space.h"
#include "parser/kernel/system.h"

namespace poolblame {

struct TrackerCount {
  std::uint64_t allocs = 0, frees = 0;  // since boot; where counters are 32-bit, modulo 2^32
  std::int64_t outstanding = 0;         // their difference, a wrapped counter aside
  std::uint64_t bytes = 0;              // outstanding
};

struct TrackedTag {
  PoolTag tag;
  TrackerCount nonpaged, paged;
};

struct TrackerTable {
  VirtAddr address{};
  std::uint64_t entries = 0;     // that were read, unused ones included
  bool size_known = false;       // the kernel's own number of them; else the table ends where entries stop making sense
  std::uint64_t odd = 0;         // entries that are none, left out
  std::vector<TrackedTag> tags;  // by tag; used entries, each tag once
};

struct TrackerReading {
  std::optional<TrackerTable> table;
  std::string why_not;  // one sentence where there is none
};

/// Session pools have tables of their own, and what does not fit a table goes to an expansion table that nothing names:
/// neither is read. Cost: the table's pages; at most kMostTrackerEntries.
TrackerReading ReadTrackerTable(const AddressSpace& space, const System& system);

inline constexpr std::uint64_t kMostTrackerEntries = 100'000;  // Volatility's bound; seen: 1,024 to 8,192

}  // namespace poolblame
