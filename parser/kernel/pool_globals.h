// What the debugger data block leads to: the ranges of the pools and the heads of their free lists. Nothing is
// believed that does not look right, because the fields mean less with every Windows.
#pragma once

#include <optional>
#include <vector>

#include "parser/format/debugger_block.h"
#include "parser/kernel/system.h"

namespace poolblame {

/// Ranges from MmNonPagedPoolStart … MmPagedPoolEnd; empty where the variables are zero, absent or implausible (normal
/// from Windows 8 on, whose kernel address space is dynamic).
std::vector<PoolRegion> ReadPoolRegions(const AddressSpace& space, const DebuggerBlock& block);

/// ListHeads of the nonpaged and the paged pool descriptors. A candidate counts only if most of its 256 or 512 entries
/// look like list heads: empty (they point to themselves) or pointing to kernel addresses that point back.
std::vector<PoolListHeads> ReadPoolListHeads(const AddressSpace& space, const DebuggerBlock& block,
                                             std::optional<std::uint32_t> build);

}  // namespace poolblame
