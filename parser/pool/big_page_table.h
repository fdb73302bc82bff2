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
  std::uint16_t slush = 0;             // SlushSize, bytes; 0 where the build has none
  std::uint8_t pattern = 0;            // Pattern
  PoolKind kind = PoolKind::kUnknown;  // by its PoolType, where the entry has one that is understood
};

struct BigPageTable {
  std::vector<BigAllocation> live;         // by address, each once
  std::vector<BigAllocation> last_owners;  // of memory that was freed: by address, the same one possibly several times
};

/// The allocations that the table has. Empty where the image has no table, or none that looks like one.
/// Cost: 2,048 pointers looked at (x86: 4,096), then each page of the table; at most kMostBigAllocations of either kind
/// are kept.
BigPageTable ReadBigPageTable(const AddressSpace& space, const System& system);

inline constexpr std::size_t kMostBigAllocations = std::size_t{1} << 18;  // 8 MiB

/// The allocation that holds `address`, the rest of its last page included; nullptr when there is none.
/// `sorted` is by address, none lies in another. Cost: a binary search.
const BigAllocation* FindBigAllocation(const std::vector<BigAllocation>& sorted, VirtAddr address);

/// Who had the memory at `address` before it was freed; nullptr where the table has nobody, or several who differ in
/// tag: which of them was the last it does not say. Cost: up to kMostLastOwners entries looked at.
const BigAllocation* FindLastOwner(const std::vector<BigAllocation>& last_owners, VirtAddr address);

inline constexpr std::size_t kMostLastOwners = 256;  // below an address: freed allocations may lie over each other

}  // namespace poolblame
