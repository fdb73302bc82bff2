// nt!PoolBigPageTable: whose allocations of a page and more are, where they begin and how long they are. They have no
// header, so nothing else says so. No symbols are needed: the debugger data block names nt!PoolTrackTable, the pointer
// to the table is a variable not far from it, and a table is known by its entries.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "parser/base/address.h"
#include "parser/base/pool_tag.h"
#include "parser/image/address_space.h"
#include "parser/kernel/system.h"

namespace poolblame {

struct BigAllocation {
  VirtAddr address{};
  std::uint64_t bytes = 0;  // as requested; whole pages before Vista
  PoolTag tag;
};

/// The live allocations by address, each once. Empty where the image has no table, or none that looks like one.
/// Cost: 2,048 pointers looked at (x86: 4,096), then each page of the table; at most kMostBigAllocations are kept.
std::vector<BigAllocation> ReadBigPageTable(const AddressSpace& space, const System& system);

inline constexpr std::size_t kMostBigAllocations = std::size_t{1} << 18;  // 6 MiB

/// The allocation that holds `address`, the rest of its last page included; nullptr when there is none.
/// `sorted` is by address. Cost: a binary search.
const BigAllocation* FindBigAllocation(const std::vector<BigAllocation>& sorted, VirtAddr address);

}  // namespace poolblame
