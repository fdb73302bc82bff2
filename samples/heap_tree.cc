// Source: RTL_BALANCED_NODE and RTL_RB_TREE in public PDB dumps. The real tree is balanced by the order of its
// history; any red-black tree over the same nodes is one that it could have become.
#include "samples/heap_tree.h"

#include <bit>

namespace poolblame::samples {
namespace {

constexpr std::uint64_t kRed = 1;      // in ParentValue
constexpr std::uint64_t kEncoded = 1;  // in the tree's second word

/// The middle node roots its half; nodes of the last level that is not full are red, all others black.
std::uint64_t WriteHalf(KernelMemory& memory, std::span<const std::uint64_t> nodes, std::uint64_t parent,
                        unsigned full_levels) {
  if (nodes.empty()) return 0;
  const std::size_t middle = nodes.size() / 2;
  const std::uint64_t node = nodes[middle];
  const unsigned below = full_levels == 0 ? 0 : full_levels - 1;
  memory.Write64(node, WriteHalf(memory, nodes.first(middle), node, below));
  memory.Write64(node + 8, WriteHalf(memory, nodes.subspan(middle + 1), node, below));
  memory.Write64(node + 16, parent | (full_levels == 0 ? kRed : 0));
  return node;
}

}  // namespace

void WriteTree(KernelMemory& memory, std::uint64_t tree, std::span<const std::uint64_t> nodes, bool encoded) {
  const auto full_levels = static_cast<unsigned>(std::bit_width(nodes.size() + 1) - 1);
  const std::uint64_t root = WriteHalf(memory, nodes, 0, full_levels);
  memory.Write64(tree, encoded ? root ^ tree : root);
  memory.Write64(tree + 8, (nodes.empty() ? 0 : nodes.front()) | (encoded ? kEncoded : 0));
}

}  // namespace poolblame::samples
