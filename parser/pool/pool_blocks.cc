#include "parser/pool/pool_blocks.h"

#include <algorithm>
#include <map>
#include <set>

#include "parser/pool/lfh_page.h"
#include "parser/pool/page_findings.h"
#include "parser/pool/page_walk.h"
#include "parser/pool/segment_heap.h"
#include "parser/pool/vs_page.h"
#include "parser/pool/vs_pool_header.h"

namespace poolblame {
namespace {

using Visit = std::function<void(const PlacedBlock&)>;

PoolKind KindOfHeader(const PoolHeaderLayout& layout, std::uint16_t pool_type) {
  if ((pool_type & kPoolTypeSession) != 0) return PoolKind::kSession;
  return IsPagedPoolType(layout, pool_type) ? PoolKind::kPaged : PoolKind::kNonPaged;
}

bool HasOwner(BlockState state) { return state == BlockState::kAllocated || state == BlockState::kLookaside; }

/// Where a page lies: its kernel address, or where that is not known its physical one.
struct PagePlace {
  explicit PagePlace(const PoolPageRef& page)
      : begin(page.address ? *page.address : VirtAddr{page.pfn * kPageSize}), physical(!page.address) {}
  VirtAddr begin{};
  bool physical = false;
};

class ClassicWalk {
 public:
  ClassicWalk(const AddressSpace& space, const PoolCensus& census, const Visit& visit)
      : space_(space), census_(census), reader_(*census.layout), visit_(visit) {
    for (const PoolPage& finding : census.findings)
      if (finding.backend == PoolBackend::kClassic) found_.insert(KeyOf(finding.address, finding.pfn));
  }

  void Run(BlockCoverage& coverage) {
    for (const PoolPageRef& page : census_.healthy_pages) {
      if (found_.contains(KeyOf(page.address, page.pfn))) continue;
      WalkHealthy(page.bytes, PagePlace(page));
      ++coverage.pages;
    }
    for (const PoolPageRef& page : census_.second_look_pages) {
      const auto again =
          ExaminePage(BytesOf(page), page.address, space_, reader_, {census_.trust, &census_.tags}, PageTrust::kNamed);
      if (again) WalkPage(*again, PagePlace(page), coverage);
    }
    for (const PoolPage& page : census_.findings)
      if (page.backend == PoolBackend::kClassic)
        WalkPage(page, PagePlace({nullptr, page.address, page.pfn.value_or(0)}), coverage);
    coverage.pages_left_out = census_.pool_pages > coverage.pages ? census_.pool_pages - coverage.pages : 0;
  }

 private:
  static std::uint64_t KeyOf(std::optional<VirtAddr> address, std::optional<Pfn> pfn) {
    return address ? address->value : pfn.value_or(0);
  }
  [[nodiscard]] PageBytes BytesOf(const PoolPageRef& page) const {
    if (page.address) return space_.Page(*page.address);
    PageBytes bytes;
    bytes.pfn = page.pfn;
    bytes.bytes = space_.image().pages().Page(page.pfn);
    bytes.presence = bytes.bytes.size() == kPageSize ? Presence::kPresent : Presence::kNotInDump;
    return bytes;
  }
  /// A free block's type says nothing of its pool, but all of a page are of one.
  void WalkHealthy(const std::uint8_t* page, const PagePlace& place) const {
    PoolKind kind = PoolKind::kUnknown;
    ForEachBlock(page, reader_, [&](std::uint32_t, const QuickHeader& header) {
      if (HasOwner(header.state)) kind = KindOfHeader(reader_.layout(), static_cast<std::uint16_t>(header.type));
    });
    ForEachBlock(page, reader_, [&](std::uint32_t unit, const QuickHeader& header) {
      PlacedBlock block = BlockAt(place, unit * reader_.unit(), header.size * reader_.unit());
      block.tag = PoolTag{header.tag}.name();
      block.state = header.state;
      block.kind = kind;
      visit_(block);
    });
  }
  void WalkPage(const PoolPage& page, const PagePlace& place, BlockCoverage& coverage) const {
    PoolKind kind = PoolKind::kUnknown;
    for (const PoolBlock& block : page.blocks)
      if (HasOwner(block.state)) kind = KindOfHeader(reader_.layout(), block.expected.PoolType);
    for (const PoolBlock& read : page.blocks) {
      PlacedBlock block = BlockAt(place, read.offset, read.size);
      block.tag = read.tag().name();
      block.tag_known = read.tag_known;
      block.damaged = read.header_damaged();
      block.state = read.state;
      block.kind = kind;
      visit_(block);
    }
    ++coverage.pages;
  }
  [[nodiscard]] PlacedBlock BlockAt(const PagePlace& place, std::uint32_t offset, std::uint32_t bytes) const {
    PlacedBlock block;
    block.begin = place.begin + offset;
    block.address = block.begin + reader_.layout().header_size;
    block.bytes = bytes;
    block.physical = place.physical;
    return block;
  }

