#include "parser/image/page_map.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "parser/base/little_endian.h"
#include "parser/image/interval_cover.h"

namespace poolblame {
namespace {

/// Whole pages of `file` from `offset` on.
std::uint64_t WholePagesFrom(ByteView file, FileOffset offset) {
  return offset.value < file.size() ? (file.size() - offset.value) / kPageSize : 0;
}

}  // namespace

PageMap PageMap::FromRuns(ByteView file, std::vector<PageRun> runs) {
  std::vector<Interval> intervals;
  intervals.reserve(runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::uint64_t count = std::min({runs[i].count, WholePagesFrom(file, runs[i].offset), ~runs[i].first});
    intervals.push_back({runs[i].first, runs[i].first + count, i});
  }
  PageMap map;
  map.file_ = file;
  for (const Interval& piece : CutOverlaps(intervals)) {
    const PageRun& source = runs[piece.source];
    map.runs_.push_back(
        {piece.begin, piece.end - piece.begin, source.offset + (piece.begin - source.first) * kPageSize});
    map.run_start_.push_back(map.page_count_);
    map.page_count_ += piece.end - piece.begin;
    map.highest_pfn_ = piece.end - 1;
  }
  return map;
}

PageMap PageMap::FromBitmap(ByteView file, ByteView bitmap, std::uint64_t bit_count, FileOffset first_page) {
  PageMap map;
  map.file_ = file;
  map.bitmap_ = bitmap;
  map.bit_count_ = std::min<std::uint64_t>(bit_count, bitmap.size() * 8);
  map.first_page_ = first_page;
  std::uint64_t set = 0;
  for (std::uint64_t bit = 0; bit < map.bit_count_; bit += 64) {
    if (bit % kRankBits == 0) map.rank_.push_back(set);
    set += static_cast<std::uint64_t>(std::popcount(map.Word(bit)));
  }
  map.page_count_ = std::min(set, WholePagesFrom(file, first_page));
  if (map.page_count_ > 0) map.highest_pfn_ = map.Select(map.page_count_ - 1);
  return map;
}

std::uint64_t PageMap::CountBits(ByteView bitmap, std::uint64_t bit_count) {
  PageMap map;
  map.bitmap_ = bitmap;
  map.bit_count_ = std::min<std::uint64_t>(bit_count, bitmap.size() * 8);
  std::uint64_t set = 0;
  for (std::uint64_t bit = 0; bit < map.bit_count_; bit += 64)
    set += static_cast<std::uint64_t>(std::popcount(map.Word(bit)));
  return set;
}

std::uint64_t PageMap::page_count() const { return page_count_; }
Pfn PageMap::highest_pfn() const { return highest_pfn_; }

void PageMap::SkipHoles(const std::vector<FileExtent>& stored) {
  // Runs that lie at the same place of a file, each over all of its extents, would take their product.
  std::size_t steps = 4 * kMaxFileExtents;
  stored_.clear();
  knows_holes_ = true;
  if (runs_.empty()) return AddStored(0, page_count_, first_page_, stored, steps);
  for (std::size_t i = 0; i < runs_.size(); ++i)
    AddStored(run_start_[i], runs_[i].count, runs_[i].offset, stored, steps);
}

void PageMap::AddStored(std::uint64_t first, std::uint64_t count, FileOffset offset,
                        const std::vector<FileExtent>& stored, std::size_t& steps) {
  const std::uint64_t begin = offset.value, end = begin + count * kPageSize;
  auto extent = std::upper_bound(stored.begin(), stored.end(), begin,
                                 [](std::uint64_t at, const FileExtent& e) { return at < e.end; });
  for (; extent != stored.end() && extent->begin < end; ++extent) {
    const std::uint64_t from = (std::max(extent->begin, begin) - begin) / kPageSize;
    if (steps == 0) return AddIndices(first + from, first + count);
    --steps;
    AddIndices(first + from, first + (std::min(extent->end, end) - begin + kPageSize - 1) / kPageSize);
  }
}

void PageMap::AddIndices(std::uint64_t first, std::uint64_t end) {
  const std::uint64_t done = stored_.empty() ? 0 : stored_.back().first + stored_.back().count;
  first = std::max(first, done);  // two extents may share a page
  if (first >= end) return;
  if (!stored_.empty() && first == done)
    stored_.back().count += end - first;
  else
    stored_.push_back({first, end - first, stored_count()});
}

std::uint64_t PageMap::stored_count() const {
  if (!knows_holes_) return page_count_;
  return stored_.empty() ? 0 : stored_.back().stored_before + stored_.back().count;
}

const PageMap::IndexRange& PageMap::RangeOfStored(std::uint64_t number) const {
  const auto after = std::upper_bound(stored_.begin(), stored_.end(), number,
                                      [](std::uint64_t n, const IndexRange& range) { return n < range.stored_before; });
  return *(after - 1);
}

ByteView PageMap::Page(Pfn pfn) const { return runs_.empty() ? PageInBitmap(pfn) : PageInRuns(pfn); }

ByteView PageMap::Bytes(const PageRun& run) const {
  assert(file_.Contains(run.offset.value, run.count * kPageSize));
  return {file_.data() + run.offset.value, static_cast<std::size_t>(run.count * kPageSize)};
}

PageRun PageMap::RunAt(std::uint64_t index, std::uint64_t limit) const {
  if (index >= page_count_ || limit == 0) return {};
  limit = std::min(limit, page_count_ - index);
  return runs_.empty() ? RunInBitmap(index, limit) : RunInRuns(index, limit);
}

ByteView PageMap::PageInRuns(Pfn pfn) const {
  const auto after =
      std::upper_bound(runs_.begin(), runs_.end(), pfn, [](Pfn p, const PageRun& run) { return p < run.first; });
  if (after == runs_.begin()) return {};
  const PageRun& run = *(after - 1);
  if (pfn - run.first >= run.count) return {};
  return Bytes({pfn, 1, run.offset + (pfn - run.first) * kPageSize});
}

PageRun PageMap::RunInRuns(std::uint64_t index, std::uint64_t limit) const {
  const auto after = std::upper_bound(run_start_.begin(), run_start_.end(), index);
  const std::size_t i = static_cast<std::size_t>(after - run_start_.begin()) - 1;
  const std::uint64_t skip = index - run_start_[i];
  return {runs_[i].first + skip, std::min(limit, runs_[i].count - skip), runs_[i].offset + skip * kPageSize};
}

ByteView PageMap::PageInBitmap(Pfn pfn) const {
  if (pfn >= bit_count_ || (Word(pfn & ~std::uint64_t{63}) >> (pfn % 64) & 1) == 0) return {};
  const std::uint64_t index = Rank(pfn);
  if (index >= page_count_) return {};
  return Bytes({pfn, 1, first_page_ + index * kPageSize});
}

PageRun PageMap::RunInBitmap(std::uint64_t index, std::uint64_t limit) const {
  const Pfn first = Select(index);
  return {first, OnesFrom(first, limit), first_page_ + index * kPageSize};
}

std::uint64_t PageMap::Word(std::uint64_t bit) const {
  std::uint64_t word = 0;
  if (const auto whole = bitmap_.TryRead<Le64>(bit / 8)) {
    word = *whole;
  } else {
    for (std::uint64_t i = bit / 8; i < bitmap_.size(); ++i)
      word |= std::uint64_t{bitmap_[static_cast<std::size_t>(i)]} << (i - bit / 8) * 8;
  }
  const std::uint64_t left = bit_count_ - bit;
  return left >= 64 ? word : word & ((std::uint64_t{1} << left) - 1);
}

std::uint64_t PageMap::Rank(std::uint64_t bit) const {
  std::uint64_t rank = rank_[static_cast<std::size_t>(bit / kRankBits)];
  std::uint64_t at = bit / kRankBits * kRankBits;
  for (; at + 64 <= bit; at += 64) rank += static_cast<std::uint64_t>(std::popcount(Word(at)));
  const std::uint64_t below = bit - at;
  if (below > 0) rank += static_cast<std::uint64_t>(std::popcount(Word(at) & ((std::uint64_t{1} << below) - 1)));
  return rank;
}

std::uint64_t PageMap::Select(std::uint64_t index) const {
  const auto after = std::upper_bound(rank_.begin(), rank_.end(), index);
  const std::size_t block = static_cast<std::size_t>(after - rank_.begin()) - 1;
  std::uint64_t left = index - rank_[block];
  std::uint64_t bit = block * kRankBits;
  std::uint64_t word = Word(bit);
  for (auto ones = static_cast<std::uint64_t>(std::popcount(word)); left >= ones;
       ones = static_cast<std::uint64_t>(std::popcount(word))) {
    left -= ones;
    bit += 64;
    word = Word(bit);
  }
  for (; left > 0; --left) word &= word - 1;
  return bit + static_cast<std::uint64_t>(std::countr_zero(word));
}

std::uint64_t PageMap::OnesFrom(std::uint64_t bit, std::uint64_t limit) const {
  std::uint64_t count = 0;
  while (count < limit && bit + count < bit_count_) {
    const std::uint64_t at = bit + count;
    const std::uint64_t here = at % 64;
    const auto ones = static_cast<std::uint64_t>(std::countr_one(Word(at - here) >> here));
    count += ones;
    if (ones == 0 || here + ones < 64) break;
  }
  return std::min(count, limit);
}

}  // namespace poolblame
