// Physical page -> place in the file. Two forms behind one door: a short list of runs (full dumps, raw images) and a
// bitmap with a rank index (kernel and bitmap dumps, where every other page may be missing). Neither costs more than a
// few bytes a megabyte of image, so a 64 GiB dump is no special case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "parser/base/address.h"
#include "parser/base/byte_view.h"

namespace poolblame {

/// Consecutive physical pages that lie one after the other in the file.
struct PageRun {
  Pfn first = 0;
  std::uint64_t count = 0;
  FileOffset offset{};
};

class PageMap {
 public:
  PageMap() = default;
  /// From runs in any order; overlapping runs keep the first one's bytes, runs past the end of `file` are clamped.
  static PageMap FromRuns(ByteView file, std::vector<PageRun> runs);
  /// From a bitmap (bit n, LSB first: page n stored) whose pages lie in ascending order from `first_page`; pages that
  /// would lie past the end of `file` are not in the map. `bitmap` must outlive the map.
  static PageMap FromBitmap(ByteView file, ByteView bitmap, std::uint64_t bit_count, FileOffset first_page);

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
  /// The bytes of a run that ForEachRun gave.
  [[nodiscard]] ByteView Bytes(const PageRun& run) const;

 private:
  [[nodiscard]] PageRun RunAt(std::uint64_t index, std::uint64_t limit) const;

  ByteView file_;
  // Runs form: ascending by pfn; `run_start_[i]` is the page index of run i.
  std::vector<PageRun> runs_;
  std::vector<std::uint64_t> run_start_;
  // Bitmap form.
  ByteView bitmap_;
  std::uint64_t bit_count_ = 0;
  FileOffset first_page_{};
  std::vector<std::uint64_t> rank_;  // pages before each block of kRankBits bits
  std::uint64_t page_count_ = 0;
};

}  // namespace poolblame