  const AddressSpace& space_;
  const PoolCensus& census_;
  HeaderReader reader_;
  const Visit& visit_;
  std::set<std::uint64_t> found_;
};

/// The pool of an address that no heap's segment holds. Windows gives each part of kernel space whole entries of the
/// topmost page table (Windows Internals, 7th edition, "System address space layout"), so that the segments of known
/// heaps in the same entry tell it, where they agree.
class KindByRegion {
 public:
  explicit KindByRegion(const SegmentHeap* heap) : heap_(heap) {
    if (heap == nullptr) return;
    for (const PageRange& range : heap->ranges()) {
      const PoolKind kind = heap->KindOf(range.address);
      if (kind == PoolKind::kUnknown) continue;
      const auto [known, is_new] = kinds_.emplace(range.address.value >> kRegionShift, kind);
      if (!is_new) known->second = Common(known->second, kind);
    }
  }
  [[nodiscard]] PoolKind Of(VirtAddr address) const {
    if (heap_ == nullptr) return PoolKind::kUnknown;
    const PoolKind kind = heap_->KindOf(address);
    if (kind != PoolKind::kUnknown) return kind;
    const auto known = kinds_.find(address.value >> kRegionShift);
    return known == kinds_.end() ? PoolKind::kUnknown : known->second;
  }

 private:
  static bool IsNonPaged(PoolKind kind) { return kind == PoolKind::kNonPaged || kind == PoolKind::kNonPagedNx; }
  /// Both nonpaged heaps may share a part.
  static PoolKind Common(PoolKind a, PoolKind b) {
    if (a == b) return a;
    return IsNonPaged(a) && IsNonPaged(b) ? PoolKind::kNonPaged : PoolKind::kUnknown;
  }

  static constexpr unsigned kRegionShift = 39;
  const SegmentHeap* heap_;
  std::map<std::uint64_t, PoolKind> kinds_;
};

class SegmentWalk {
 public:
  SegmentWalk(const AddressSpace& space, const PoolCensus& census, const Visit& visit)
      : heap_(*census.segment_heap),
        census_(census),
        source_{space, *census.layout, heap_.trust(), {census.trust, &census.tags}, heap_.free_state()},
        visit_(visit) {}

  void Run(BlockCoverage& coverage) {
    for (const PageRange& range : heap_.ranges()) {
      if (range.kind == RangeKind::kVs || range.kind == RangeKind::kVsPages)
        WalkVs(range, coverage);
      else if (range.kind == RangeKind::kLfh || range.kind == RangeKind::kLfhPages)
        WalkLfh(range, coverage);
      else if (FindBigAllocation(census_.big_pages, range.address) == nullptr)
        VisitUnnamed(range);
    }
  }

