#include "parser/pool/segment_ranges.h"

#include <algorithm>
#include <utility>

#include "parser/pool/free_links.h"
#include "parser/pool/lfh_page.h"
#include "parser/pool/ordered_chunks.h"
#include "parser/pool/segment_pool_header.h"
#include "parser/pool/vs_page.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kRangesAtOnce = 16;    // subsegments: some 2 MiB of pool against the cost of a lock
constexpr std::size_t kMostTreeFaults = 4096;  // of one chunk of ranges, and kept in all
constexpr std::size_t kMostSuspects = 4096;    // subsegments looked at twice: more broken ones are no pool problem

class Taker {
 public:
  Taker(const AddressSpace& space, const SegmentHeap& heap, const PoolHeaderLayout& layout, const HeapRoots& roots)
      : space_(space),
        heap_(heap),
        layout_(layout),
        source_{space, layout, {}, {}, heap.free_state()},
        checker_(space, layout),
        tree_(space, heap, roots) {}

  void Take(const PageRange& range, RangeCensus& part) const {
    if (range.kind == RangeKind::kVs || range.kind == RangeKind::kVsPages) return TakeVs(range, part);
    if (range.kind == RangeKind::kLfh || range.kind == RangeKind::kLfhPages) TakeLfh(range, part);
  }

 private:
  void TakeVs(const PageRange& range, RangeCensus& part) const {
    const auto subsegment = heap_.ReadVs(space_, range);
    if (!subsegment) {
      part.unreadable += space_.Page(range.address).presence == Presence::kPresent ? 1 : 0;
      return;
    }
    SegmentHeapTally own;
    own.Add(*subsegment, heap_.heap_key()->key, layout_);
    bool suspect = subsegment->damaged || own.with_odd_cost > 0 || own.odd_headers > 0;
    const VsPages pages(source_);
    for (std::uint32_t offset = 0; offset < subsegment->bytes.size(); offset += kPageSize)
      if (const auto page = pages.Of(*subsegment, offset)) suspect = Count(*page, part) || suspect;
    part.tally.Add(own);
    CheckTree(*subsegment, part);
    if (suspect) part.suspects.push_back(range);
  }
  /// A free chunk behind a smashed header may be one that it has swallowed since: its node is in no tree any more.
  void CheckTree(const VsSubsegment& subsegment, RangeCensus& part) const {
    bool is_behind_damage = false;
    for (const VsChunk& chunk : subsegment.chunks) {
      const bool may_be_old = std::exchange(is_behind_damage, chunk.damaged());
      if (chunk.allocated || chunk.damaged() || may_be_old || part.tree_faults.size() >= kMostTreeFaults) continue;
      ++part.tree_nodes;
      tree_.Check(subsegment, chunk, part.tree_faults);
    }
  }
  void TakeLfh(const PageRange& range, RangeCensus& part) const {
    const auto subsegment = heap_.ReadLfh(space_, range);
    if (!subsegment) {
      part.unsolved += space_.Page(range.address).presence == Presence::kPresent ? 1 : 0;
      return;
    }
    SegmentHeapTally own;
    own.Add(space_, *subsegment, layout_);
    if (!subsegment->states_known) part.stateless += subsegment->slots.size();
    const LfhPages pages(source_, *subsegment);
    for (std::uint32_t offset = 0; offset < range.bytes; offset += kPageSize)
      if (const auto page = pages.Of(offset)) Count(*page, part);
    part.tally.Add(own);
    if (own.odd_headers + own.odd_freed_headers > 0) part.suspects.push_back(range);
  }
  /// True when the page has something to say.
  bool Count(const PoolPage& page, RangeCensus& part) const {
    ++part.healthy.pages;
    const std::uint32_t slot_size = SlotSizeOf(page);
    NeighbourWalk neighbours;
    bool paged = false;
    for (const PoolBlock& block : page.blocks) {
      const bool in_use = block.state == BlockState::kAllocated;
      ++part.healthy.blocks;
      if (in_use) ++part.healthy.allocated;
      if (block.state == BlockState::kFree) ++part.healthy.free;
      // A freed LFH slot keeps its last owner's header; a freed chunk's tree node lies over it.
      const bool sound = block.tag_known && !block.header_damaged() && block.tag().plausible();
      TagStatistics* tag = nullptr;
      if (sound && (in_use || page.chunk_header() == 0)) tag = CountSound(page, block, part.healthy);
      if (in_use && tag != nullptr) paged = IsPagedPoolType(layout_, block.read.PoolType);
      const Neighbourhood where{paged, slot_size};
      if (block.header_damaged() || (in_use && tag == nullptr))
        neighbours.Break();
      else
        neighbours.Next(in_use ? tag : nullptr, where, part.healthy.pairs.pairs[where]);
    }
    return page.has_findings();
  }
  /// The statistics of the block's tag; nullptr where its header is odd after all.
  TagStatistics* CountSound(const PoolPage& page, const PoolBlock& block, HealthyPages& healthy) const {
    const bool in_use = block.state == BlockState::kAllocated;
    const bool whole = block.offset + block.size <= kPageSize && page.bytes.joined == nullptr;
    const std::uint32_t begin = block.offset + page.chunk_header(), size = block.size - page.chunk_header();
    const VirtAddr address = *page.address + begin;
    const std::uint8_t* header = whole ? page.bytes.bytes.data() + begin : nullptr;
    // The slot in front of one that crosses a page is larger than what its POOL_HEADER counts.
    const std::uint32_t counted = std::min(size, std::uint32_t{block.read.BlockSize} * layout_.unit);
    if (whole && IsOddPoolHeader(block.read, counted, layout_)) return nullptr;
    if (in_use && whole) {
      NoteOwner(address, block, healthy);
      if (checker_.LeadsToItself(header, checker_.EntryOf(*page.address, begin), 0, size) &&
          healthy.self_linked.size() < PoolCensus::kMaxFindings)
        healthy.self_linked.push_back(*page.address + block.offset);
    }
    healthy.NoteTracked(block.tag(), {header, address, counted, block.state}, block.read.PoolType);
    return &healthy.AddSample(block.tag(), {header, address, size, block.state},
                              IsPagedPoolType(layout_, block.read.PoolType));
  }
  static void NoteOwner(VirtAddr header, const PoolBlock& block, HealthyPages& healthy) {
    if ((block.read.PoolType & kPoolTypeQuota) != 0 && healthy.charged.size() < PoolCensus::kMaxCharged)
      healthy.charged.push_back({header, block.read.ProcessBilled});
  }

