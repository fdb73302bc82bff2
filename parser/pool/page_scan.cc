#include "parser/pool/page_scan.h"

#include <algorithm>
#include <utility>

#include "parser/pool/ordered_chunks.h"
#include "parser/pool/page_class.h"
#include "parser/pool/page_evidence.h"
#include "parser/pool/page_segment.h"
#include "parser/pool/special_pool.h"
#include "parser/pool/vs_subsegment.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kChunkPages = 1024;  // 4 MiB: large against the cost of a lock, small against any image

/// Adds every stored page of the map to a `Scan`, and counts the others, which are zero, as read; `how` is what its
/// AddPage wants to know.
template <typename Scan, typename How>
Scan ScanPages(const PageMap& pages, const How& how, unsigned threads,
               const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  const std::uint64_t total = pages.stored_count();
  const std::uint64_t chunks = (total + kChunkPages - 1) / kChunkPages;
  const auto scan_chunk = [&](std::uint64_t chunk) {
    Scan part;
    const std::uint64_t first = chunk * kChunkPages;
    pages.ForEachStoredRun(first, std::min(kChunkPages, total - first), [&](const PageRun& run) {
      const ByteView bytes = pages.Bytes(run);
      for (std::uint64_t i = 0; i < run.count && bytes.Contains(i * kPageSize, kPageSize); ++i)
        part.AddPage(bytes.data() + i * kPageSize, run.first + i, how);
    });
    return part;
  };
  Scan scan;
  RunChunksInOrder(ThreadsFor(threads, chunks), chunks, scan_chunk, [&](std::uint64_t chunk, Scan&& part) {
    scan.Append(std::move(part));
    if (progress) progress(std::min(total, (chunk + 1) * kChunkPages), total);
  });
  scan.pages_read += pages.page_count() - total;
  return scan;
}

}  // namespace

void PageScan::AddPage(const std::uint8_t* page, std::uint64_t where, const HeaderReader& reader) {
  ++pages_read;
  const auto file = [&](FoundKind kind, std::uint16_t oddities) {
    if (found.size() < kMaxFoundPages)
      found.push_back({where, oddities, kind});
    else
      ++overflow;
  };
  if (IsZeroPage(page)) return;
  const PageWalk walk = WalkPage(page, reader);
  if (IsHealthyWalk(walk)) {
    tally.Add(walk);
    return file(FoundKind::kHealthy, walk.oddities);
  }
  const PageEvidence evidence = WeighPage(page, reader);
  if (evidence.points() >= kPointsForPool && evidence.links_of_allocated > 0) return file(FoundKind::kSuspect, 0);
  const ByteView bytes(page, kPoolPageBytes);
  const bool is_64bit = reader.layout().is_64bit;
  if (MayBeSpecialPool(page, is_64bit) && ReadSpecialPool(bytes, is_64bit, std::nullopt, SpecialPoolTrust::kByBytes)) {
    file(FoundKind::kSpecial, 0);
  } else if (HasFreedSpecialSignature(page, is_64bit)) {
    file(FoundKind::kFreedSpecial, 0);
  } else if (evidence.detached_headers >= 2 && LooksLikeSegmentHeap(bytes, reader.layout()) != SegmentKind::kNo) {
    ++segment_heap_pages;
  } else if (evidence.links > 0 || evidence.start || evidence.end) {
    file(FoundKind::kWeak, 0);
  }
}

void PageScan::Append(PageScan&& later) {
  const std::size_t room = kMaxFoundPages - std::min(kMaxFoundPages, found.size());
  const std::size_t taken = std::min(room, later.found.size());
  found.insert(found.end(), later.found.begin(), later.found.begin() + static_cast<std::ptrdiff_t>(taken));
  overflow += later.overflow + (later.found.size() - taken);
  tally.Add(later.tally);
  pages_read += later.pages_read;
  segment_heap_pages += later.segment_heap_pages;
}

void SegmentScan::AddPage(const std::uint8_t* page, std::uint64_t where, const SegmentHeapLayout& layout) {
  ++pages_read;
  const ByteView bytes(page, kPoolPageBytes);
  if (found.size() >= PageScan::kMaxFoundPages) return;
  if (LooksLikePageSegment(bytes))
    found.push_back({where, 0, FoundKind::kSegment});
  else if (VsSubsegmentBytes(bytes, layout))
    found.push_back({where, 0, FoundKind::kVs});
  else if (MayBeSpecialPool(page, true) && ReadSpecialPool(bytes, true, std::nullopt, SpecialPoolTrust::kByBytes))
    found.push_back({where, 0, FoundKind::kSpecial});
}

void SegmentScan::Append(SegmentScan&& later) {
  const std::size_t room = PageScan::kMaxFoundPages - std::min(PageScan::kMaxFoundPages, found.size());
  const auto taken = static_cast<std::ptrdiff_t>(std::min(room, later.found.size()));
  found.insert(found.end(), later.found.begin(), later.found.begin() + taken);
  pages_read += later.pages_read;
}

PageScan ScanPhysicalPages(const PageMap& pages, const HeaderReader& reader, unsigned threads,
                           const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  return ScanPages<PageScan>(pages, reader, threads, progress);
}

SegmentScan ScanForSegmentHeap(const PageMap& pages, const SegmentHeapLayout& layout, unsigned threads,
                               const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  return ScanPages<SegmentScan>(pages, layout, threads, progress);
}

}  // namespace poolblame
