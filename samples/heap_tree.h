// RTL_RB_TREE and its nodes, as free VS chunks and free page ranges form them.
#pragma once

#include <cstdint>
#include <span>

#include "samples/kernel_memory.h"

namespace poolblame::samples {

/// Links the nodes, given in the tree's order, into a red-black tree as balanced as can be, and writes root and
/// leftmost node at `tree`. `encoded`: the root is XORed with the tree's address, and bit 0 of the second word says so.
void WriteTree(KernelMemory& memory, std::uint64_t tree, std::span<const std::uint64_t> nodes, bool encoded);

}  // namespace poolblame::samples
