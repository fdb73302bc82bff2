// What is left behind a big allocation up to its last page's end. From Windows 10 on nt!PoolBigPageTable has two fields
// for it, SlushSize and Pattern. Nobody has published what the kernel does with them, so that these bytes hold that
// pattern is believed only where enough of the image's allocations show it.
#pragma once

#include <vector>

#include "parser/image/address_space.h"
#include "parser/pool/big_page_table.h"
#include "parser/pool/heap_structure.h"

namespace poolblame {

/// The slushes that are not what their pattern says, by address; none where the image does not keep the rule. Cost: one
/// page an allocation.
std::vector<HeapStructure> CheckSlush(const AddressSpace& space, const std::vector<BigAllocation>& live);

}  // namespace poolblame