 private:
  void WalkVs(const PageRange& range, BlockCoverage& coverage) const {
    const auto subsegment = heap_.ReadVs(source_.space, range);
    if (!subsegment) return;
    const VsPages pages(source_);
    auto chunk = subsegment->chunks.begin();
    for (std::uint32_t offset = 0; offset < subsegment->bytes.size(); offset += kPageSize) {
      const auto page = pages.Of(*subsegment, offset);
      if (!page) continue;
      ++coverage.pages;
      for (const PoolBlock& read : page->blocks) {
        while (chunk != subsegment->chunks.end() && chunk->offset < offset + read.offset) ++chunk;
        if (chunk != subsegment->chunks.end()) VisitChunk(*subsegment, *chunk, read);
      }
    }
  }
  /// A chunk of a block without a POOL_HEADER is the big-page table's, where that names it.
  void VisitChunk(const VsSubsegment& subsegment, const VsChunk& chunk, const PoolBlock& read) const {
    const auto place = PlaceOfPoolHeader(chunk, subsegment, source_.layout);
    const VirtAddr begin = subsegment.address + chunk.offset, end = begin + chunk.size;
    if (chunk.allocated && !place && IsNamedBig(begin, end)) return;
    PlacedBlock block = BlockOf(read, PoolBackend::kVs);
    block.begin = place ? subsegment.address + place->offset : begin + kChunkHeaderBytes;
    block.address = place ? block.begin + source_.layout.header_size : block.begin;
    block.bytes = chunk.allocated ? end - block.begin : BytesThere(subsegment, chunk);
    Finish(block, read);
  }
  /// Whole pages of a free chunk go back to the memory manager.
  static std::uint64_t BytesThere(const VsSubsegment& subsegment, const VsChunk& chunk) {
    std::uint64_t bytes = 0;
    const std::uint32_t end = chunk.offset + chunk.size;
    for (std::uint32_t at = chunk.offset; at < end;) {
      const auto next =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(end, at / kPageSize * kPageSize + kPageSize));
      if (subsegment.PageIsPresent(at)) bytes += next - at;
      at = next;
    }
    return bytes;
  }
  [[nodiscard]] bool IsNamedBig(VirtAddr begin, VirtAddr end) const {
    const auto at = std::lower_bound(census_.big_pages.begin(), census_.big_pages.end(), begin,
                                     [](const BigAllocation& big, VirtAddr address) { return big.address < address; });
    return at != census_.big_pages.end() && at->address < end;
  }
  void WalkLfh(const PageRange& range, BlockCoverage& coverage) const {
    const auto subsegment = heap_.ReadLfh(source_.space, range);
    if (!subsegment) return;
    const LfhPages pages(source_, *subsegment);
    for (std::uint32_t offset = 0; offset < range.bytes; offset += kPageSize) {
      const auto page = pages.Of(offset);
      if (!page) continue;
      ++coverage.pages;
      for (const PoolBlock& read : page->blocks) {
        PlacedBlock block = BlockOf(read, PoolBackend::kLfh);
        block.begin = *page->address + read.offset;
        block.address = block.begin + source_.layout.header_size;
        // The slot in front of one that crosses a page is larger than what its block was given.
        block.bytes = std::min<std::uint64_t>(read.size, subsegment->geometry.block_size);
        Finish(block, read);
      }
    }
  }
  static PlacedBlock BlockOf(const PoolBlock& read, PoolBackend backend) {
    PlacedBlock block;
    block.tag = read.tag().name();
    block.tag_known = read.tag_known && read.state != BlockState::kFree;
    block.damaged = read.header_damaged();
    block.state = read.state;
    block.backend = backend;
    return block;
  }
  void Finish(PlacedBlock& block, const PoolBlock& read) const {
    block.kind = heap_.KindOf(block.begin);
    if (block.kind == PoolKind::kUnknown && block.tag_known)
      block.kind = KindOfHeader(source_.layout, read.expected.PoolType);
    visit_(block);
  }
  void VisitUnnamed(const PageRange& range) const {
    PlacedBlock block;
    block.begin = block.address = range.address;
    block.bytes = range.bytes;
    block.tag_known = false;
    block.state = BlockState::kBig;
    block.kind = heap_.KindOf(range.address);
    block.backend = PoolBackend::kBig;
    visit_(block);
  }

  const SegmentHeap& heap_;
  const PoolCensus& census_;
  SegmentPageSource source_;
  const Visit& visit_;
};

void VisitBig(const System& system, const PoolCensus& census, const Visit& visit) {
  const KindByRegion by_region(census.segment_heap.get());
  for (const BigAllocation& big : census.big_pages) {
    PlacedBlock block;
    block.begin = block.address = big.address;
    block.bytes = big.bytes;
    block.tag = big.tag.name();
    block.state = BlockState::kBig;
    block.kind = big.kind;
    if (block.kind == PoolKind::kUnknown) block.kind = by_region.Of(big.address);
    if (block.kind == PoolKind::kUnknown) block.kind = system.PoolKindAt(big.address);
    block.backend = PoolBackend::kBig;
    visit(block);
  }
}

}  // namespace

BlockCoverage ForEachPoolBlock(const AddressSpace& space, const System& system, const PoolCensus& census,
                               const Visit& visit) {
  BlockCoverage coverage;
  if (census.layout != nullptr && census.segment_heap != nullptr)
    SegmentWalk(space, census, visit).Run(coverage);
  else if (census.layout != nullptr)
    ClassicWalk(space, census, visit).Run(coverage);
  VisitBig(system, census, visit);
  return coverage;
}

}  // namespace poolblame
