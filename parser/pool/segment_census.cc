#include "parser/pool/segment_census.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "parser/pool/census_statistics.h"
#include "parser/pool/heap_crash.h"
#include "parser/pool/ordered_chunks.h"
#include "parser/pool/segment_page.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kRangesAtOnce = 16;  // subsegments: some 2 MiB of pool against the cost of a lock
constexpr std::size_t kMostSuspects = 4096;  // subsegments looked at twice: more broken ones are no pool problem

/// What one chunk of ranges adds.
struct Part {
  HealthyPages healthy;
  SegmentHeapTally tally;
  std::vector<PageRange> suspects;
  std::uint64_t unreadable = 0;  // VS subsegments that are there and cannot be explained
  std::uint64_t unsolved = 0;    // LFH subsegments of which too little is in use to tell their geometry
  std::uint64_t stateless = 0;   // LFH slots whose bitmap is not in the image
};

class Taker {
 public:
  Taker(const AddressSpace& space, const SegmentHeap& heap, const PoolHeaderLayout& layout)
      : space_(space), heap_(heap), layout_(layout), pages_(space, layout, {}, {}), checker_(space, layout) {}

  void Take(const PageRange& range, Part& part) const {
    if (range.kind == RangeKind::kVs || range.kind == RangeKind::kVsPages) return TakeVs(range, part);
    if (range.kind == RangeKind::kLfh || range.kind == RangeKind::kLfhPages) TakeLfh(range, part);
  }

 private:
  void TakeVs(const PageRange& range, Part& part) const {
    const auto subsegment = heap_.ReadVs(space_, range);
    if (!subsegment) {
      part.unreadable += space_.Page(range.address).presence == Presence::kPresent ? 1 : 0;
      return;
    }
    SegmentHeapTally own;
    own.Add(*subsegment, heap_.heap_key()->key, layout_);
    bool suspect = subsegment->damaged || own.with_memory_cost > 0 || own.odd_headers > 0;
    for (std::uint32_t offset = 0; offset < subsegment->bytes.size(); offset += kPageSize)
      if (const auto page = pages_.Of(*subsegment, offset)) suspect = Count(*page, part) || suspect;
    part.tally.Add(own);
    if (suspect) part.suspects.push_back(range);
  }
  void TakeLfh(const PageRange& range, Part& part) const {
    const auto subsegment = heap_.ReadLfh(space_, range);
    if (!subsegment) {
      part.unsolved += space_.Page(range.address).presence == Presence::kPresent ? 1 : 0;
      return;
    }
    SegmentHeapTally own;
    own.Add(space_, *subsegment, layout_);
    if (!subsegment->states_known) part.stateless += subsegment->slots.size();
    for (std::uint32_t offset = 0; offset < range.bytes; offset += kPageSize)
      if (const auto page = pages_.Of(*subsegment, offset)) Count(*page, part);
    part.tally.Add(own);
    if (own.odd_headers + own.odd_freed_headers > 0) part.suspects.push_back(range);
  }
  /// True when the page has something to say.
  bool Count(const PoolPage& page, Part& part) const {
    ++part.healthy.pages;
    for (const PoolBlock& block : page.blocks) {
      const bool in_use = block.state == BlockState::kAllocated;
      ++part.healthy.blocks;
      if (in_use) ++part.healthy.allocated;
      if (block.state == BlockState::kFree) ++part.healthy.free;
      // A freed LFH slot keeps its last owner's header; a freed chunk's tree node lies over it.
      const bool sound = block.tag_known && !block.header_damaged() && block.tag().plausible();
      const bool whole = block.offset + block.size <= kPageSize && page.bytes.joined == nullptr;
      if (!sound || (!in_use && page.chunk_header() != 0)) continue;
      const std::uint32_t begin = block.offset + page.chunk_header(), size = block.size - page.chunk_header();
      const std::uint8_t* header = whole ? page.bytes.bytes.data() + begin : nullptr;
      if (in_use && whole && checker_.LeadsToItself(header, checker_.EntryOf(*page.address, begin), 0, size) &&
          part.healthy.self_linked.size() < PoolCensus::kMaxFindings)
        part.healthy.self_linked.push_back(*page.address + block.offset);
      part.healthy.AddSample(block.tag(), {header, *page.address + begin, size, block.state},
                             IsPagedPoolType(layout_, block.read.PoolType));
    }
    return page.has_findings();
  }

  const AddressSpace& space_;
  const SegmentHeap& heap_;
  const PoolHeaderLayout& layout_;
  SegmentPages pages_;
  FreeLinkChecker checker_;
};

SegmentHeapPages FindPages(PageSource& source, const ScanOptions& options, const SegmentHeapLayout& layout,
                           PoolCensus& census, std::vector<FoundPage>& special) {
  const SegmentScan scan = source.ScanForSegmentHeap(layout, options.threads, options.progress);
  census.pages_read = scan.pages_read;
  source.MapBack(scan.found);
  SegmentHeapPages pages;
  for (const FoundPage& found : scan.found) {
    const auto address = source.Address(found.where);
    if (!address) continue;
    if (found.kind == FoundKind::kSpecial) {
      special.push_back(found);
      continue;
    }
    (found.kind == FoundKind::kSegment ? pages.segments : pages.vs_subsegments).push_back(*address);
  }
  if (!source.is_physical())
    for (std::uint64_t where = 0; where < source.page_count(); ++where)
      if (const auto address = source.Address(where)) pages.all.push_back(*address);
  std::sort(pages.segments.begin(), pages.segments.end());
  std::sort(pages.vs_subsegments.begin(), pages.vs_subsegments.end());
  return pages;
}

