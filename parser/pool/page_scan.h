// The pass over all pages: what could be pool, decided on the bytes of each page alone. Runs once over the image in
// file order in parallel chunks; a page that is not pool leaves nothing behind but a count.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "parser/base/address.h"
#include "parser/format/segment_heap.h"
#include "parser/image/page_map.h"
#include "parser/pool/field_trust.h"
#include "parser/pool/header_reader.h"

namespace poolblame {

enum class FoundKind : std::uint8_t {
  kHealthy,       // the chain closes
  kSuspect,       // strong evidence of pool, but the chain does not close
  kWeak,          // a header or two that would fit; pool only if something else says so
  kSpecial,       // one block of special pool with its filler
  kFreedSpecial,  // starts with the record of a free of special pool
  kSegment,       // the first page of a segment heap's page segment
  kVs,            // the first page of a VS subsegment
};

/// A page that may be pool.
struct FoundPage {
  std::uint64_t where = 0;  // page frame number; in a virtual image the index of the page
  std::uint16_t oddities = 0;
  FoundKind kind = FoundKind::kHealthy;
};

struct PageScan {
  std::vector<FoundPage> found;  // in file order
  TrustTally tally;
  std::uint64_t pages_read = 0;
  std::uint64_t segment_heap_pages = 0;
  std::uint64_t overflow = 0;  // pool pages beyond kMaxFoundPages, left out

  /// 4 GiB of small-block pool: more than any image seen has; keeps `found` under 16 MiB.
  static constexpr std::size_t kMaxFoundPages = std::size_t{1} << 20;

  /// Judges one page and files it.
  void AddPage(const std::uint8_t* page, std::uint64_t where, const HeaderReader& reader);
  /// Appends what comes after in file order.
  void Append(PageScan&& later);
};

/// What the pass over an image whose pool is the segment heap leaves behind.
struct SegmentScan {
  std::vector<FoundPage> found;  // in file order, at most PageScan::kMaxFoundPages
  std::uint64_t pages_read = 0;

  void AddPage(const std::uint8_t* page, std::uint64_t where, const SegmentHeapLayout& layout);
  void Append(SegmentScan&& later);
};
SegmentScan ScanForSegmentHeap(const PageMap& pages, const SegmentHeapLayout& layout, unsigned threads,
                               const std::function<void(std::uint64_t, std::uint64_t)>& progress);

/// Scans every page of a physical image. `progress(done, total)` is called from the calling thread or under a lock.
PageScan ScanPhysicalPages(const PageMap& pages, const HeaderReader& reader, unsigned threads,
                           const std::function<void(std::uint64_t, std::uint64_t)>& progress);

}  // namespace poolblame
