#include "parser/pool/segment_census.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "parser/pool/chunk_lists.h"
#include "parser/pool/heap_crash.h"
#include "parser/pool/lfh_page.h"
#include "parser/pool/segment_page.h"
#include "parser/pool/segment_ranges.h"
#include "parser/pool/structure_check.h"
#include "parser/pool/vs_page.h"

namespace poolblame {
namespace {

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
void Examine(const SegmentPageSource& source, const SegmentHeap& heap, const PageRange& range,
             std::vector<PoolPage>& findings) {
  const auto keep = [&](std::optional<PoolPage> page) {
    const bool with_structure = page && heap.DamagedOn(*page->address) != nullptr;  // looked at as such
    if (page && page->has_findings() && !with_structure && findings.size() < PoolCensus::kMaxFindings)
      findings.push_back(std::move(*page));
  };
  if (const auto vs = heap.ReadVs(source.space, range)) {
    const VsPages pages(source);
    for (std::uint32_t offset = 0; offset < vs->bytes.size(); offset += kPageSize) keep(pages.Of(*vs, offset));
  } else if (const auto lfh = heap.ReadLfh(source.space, range)) {
    const LfhPages pages(source, *lfh);
    for (std::uint32_t offset = 0; offset < range.bytes; offset += kPageSize) keep(pages.Of(offset));
  }
}

void ExamineStructures(const SegmentPageSource& source, const SegmentHeap& heap, std::vector<PoolPage>& findings) {
  for (const auto& [address, structure] : heap.damaged()) {
    auto page = SegmentPageAt(source, heap, VirtAddr{address}.page());
    if (page && findings.size() < PoolCensus::kMaxFindings) findings.push_back(std::move(*page));
  }
}

std::string Counted(std::uint64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
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

void Tell(const RangeCensus& all, const SegmentHeap& heap, PoolCensus& census) {
  if (all.unreadable > 0)
    census.not_judged.push_back({Counted(all.unreadable, "VS subsegment") + " cannot be read", std::nullopt});
  if (const std::size_t pages = heap.unexplained_pages(); pages > 0)
    census.not_judged.push_back({Counted(pages, "page") + (pages == 1 ? " holds" : " hold") +
                                     " what may be headers of blocks, but too few to tell how the blocks lie",
                                 std::nullopt});
  if (all.stateless > 0)
    census.not_judged.push_back({"which of " + Counted(all.stateless, "LFH slot") +
                                     " are in use: the bitmap in their subsegment's header is not in the dump",
                                 std::nullopt});
  if (all.unsolved > 0)
    census.notes.push_back("too few blocks are in use in " + Counted(all.unsolved, "LFH subsegment") +
                           " to tell the size of the slots: " + (all.unsolved == 1 ? "it was" : "they were") +
                           " left out");
  if (!heap.heap_key()) return;
  const KeyVote& vote = *heap.heap_key();
  census.notes.push_back("HeapKey was recovered from the image itself: " + Counted(vote.votes, "structure") +
                         (vote.votes == 1 ? " says so, " : " agree on it, ") + std::to_string(vote.second) +
                         " on the next best value" + WhatTheStateSays(heap));
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
  RangeCensus all = TakeRanges(space, *heap, *census.layout, roots, options.threads);
  if (all.healthy.pages == 0) return false;
  heap->set_trust(all.tally.Learn(heap->by_pages_alone()));
  census.segment_heap_pages = all.healthy.pages;
  std::move(all.healthy).MoveTo(census);
  heap->set_free_state({heap->free_state().listed, SettleTreeFaults(std::move(all.tree_faults), all.tree_nodes)});
  AddRangesOfLinks(*heap, all.suspects);
  const SegmentPageSource pages{space, *census.layout, heap->trust(), {census.trust, &census.tags}, heap->free_state()};
  ExamineStructures(pages, *heap, census.findings);
  for (const PageRange& range : all.suspects) Examine(pages, *heap, range, census.findings);
  TellHeapCrash(space, system, *heap, census);
  Tell(all, *heap, census);
  TellHeapFailure(system, *heap, census);
  census.segment_heap = heap;
  return true;
}

}  // namespace poolblame
