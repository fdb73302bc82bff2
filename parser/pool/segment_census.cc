#include "parser/pool/segment_census.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "parser/kernel/bugcheck_sentence.h"
#include "parser/pool/census_statistics.h"
#include "parser/pool/chunk_lists.h"
#include "parser/pool/free_tree.h"
#include "parser/pool/heap_crash.h"
#include "parser/pool/ordered_chunks.h"
#include "parser/pool/segment_page.h"
#include "parser/pool/segment_pool_header.h"
#include "parser/pool/segment_tally.h"
#include "parser/pool/structure_check.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kRangesAtOnce = 16;    // subsegments: some 2 MiB of pool against the cost of a lock
constexpr std::size_t kMostTreeFaults = 4096;  // of one chunk of ranges, and kept in all
constexpr std::size_t kMostSuspects = 4096;    // subsegments looked at twice: more broken ones are no pool problem

/// What one chunk of ranges adds.
struct Part {
  HealthyPages healthy;
  SegmentHeapTally tally;
  std::vector<PageRange> suspects;
  std::vector<TreeFault> tree_faults;
  std::uint64_t tree_nodes = 0;
  std::uint64_t unreadable = 0;  // VS subsegments that are there and cannot be explained
  std::uint64_t unsolved = 0;    // LFH subsegments of which too little is in use to tell their geometry
  std::uint64_t stateless = 0;   // LFH slots whose bitmap is not in the image
};

class Taker {
 public:
  Taker(const AddressSpace& space, const SegmentHeap& heap, const PoolHeaderLayout& layout, const HeapRoots& roots)
      : space_(space),
        heap_(heap),
        layout_(layout),
        pages_(space, layout, {}, {}, heap.free_state()),
        checker_(space, layout),
        tree_(space, heap, roots) {}

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
    CheckTree(*subsegment, part);
    if (suspect) part.suspects.push_back(range);
  }
  void CheckTree(const VsSubsegment& subsegment, Part& part) const {
    for (const VsChunk& chunk : subsegment.chunks) {
      if (chunk.allocated || chunk.damaged() || part.tree_faults.size() >= kMostTreeFaults) continue;
      ++part.tree_nodes;
      tree_.Check(subsegment, chunk, part.tree_faults);
    }
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
      if (sound && (in_use || page.chunk_header() == 0)) CountSound(page, block, part.healthy);
    }
    return page.has_findings();
  }
  void CountSound(const PoolPage& page, const PoolBlock& block, HealthyPages& healthy) const {
    const bool in_use = block.state == BlockState::kAllocated;
    const bool whole = block.offset + block.size <= kPageSize && page.bytes.joined == nullptr;
    const std::uint32_t begin = block.offset + page.chunk_header(), size = block.size - page.chunk_header();
    const VirtAddr address = *page.address + begin;
    const std::uint8_t* header = whole ? page.bytes.bytes.data() + begin : nullptr;
    if (in_use && whole) {
      if (IsOddPoolHeader(block.read, size, layout_)) return;
      NoteOwner(address, block, healthy);
      if (checker_.LeadsToItself(header, checker_.EntryOf(*page.address, begin), 0, size) &&
          healthy.self_linked.size() < PoolCensus::kMaxFindings)
        healthy.self_linked.push_back(*page.address + block.offset);
    }
    // The slot in front of one that crosses a page is larger than what its POOL_HEADER counts.
    const std::uint32_t counted = std::min(size, std::uint32_t{block.read.BlockSize} * layout_.unit);
    healthy.NoteTracked(block.tag(), {header, address, counted, block.state}, block.read.PoolType);
    healthy.AddSample(block.tag(), {header, address, size, block.state}, IsPagedPoolType(layout_, block.read.PoolType));
  }
  static void NoteOwner(VirtAddr header, const PoolBlock& block, HealthyPages& healthy) {
    if ((block.read.PoolType & kPoolTypeQuota) != 0 && healthy.charged.size() < PoolCensus::kMaxCharged)
      healthy.charged.push_back({header, block.read.ProcessBilled});
  }

  const AddressSpace& space_;
  const SegmentHeap& heap_;
  const PoolHeaderLayout& layout_;
  SegmentPages pages_;
  FreeLinkChecker checker_;
  FreeTreeChecker tree_;
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
    const bool with_structure = page && heap.DamagedOn(*page->address) != nullptr;  // looked at as such
    if (page && page->has_findings() && !with_structure && findings.size() < PoolCensus::kMaxFindings)
      findings.push_back(std::move(*page));
  };
  if (const auto vs = heap.ReadVs(space, range)) {
    for (std::uint32_t offset = 0; offset < vs->bytes.size(); offset += kPageSize) keep(pages.Of(*vs, offset));
  } else if (const auto lfh = heap.ReadLfh(space, range)) {
    for (std::uint32_t offset = 0; offset < range.bytes; offset += kPageSize) keep(pages.Of(*lfh, offset));
  }
}

