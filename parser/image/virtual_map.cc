#include "parser/image/virtual_map.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "parser/image/interval_cover.h"

namespace poolblame {

VirtualMap::VirtualMap(std::vector<VirtualRange> ranges) {
  std::vector<Interval> intervals;
  intervals.reserve(ranges.size());
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    // A range that would wrap ends at the last address but one: an exclusive end has no value beyond it.
    const std::uint64_t begin = ranges[i].begin.value;
    const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - begin;
    intervals.push_back({begin, begin + std::min<std::uint64_t>(room, ranges[i].bytes.size()), i});
  }
  for (const Interval& piece : CutOverlaps(intervals)) {
    const VirtualRange& source = ranges[piece.source];
    const std::size_t skip = static_cast<std::size_t>(piece.begin - source.begin.value);
    ranges_.push_back({VirtAddr{piece.begin},
                       ByteView(source.bytes.data() + skip, static_cast<std::size_t>(piece.end - piece.begin))});
  }
}

const VirtualRange* VirtualMap::RangeAt(VirtAddr address) const {
  auto after = std::upper_bound(ranges_.begin(), ranges_.end(), address,
                                [](VirtAddr a, const VirtualRange& range) { return a < range.begin; });
  if (after == ranges_.begin()) return nullptr;
  const VirtualRange& range = *(after - 1);
  return address - range.begin < range.bytes.size() ? &range : nullptr;
}

ByteView VirtualMap::BytesAt(VirtAddr address) const {
  const VirtualRange* range = RangeAt(address);
  if (range == nullptr) return {};
  const std::size_t skip = static_cast<std::size_t>(address - range->begin);
  return {range->bytes.data() + skip, range->bytes.size() - skip};
}

bool VirtualMap::Read(VirtAddr address, std::span<std::uint8_t> out) const {
  while (!out.empty()) {
    const ByteView piece = BytesAt(address);
    if (piece.empty()) return false;
    const std::size_t length = std::min(piece.size(), out.size());
    std::memcpy(out.data(), piece.data(), length);
    out = out.subspan(length);
    address = address + length;
  }
  return true;
}

std::vector<VirtAddr> VirtualMap::WholePages() const {
  std::vector<VirtAddr> pages;
  for (std::size_t i = 0; i < ranges_.size();) {
    // [begin, end) is one unbroken stretch of ranges.
    const std::uint64_t begin = ranges_[i].begin.value;
    std::uint64_t end = begin + ranges_[i].bytes.size();
    for (++i; i < ranges_.size() && ranges_[i].begin.value == end; ++i) end += ranges_[i].bytes.size();
    const std::uint64_t to_boundary = (kPageSize - begin % kPageSize) % kPageSize;
    if (to_boundary > end - begin) continue;
    for (std::uint64_t page = begin + to_boundary; end - page >= kPageSize; page += kPageSize)
      pages.push_back(VirtAddr{page});
  }
  return pages;
}

}  // namespace poolblame
