// What is left behind a big allocation up to its last page's end. From Windows 10 on nt!PoolBigPageTable has two fields
// for it, SlushSize and Pattern. Nobody has published what the kernel does with them, so that these bytes hold that
// pattern is believed only where enough of the image's allocations show it.
#pragma once

#include <vector>

#include "parser/image/address_space.h"
#include "parser/pool/big_page_table.h"
#include "parser/pool/pool_page.h"

namespace poolblame {

/// The pages whose slush is not what its pattern says, by address, with nothing else of them looked at; none where the
/// image does not keep the rule. Cost: one page an allocation.
std::vector<PoolPage> DamagedSlush(const AddressSpace& space, const std::vector<BigAllocation>& live,
                                   const PoolHeaderLayout& layout);

}  // namespace poolblame