void ExamineStructures(const SegmentHeap& heap, const SegmentPages& pages, std::vector<PoolPage>& findings) {
  for (const auto& [address, structure] : heap.damaged()) {
    auto page = pages.At(heap, VirtAddr{address}.page());
    if (page && findings.size() < PoolCensus::kMaxFindings) findings.push_back(std::move(*page));
  }
}

/// Adds what stands behind it in the image.
void Append(Part&& later, Part& all) {
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

std::string WhatTheStateSays(const SegmentHeap& heap) {
  if (!heap.state()) return "";
  return heap.state()->heap_key == heap.heap_key()->key
             ? "; the pool state in ntoskrnl's data says the same"
             : "; the pool state in ntoskrnl's data says another, which was not used";
}

/// Ranges with a wrong link in them are looked at again.
void AddRangesOfLinks(const SegmentHeap& heap, std::vector<PageRange>& suspects) {
  const auto add = [&](std::uint64_t at) {
    if (const PageRange* range = heap.RangeAt(VirtAddr{at})) suspects.push_back(*range);
  };
  for (const TreeFault& fault : heap.free_state().tree_faults) add(fault.at);
  for (const ListedBlock& block : heap.free_state().listed)
    if (block.problem != ListProblem::kNone) add(block.entry);
  const auto before = [](const PageRange& a, const PageRange& b) { return a.address < b.address; };
  const auto same = [](const PageRange& a, const PageRange& b) { return a.address == b.address; };
  std::stable_sort(suspects.begin(), suspects.end(), before);
  suspects.erase(std::unique(suspects.begin(), suspects.end(), same), suspects.end());
}

/// What the heap wrote down before it stopped the machine; an old record speaks of nothing here.
void TellFailure(const System& system, const SegmentHeap& heap, PoolCensus& census) {
  constexpr std::uint32_t kHeapCorruption = 0x13A;
  if (!system.bugcheck || system.bugcheck->code != kHeapCorruption || !heap.state() || !heap.state()->failure) return;
  const HeapFailure& failure = *heap.state()->failure;
  const auto hex = [](std::uint64_t value) { return HexParameter(value); };
  const bool same =
      failure.type == system.bugcheck->parameters[0] && failure.address.value == system.bugcheck->parameters[2];
  std::string text = "the heap's own record of the failure: type " + hex(failure.type) + ", heap or context " +
                     hex(failure.heap.value) + ", address " + hex(failure.address.value) + ", parameters " +
                     hex(failure.parameters[0]) + ", " + hex(failure.parameters[1]) + ", " + hex(failure.parameters[2]);
  if (failure.previous.value != 0) text += ", previous block " + hex(failure.previous.value);
  if (failure.next.value != 0) text += ", next block " + hex(failure.next.value);
  census.notes.push_back(text + (same ? "; it is what the bug check says" : "; it is not what the bug check says"));
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
                         " structures agree on it, " + std::to_string(vote.second) + " on the next best value" +
                         WhatTheStateSays(heap));
}

}  // namespace

bool TakeSegmentCensus(const AddressSpace& space, const System& system, const ScanOptions& options, PageSource& source,
                       PoolCensus& census, std::vector<FoundPage>& special) {
  const SegmentHeapLayout* layout = FindSegmentHeapLayout(system.build);
  if (layout == nullptr || !census.layout->is_64bit) return false;
  const auto heap = std::make_shared<SegmentHeap>(space, *layout, FindPages(source, options, *layout, census, special));
  heap->set_state(FindPoolState(space, system, *layout, heap->heaps()));
  const HeapRoots roots = FindHeapRoots(space, *layout, heap->heaps(), heap->state());
  heap->set_free_state({ReadListedBlocks(space, *heap, roots), {}});
  if (!heap->by_pages_alone()) {
    DamagedStructures damaged = CheckStructures(space, *heap);
    heap->set_damaged(std::move(damaged.structures), std::move(damaged.mended_lfh));
  }
  Part all = TakeRanges(Taker(space, *heap, *census.layout, roots), heap->ranges(), options.threads);
  if (all.healthy.pages == 0) return false;
  heap->set_trust(all.tally.Learn(heap->by_pages_alone()));
  census.segment_heap_pages = all.healthy.pages;
  std::move(all.healthy).MoveTo(census);
  heap->set_free_state({heap->free_state().listed, SettleTreeFaults(std::move(all.tree_faults), all.tree_nodes)});
  AddRangesOfLinks(*heap, all.suspects);
  const SegmentPages pages(space, *census.layout, heap->trust(), {census.trust, &census.tags}, heap->free_state());
  ExamineStructures(*heap, pages, census.findings);
  for (const PageRange& range : all.suspects) Examine(space, *heap, pages, range, census.findings);
  TellHeapCrash(space, system, *heap, census);
  Tell(all, *heap, census);
  TellFailure(system, *heap, census);
  census.segment_heap = heap;
  return true;
}

}  // namespace poolblame
