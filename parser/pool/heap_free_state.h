// What the lists and trees of the segment heap say of single free chunks: which are listed although they look
// allocated, and which links are wrong. Found once for the whole image, asked for each page.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace poolblame {

enum class ListProblem {
  kNone,
  kNoListAddress,  // the link leads to no block that a list may hold
  kEndsEarly,      // the link ends the list, which states more blocks
  kTwice,          // the block is on the list twice: the list leads back to it
};

/// A block on a dynamic lookaside list or a delay-free list.
struct ListedBlock {
  std::uint64_t entry = 0;  // where the link lies; on a lookaside list the block's data
  std::uint64_t next = 0;   // as it stands
  ListProblem problem = ListProblem::kNone;
};

/// A pointer of a free chunk's RTL_BALANCED_NODE that contradicts the others of the tree.
struct TreeFault {
  std::uint64_t at = 0;                   // where the pointer stands
  std::optional<std::uint64_t> expected;  // what must stand there, where the others say it
};

struct HeapFreeState {
  std::vector<ListedBlock> listed;     // ascending by entry, each once
  std::vector<TreeFault> tree_faults;  // ascending by place, each once

  /// The listed block whose link lies in [begin, end), or nullptr.
  [[nodiscard]] const ListedBlock* ListedIn(std::uint64_t begin, std::uint64_t end) const {
    const auto at = std::lower_bound(listed.begin(), listed.end(), begin,
                                     [](const ListedBlock& block, std::uint64_t a) { return block.entry < a; });
    return at != listed.end() && at->entry < end ? &*at : nullptr;
  }
  /// The fault of the pointer at `at`, or nullptr.
  [[nodiscard]] const TreeFault* FaultAt(std::uint64_t at) const {
    const auto found = std::lower_bound(tree_faults.begin(), tree_faults.end(), at,
                                        [](const TreeFault& fault, std::uint64_t a) { return fault.at < a; });
    return found != tree_faults.end() && found->at == at ? &*found : nullptr;
  }
};

}  // namespace poolblame
