// The pages of an image by one number each, whether it is physical memory (page frame numbers, kernel addresses from
// the page tables) or a set of virtual pages (triage dumps, bare pool pages; then the number is an index).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "parser/image/address_space.h"
#include "parser/image/reverse_map.h"
#include "parser/pool/page_scan.h"

namespace poolblame {

class PageSource {
 public:
  explicit PageSource(const AddressSpace& space);

  [[nodiscard]] bool is_physical() const { return physical_; }
  /// True for a bare file of pages that somebody says are pool.
  [[nodiscard]] bool all_claimed_pool() const { return all_claimed_pool_; }
  [[nodiscard]] std::uint64_t page_count() const;
  /// The 4096 bytes of a page; empty when it is not there.
  [[nodiscard]] ByteView Bytes(std::uint64_t where) const;
  [[nodiscard]] PageBytes Page(std::uint64_t where) const;
  /// What owns the bytes of pages that were joined from several ranges: whoever keeps pointers into pages keeps it,
  /// too.
  [[nodiscard]] std::vector<std::shared_ptr<const std::array<std::uint8_t, kPageSize>>> Joined() const;
  /// Where the page is mapped; in a physical image only after MapBack.
  [[nodiscard]] std::optional<VirtAddr> Address(std::uint64_t where) const;
  /// True where the page tables exist and no kernel address names the page: an old copy.
  [[nodiscard]] bool IsStale(std::uint64_t where) const { return verifiable_ && !Address(where); }

  [[nodiscard]] PageScan Scan(const HeaderReader& reader, unsigned threads,
                              const std::function<void(std::uint64_t, std::uint64_t)>& progress) const;
  [[nodiscard]] SegmentScan ScanForSegmentHeap(const SegmentHeapLayout& layout, unsigned threads,
                                               const std::function<void(std::uint64_t, std::uint64_t)>& progress) const;
  /// Finds the kernel addresses of the pages found. Once, before Address is asked.
  void MapBack(const std::vector<FoundPage>& found);
  /// Calls `visit(bytes)` for pages spread evenly over the image, at most `limit` of them, until it returns false.
  /// Holes of a sparse file are no part of the image here: a sample of them would say nothing.
  template <typename Visitor>
  void Sample(std::uint64_t limit, Visitor&& visit) const {
    const std::uint64_t total = stored_count();
    const std::uint64_t step = total <= limit ? 1 : (total + limit - 1) / limit;
    for (std::uint64_t i = 0; i < total; i += step) {
      const ByteView bytes = physical_ ? StoredPhysicalPage(i) : Bytes(i);
      if (bytes.size() == kPageSize && !visit(bytes)) return;
    }
  }

 private:
  [[nodiscard]] std::uint64_t stored_count() const;
  [[nodiscard]] ByteView StoredPhysicalPage(std::uint64_t number) const;

  const AddressSpace* space_;
  bool physical_ = false, verifiable_ = false, all_claimed_pool_ = false;
  std::vector<VirtAddr> addresses_;  // virtual images
  std::vector<PageBytes> pages_;     // the same pages' bytes
  ReverseMap reverse_;
};

}  // namespace poolblame
