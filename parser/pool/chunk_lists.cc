#include "parser/pool/chunk_lists.h"

#include <algorithm>

#include "parser/base/little_endian.h"

namespace poolblame {
namespace {

// SLIST_HEADER of x64: Depth 16 bits, Sequence 48 bits; then NextEntry above four reserved bits.
constexpr std::uint64_t kDepthMask = 0xFFFF;
constexpr std::uint64_t kEntryMask = ~std::uint64_t{0xF};
constexpr std::size_t kMostOnOneList = 1024;  // lookaside lists hold up to 256, delay-free lists some 32

class ListWalker {
 public:
  ListWalker(const AddressSpace& space, const SegmentHeap& heap) : space_(space), heap_(heap) {}

  void Walk(VirtAddr head) {
    const auto first = space_.Read<Le64>(head), second = space_.Read<Le64>(head + 8);
    if (!first || !second) return;
    const std::size_t depth = *first & kDepthMask;
    if (depth == 0 || depth > kMostOnOneList || blocks_.size() + depth > kMostListed) return;
    ++lists_;
    // A head that leads nowhere is no list of blocks: nothing is said of it.
    if (!MayHold(*second & kEntryMask))
      ++broken_;
    else if (!Follow(*second & kEntryMask, depth))
      ++broken_;
  }
  std::vector<ListedBlock> Take() {
    const bool read_rightly = broken_ <= std::max<std::size_t>(2, lists_ / 20);
    if (!read_rightly) return {};
    std::sort(blocks_.begin(), blocks_.end(), [](const ListedBlock& a, const ListedBlock& b) {
      return a.entry != b.entry ? a.entry < b.entry : a.problem > b.problem;
    });
    const auto same = [](const ListedBlock& a, const ListedBlock& b) { return a.entry == b.entry; };
    blocks_.erase(std::unique(blocks_.begin(), blocks_.end(), same), blocks_.end());
    return std::move(blocks_);
  }

 private:
  [[nodiscard]] bool MayHold(std::uint64_t entry) const {
    if (entry < kSegmentHeapLowest57 || entry % kChunkUnit != 0) return false;
    const PageRange* range = heap_.RangeAt(VirtAddr{entry});
    return range != nullptr && range->kind == RangeKind::kVs;
  }
  [[nodiscard]] ListProblem ProblemOf(const std::vector<std::uint64_t>& walked, std::uint64_t next,
                                      std::size_t depth) const {
    if (next == 0) return walked.size() < depth ? ListProblem::kEndsEarly : ListProblem::kNone;
    if (std::find(walked.begin(), walked.end(), next) != walked.end()) return ListProblem::kTwice;
    return MayHold(next) ? ListProblem::kNone : ListProblem::kNoListAddress;
  }
  /// Of the last `walked` blocks: not the link that closes the ring is wrong, but that of the block it leads to, which
  /// a second free overwrote.
  void MarkTwice(std::uint64_t entry, std::size_t walked) {
    const auto block = std::find_if(blocks_.end() - static_cast<std::ptrdiff_t>(walked), blocks_.end(),
                                    [&](const ListedBlock& listed) { return listed.entry == entry; });
    if (block != blocks_.end()) block->problem = ListProblem::kTwice;
  }
  /// False where a link is wrong.
  bool Follow(std::uint64_t entry, std::size_t depth) {
    std::vector<std::uint64_t> walked;
    while (walked.size() < depth) {
      const auto next = space_.Read<Le64>(VirtAddr{entry});
      if (!next) return true;  // not in the image: that is no fault of the list
      walked.push_back(entry);
      const ListProblem problem = ProblemOf(walked, *next, depth);
      const bool closes_ring = problem == ListProblem::kTwice && *next != entry;
      blocks_.push_back({entry, *next, closes_ring ? ListProblem::kNone : problem});
      if (closes_ring) MarkTwice(*next, walked.size());
      if (problem != ListProblem::kNone || *next == 0) return problem == ListProblem::kNone;
      entry = *next;
    }
    return true;
  }

  const AddressSpace& space_;
  const SegmentHeap& heap_;
  std::vector<ListedBlock> blocks_;
  std::size_t lists_ = 0, broken_ = 0;
};

}  // namespace

std::vector<ListedBlock> ReadListedBlocks(const AddressSpace& space, const SegmentHeap& heap, const HeapRoots& roots) {
  ListWalker walker(space, heap);
  for (const VirtAddr head : roots.lookasides) walker.Walk(head);
  for (const VsRoots& vs : roots.vs) walker.Walk(vs.address + kVsDelayFree);
  return walker.Take();
}

}  // namespace poolblame
