// Physical page -> place in the file. Two forms behind one door: a short list of runs (full dumps, raw images) and a
// bitmap with a rank index (kernel and bitmap dumps, where every other page may be missing). Neither costs more than a
// few bytes a megabyte of image, so a 64 GiB dump is no special case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "parser/base/address.h"
#include "parser/base/byte_view.h"
#include "parser/image/file_extent.h"

namespace poolblame {

/// Consecutive physical pages that lie one after the other in the file.
struct PageRun {
  Pfn first = 0;
  std::uint64_t count = 0;
  FileOffset offset{};

  friend bool operator==(const PageRun&, const PageRun&) = default;
};

class PageMap {
 public:
  PageMap() = default;
  /// From runs in any order; overlapping runs keep the first one's bytes, runs past the end of `file` are clamped.
  static PageMap FromRuns(ByteView file, std::vector<PageRun> runs);
  /// From a bitmap (bit n, LSB first: page n stored) whose pages lie in ascending order from `first_page`; pages that
  /// would lie past the end of `file` are not in the map. `bitmap` must outlive the map.
  static PageMap FromBitmap(ByteView file, ByteView bitmap, std::uint64_t bit_count, FileOffset first_page);

  /// Set bits among the first `bit_count` of `bitmap`: the pages it promises, whether the file has them or not.
  static std::uint64_t CountBits(ByteView bitmap, std::uint64_t bit_count);

  [[nodiscard]] bool empty() const { return page_count() == 0; }
  /// Pages that can be read, all of them whole.
  [[nodiscard]] std::uint64_t page_count() const;
  [[nodiscard]] Pfn highest_pfn() const;
  /// The 4096 bytes of the page, or an empty view when it is not in the image. Logarithmic or better.
  [[nodiscard]] ByteView Page(Pfn pfn) const;

  /// Runs of consecutive pages, ascending, whose indices [0, page_count()) are what parallel scans divide: calls
  /// `visit(const PageRun&)` with the runs (or parts of runs) that cover page indices [first, first + count).
  template <typename Visitor>
  void ForEachRun(std::uint64_t first, std::uint64_t count, Visitor&& visit) const {
    std::uint64_t index = first;
    while (count > 0) {
      const PageRun run = RunAt(index, count);
      if (run.count == 0) return;
      visit(run);
      index += run.count;
      count -= run.count;
    }
  }

  /// Learns where the file is stored. Pages wholly in holes stay pages of zeros, but scans need not look at them.
  void SkipHoles(const std::vector<FileExtent>& stored);
  /// Pages that are not wholly in a hole; all of them where no holes are known.
  [[nodiscard]] std::uint64_t stored_count() const;
  /// ForEachRun for stored pages, by their numbers [0, stored_count()).
  template <typename Visitor>
  void ForEachStoredRun(std::uint64_t first, std::uint64_t count, Visitor&& visit) const {
    if (!knows_holes_) return ForEachRun(first, count, visit);
    while (count > 0 && first < stored_count()) {
      const IndexRange& range = RangeOfStored(first);
      const std::uint64_t skip = first - range.stored_before;
      const std::uint64_t take = range.count - skip < count ? range.count - skip : count;
      ForEachRun(range.first + skip, take, visit);
      first += take;
      count -= take;
    }
  }
  /// The bytes of a run that ForEachRun gave.
  [[nodiscard]] ByteView Bytes(const PageRun& run) const;

 private:
  static constexpr std::uint64_t kRankBits = 2048;  // 32 words to count for a look-up, 1/32 bit of index a page

  /// Page indices that are stored.
  struct IndexRange {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    std::uint64_t stored_before = 0;  // in the ranges before this one
  };

  /// Adds what `stored` holds of `count` pages from index `first` on, that lie from `offset` on. `steps` bounds it.
  void AddStored(std::uint64_t first, std::uint64_t count, FileOffset offset, const std::vector<FileExtent>& stored,
                 std::size_t& steps);
  void AddIndices(std::uint64_t first, std::uint64_t end);
  [[nodiscard]] const IndexRange& RangeOfStored(std::uint64_t number) const;
  [[nodiscard]] PageRun RunAt(std::uint64_t index, std::uint64_t limit) const;
  [[nodiscard]] PageRun RunInRuns(std::uint64_t index, std::uint64_t limit) const;
  [[nodiscard]] PageRun RunInBitmap(std::uint64_t index, std::uint64_t limit) const;
  [[nodiscard]] ByteView PageInRuns(Pfn pfn) const;
  [[nodiscard]] ByteView PageInBitmap(Pfn pfn) const;
  /// 64 bits from `bit`, a multiple of 64; bits past the end read as zero.
  [[nodiscard]] std::uint64_t Word(std::uint64_t bit) const;
  /// Set bits of the bitmap below `bit`.
  [[nodiscard]] std::uint64_t Rank(std::uint64_t bit) const;
  /// The position of set bit number `index`, which exists.
  [[nodiscard]] std::uint64_t Select(std::uint64_t index) const;
  /// How many bits from `bit` are set without a gap, at most `limit`.
  [[nodiscard]] std::uint64_t OnesFrom(std::uint64_t bit, std::uint64_t limit) const;

  ByteView file_;
  // Runs form: ascending by pfn; `run_start_[i]` is the page index of run i.
  std::vector<PageRun> runs_;
  std::vector<std::uint64_t> run_start_;
  // Bitmap form.
  ByteView bitmap_;
  std::uint64_t bit_count_ = 0;
  FileOffset first_page_{};
  std::vector<std::uint64_t> rank_;  // set bits before each block of kRankBits bits
  std::uint64_t page_count_ = 0;
  Pfn highest_pfn_ = 0;
  // Of sparse files.
  bool knows_holes_ = false;
  std::vector<IndexRange> stored_;  // ascending
};

}  // namespace poolblame