  const AddressSpace& space_;
  const SegmentHeap& heap_;
  const PoolHeaderLayout& layout_;
  SegmentPageSource source_;  // nothing is trusted yet
  FreeLinkChecker checker_;
  FreeTreeChecker tree_;
};

/// Adds what stands behind it in the image.
void Append(RangeCensus&& later, RangeCensus& all) {
  all.healthy.Append(std::move(later.healthy));
  all.tally.Add(later.tally);
  all.unreadable += later.unreadable;
  all.unsolved += later.unsolved;
  all.stateless += later.stateless;
  all.tree_nodes += later.tree_nodes;
  if (all.tree_faults.size() < kMostTreeFaults)
    all.tree_faults.insert(all.tree_faults.end(), later.tree_faults.begin(), later.tree_faults.end());
  const std::size_t room = kMostSuspects - std::min(kMostSuspects, all.suspects.size());
  const auto taken = static_cast<std::ptrdiff_t>(std::min(room, later.suspects.size()));
  all.suspects.insert(all.suspects.end(), later.suspects.begin(), later.suspects.begin() + taken);
}

}  // namespace

RangeCensus TakeRanges(const AddressSpace& space, const SegmentHeap& heap, const PoolHeaderLayout& layout,
                       const HeapRoots& roots, unsigned threads) {
  const Taker taker(space, heap, layout, roots);
  const std::vector<PageRange>& ranges = heap.ranges();
  RangeCensus all;
  const std::uint64_t chunks = (ranges.size() + kRangesAtOnce - 1) / kRangesAtOnce;
  const auto take = [&](std::uint64_t chunk) {
    RangeCensus part;
    const std::size_t end = std::min<std::size_t>(ranges.size(), (chunk + 1) * kRangesAtOnce);
    for (std::size_t i = chunk * kRangesAtOnce; i < end; ++i) taker.Take(ranges[i], part);
    return part;
  };
  RunChunksInOrder(ThreadsFor(threads, chunks), chunks, take,
                   [&](std::uint64_t, RangeCensus&& part) { Append(std::move(part), all); });
  return all;
}

}  // namespace poolblame
