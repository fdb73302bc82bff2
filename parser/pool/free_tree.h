// The tree of free chunks, edge by edge: a child names its parent and the parent the child. Of two pointers that
// contradict each other a third decides which is the wrong one, and what must stand there. No walk from the root is
// needed, so a damaged node hides nothing below it.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "parser/pool/heap_free_state.h"
#include "parser/pool/heap_roots.h"
#include "parser/pool/segment_heap.h"

namespace poolblame {

/// RTL_BALANCED_NODE
struct TreeNode {
  std::uint64_t address = 0;
  std::uint64_t left = 0, right = 0, parent = 0;  // parent without its colour bits
};

class FreeTreeChecker {
 public:
  FreeTreeChecker(const AddressSpace& space, const SegmentHeap& heap, const HeapRoots& roots);

  /// Adds the pointers that the edges of this free chunk's node show to be wrong: its own or its neighbours'. Cost: up
  /// to six nodes are read.
  void Check(const VsSubsegment& subsegment, const VsChunk& chunk, std::vector<TreeFault>& faults) const;

 private:
  [[nodiscard]] std::optional<TreeNode> ReadNode(std::uint64_t address) const;
  [[nodiscard]] bool IsFreeChunk(std::uint64_t node) const;
  [[nodiscard]] std::uint32_t UnitsOf(std::uint64_t node) const;
  [[nodiscard]] bool Answers(std::uint64_t child, std::uint64_t parent) const;
  void CheckChild(const TreeNode& node, std::uint64_t at, std::uint64_t child, std::vector<TreeFault>& faults) const;
  void CheckParent(const TreeNode& node, std::vector<TreeFault>& faults) const;
  void BlameParent(const TreeNode& node, const TreeNode& parent, std::vector<TreeFault>& faults) const;

  const AddressSpace& space_;
  const SegmentHeap& heap_;
  std::set<std::uint64_t> roots_;        // nodes without a parent
  std::set<std::uint64_t> whole_heaps_;  // heaps of which all roots are known
};

/// The faults in order, each place once; those that say what must stand there go before those that do not. Empty where
/// so many of `nodes` are contradicted that the tree is not read rightly.
std::vector<TreeFault> SettleTreeFaults(std::vector<TreeFault> faults, std::uint64_t nodes);

}  // namespace poolblame
