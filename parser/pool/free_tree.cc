#include "parser/pool/free_tree.h"

#include <algorithm>
#include <utility>

#include "parser/base/little_endian.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kLeft = 0x00, kRight = 0x08, kParent = 0x10;
constexpr std::uint64_t kColour = 7;  // nodes are aligned to 8; the low bits of ParentValue are the colour

struct WireNode {
  /* 0x00 */ Le64 Left;
  /* 0x08 */ Le64 Right;
  /* 0x10 */ Le64 ParentValue;
};
static_assert(sizeof(WireNode) == 0x18);

/// A node lies behind the first word of a chunk header, and chunks are aligned. `holder`: the node that names it.
bool IsNodeAddress(std::uint64_t value, std::uint64_t holder) {
  return value >= HeapLowest(holder) && value % kChunkUnit == kChunkTreeNode;
}

}  // namespace

FreeTreeChecker::FreeTreeChecker(const AddressSpace& space, const SegmentHeap& heap, const HeapRoots& roots)
    : space_(space), heap_(heap) {
  std::set<std::uint64_t> unreadable;
  for (const VsRoots& vs : roots.vs) {
    const auto root = RootNode(space, vs);
    if (!root) unreadable.insert(vs.heap.value);
    if (root) roots_.insert(*root);
    whole_heaps_.insert(vs.heap.value);
  }
  for (const std::uint64_t heap_address : unreadable) whole_heaps_.erase(heap_address);
}

std::optional<TreeNode> FreeTreeChecker::ReadNode(std::uint64_t address) const {
  const auto wire = space_.Read<WireNode>(VirtAddr{address});
  if (!wire) return std::nullopt;
  return TreeNode{address, wire->Left, wire->Right, wire->ParentValue & ~kColour};
}

/// Its header decodes to that of a free chunk, which 15 bits of it say.
bool FreeTreeChecker::IsFreeChunk(std::uint64_t node) const {
  if (!IsNodeAddress(node, node)) return false;
  const PageRange* range = heap_.RangeAt(VirtAddr{node});
  const auto word = space_.Read<Le64>(VirtAddr{node - kChunkTreeNode});
  if (range == nullptr || range->kind != RangeKind::kVs || !word) return false;
  const ChunkSizes sizes = DecodeChunk(*word, heap_.heap_key()->key, node - kChunkTreeNode);
  return sizes.rest == 0 && sizes.Allocated == 0 && sizes.UnsafeSize != 0;
}

std::uint32_t FreeTreeChecker::UnitsOf(std::uint64_t node) const {
  const std::uint64_t word = space_.Read<Le64>(VirtAddr{node - kChunkTreeNode}).value_or(Le64{});
  return DecodeChunk(word, heap_.heap_key()->key, node - kChunkTreeNode).UnsafeSize;
}

bool FreeTreeChecker::Answers(std::uint64_t child, std::uint64_t parent) const {
  const auto node = ReadNode(child);
  return node && node->parent == parent;
}

void FreeTreeChecker::CheckChild(const TreeNode& node, std::uint64_t at, std::uint64_t child,
                                 std::vector<TreeFault>& faults) const {
  if (child == 0) return;
  if (!IsNodeAddress(child, node.address)) return faults.push_back({at, std::nullopt});
  const auto other = ReadNode(child);
  // A smashed chunk is told by its header; that its node does not answer is no second fault.
  if (!other || other->parent == node.address || !IsFreeChunk(child)) return;
  const bool is_root = other->parent == 0 && roots_.contains(child);
  const auto claimed = IsFreeChunk(other->parent) ? ReadNode(other->parent) : std::nullopt;
  if (is_root || (claimed && (claimed->left == child || claimed->right == child)))
    faults.push_back({at, std::nullopt});
  else
    faults.push_back({child + kParent, node.address});
}

/// Which of its pointers should lead to `node`: not one that is answered; of two that lead nowhere, or to the same
/// node, the one on the side that the node's size belongs to.
void FreeTreeChecker::BlameParent(const TreeNode& node, const TreeNode& parent, std::vector<TreeFault>& faults) const {
  const auto blame = [&](bool left) { faults.push_back({parent.address + (left ? kLeft : kRight), node.address}); };
  const auto before = [&](std::uint64_t other) {
    return std::pair(UnitsOf(node.address), node.address) < std::pair(UnitsOf(other), other);
  };
  const bool left_good = parent.left != 0 && Answers(parent.left, parent.address);
  const bool right_good = parent.right != 0 && Answers(parent.right, parent.address);
  if (parent.left == parent.right) return blame(before(parent.left == 0 ? parent.address : parent.left));
  if (left_good && right_good) return faults.push_back({node.address + kParent, std::nullopt});
  if (left_good != right_good) return blame(right_good);
  if (parent.left == 0 || parent.right == 0) blame(parent.left != 0);
  // Else both lead astray, which the parent's own check tells.
}

void FreeTreeChecker::CheckParent(const TreeNode& node, std::vector<TreeFault>& faults) const {
  const std::uint64_t at = node.address + kParent;
  if (node.parent == 0) {
    const auto heap = heap_.HeapOf(VirtAddr{node.address});
    if (heap && whole_heaps_.contains(heap->value) && !roots_.contains(node.address)) faults.push_back({at, {}});
    return;
  }
  if (!IsNodeAddress(node.parent, node.address)) return faults.push_back({at, std::nullopt});
  const auto parent = ReadNode(node.parent);
  if (!parent || parent->left == node.address || parent->right == node.address) return;
  if (IsFreeChunk(node.parent)) BlameParent(node, *parent, faults);
}

void FreeTreeChecker::Check(const VsSubsegment& subsegment, const VsChunk& chunk,
                            std::vector<TreeFault>& faults) const {
  const auto node = ReadNode((subsegment.address + chunk.offset + kChunkTreeNode).value);
  if (!node) return;
  CheckChild(*node, node->address + kLeft, node->left, faults);
  CheckChild(*node, node->address + kRight, node->right, faults);
  CheckParent(*node, faults);
}

std::vector<TreeFault> SettleTreeFaults(std::vector<TreeFault> faults, std::uint64_t nodes) {
  std::sort(faults.begin(), faults.end(), [](const TreeFault& a, const TreeFault& b) {
    if (a.at != b.at) return a.at < b.at;
    return b.expected < a.expected;  // one with a value goes before one without
  });
  const auto same = [](const TreeFault& a, const TreeFault& b) { return a.at == b.at; };
  faults.erase(std::unique(faults.begin(), faults.end(), same), faults.end());
  constexpr std::uint64_t kOfOneWrite = 8;  // one node's three pointers, and a neighbour's
  if (faults.size() > std::max(kOfOneWrite, nodes / 20)) faults.clear();
  return faults;
}

}  // namespace poolblame