/// The pages of `range` that have something to say.
void Examine(const AddressSpace& space, const SegmentHeap& heap, const SegmentPages& pages, const PageRange& range,
             std::vector<PoolPage>& findings) {
  const auto keep = [&](std::optional<PoolPage> page) {
    if (page && page->has_findings() && findings.size() < PoolCensus::kMaxFindings)
      findings.push_back(std::move(*page));
  };
  if (const auto vs = heap.ReadVs(space, range)) {
    for (std::uint32_t offset = 0; offset < vs->bytes.size(); offset += kPageSize) keep(pages.Of(*vs, offset));
  } else if (const auto lfh = heap.ReadLfh(space, range)) {
    for (std::uint32_t offset = 0; offset < range.bytes; offset += kPageSize) keep(pages.Of(*lfh, offset));
  }
}

/// Adds what stands behind it in the image.
void Append(Part&& later, Part& all) {
  all.healthy.Append(std::move(later.healthy));
  all.tally.Add(later.tally);
  all.unreadable += later.unreadable;
  all.unsolved += later.unsolved;
  all.stateless += later.stateless;
  const std::size_t room = kMostSuspects - std::min(kMostSuspects, all.suspects.size());
  const auto taken = static_cast<std::ptrdiff_t>(std::min(room, later.suspects.size()));
  all.suspects.insert(all.suspects.end(), later.suspects.begin(), later.suspects.begin() + taken);
}

Part TakeRanges(const Taker& taker, const std::vector<PageRange>& ranges, unsigned threads) {
  Part all;
  const std::uint64_t chunks = (ranges.size() + kRangesAtOnce - 1) / kRangesAtOnce;
  const auto take = [&](std::uint64_t chunk) {
    Part part;
    const std::size_t end = std::min<std::size_t>(ranges.size(), (chunk + 1) * kRangesAtOnce);
    for (std::size_t i = chunk * kRangesAtOnce; i < end; ++i) taker.Take(ranges[i], part);
    return part;
  };
  RunChunksInOrder(ThreadsFor(threads, chunks), chunks, take,
                   [&](std::uint64_t, Part&& part) { Append(std::move(part), all); });
  return all;
}

void Tell(const Part& all, const SegmentHeap& heap, PoolCensus& census) {
  if (all.unreadable > 0)
    census.not_judged.push_back({std::to_string(all.unreadable) + " VS subsegments cannot be read", std::nullopt});
  if (const std::size_t pages = heap.unexplained_pages(); pages > 0)
    census.not_judged.push_back({std::to_string(pages) + (pages == 1 ? " page holds" : " pages hold") +
                                     " what may be headers of blocks, but too few to tell how the blocks lie",
                                 std::nullopt});
  if (all.stateless > 0)
    census.not_judged.push_back(
        {"which of " + std::to_string(all.stateless) +
             " LFH slots are in use: the bitmap in their subsegment's header is not in the dump",
         std::nullopt});
  if (all.unsolved > 0)
    census.notes.push_back("too few blocks are in use in " + std::to_string(all.unsolved) +
                           " LFH subsegments to tell the size of their slots: they were left out");
  if (!heap.heap_key()) return;
  const KeyVote& vote = *heap.heap_key();
  census.notes.push_back("HeapKey was recovered from the image itself: " + std::to_string(vote.votes) +
                         " structures agree on it, " + std::to_string(vote.second) + " on the next best value");
}

}  // namespace

bool TakeSegmentCensus(const AddressSpace& space, const System& system, const ScanOptions& options, PageSource& source,
                       PoolCensus& census, std::vector<FoundPage>& special) {
  const SegmentHeapLayout* layout = FindSegmentHeapLayout(system.build);
  if (layout == nullptr || !census.layout->is_64bit) return false;
  const auto heap = std::make_shared<SegmentHeap>(space, *layout, FindPages(source, options, *layout, census, special));
  Part all = TakeRanges(Taker(space, *heap, *census.layout), heap->ranges(), options.threads);
  if (all.healthy.pages == 0) return false;
  heap->set_trust(all.tally.Learn(heap->by_pages_alone()));
  census.pool_pages = census.segment_heap_pages = all.healthy.pages;
  census.pool_blocks = all.healthy.blocks;
  census.allocated = all.healthy.allocated;
  census.free = all.healthy.free;
  census.tags = std::move(all.healthy.tags);
  census.self_linked = std::move(all.healthy.self_linked);
  const SegmentPages pages(space, *census.layout, heap->trust(), {census.trust, &census.tags});
  for (const PageRange& range : all.suspects) Examine(space, *heap, pages, range, census.findings);
  TellHeapCrash(space, system, *heap, census);
  Tell(all, *heap, census);
  census.segment_heap = heap;
  return true;
}

}  // namespace poolblame
