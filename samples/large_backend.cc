// HEAP_SEG_CONTEXT, HEAP_PAGE_SEGMENT, HEAP_PAGE_RANGE_DESCRIPTOR: see heap_segments.cc, with other sizes: SegmentMask
// 16 MB, UnitShift 16, FirstDescriptorIndex 1.
#include "samples/large_backend.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace poolblame::samples {
namespace {

constexpr std::uint64_t kSegment = 0x1000000, kLargeUnit = 0x10000;
// In a heap's 64 MB of addresses: the 1 MB segments come first, then these.
constexpr std::uint64_t kSegmentAt = 0x1000000, kOutsideAt = 0x2000000, kEndAt = 0x4000000;
constexpr std::uint32_t kSmallestOutside = 0x7F0001;
constexpr std::uint32_t kDescriptor = 0x20;
constexpr std::uint64_t kUnits = kSegment / kLargeUnit;

std::uint64_t Up(std::uint64_t bytes, std::uint64_t grain) { return (bytes + grain - 1) / grain * grain; }

}  // namespace

LargeBackend::LargeBackend(HeapSpace& space, std::uint64_t context)
    : space_(space),
      context_(context),
      segment_((space.heap & ~(kEndAt - 1)) + kSegmentAt),
      next_(segment_ + kLargeUnit),
      next_outside_((space.heap & ~(kEndAt - 1)) + kOutsideAt),
      end_((space.heap & ~(kEndAt - 1)) + kEndAt) {}

bool LargeBackend::MapEnds(std::uint64_t va, std::uint64_t bytes) {
  constexpr std::uint64_t kEnd = 2 * kPage;
  constexpr std::uint64_t kTables = 3;  // page tables that far addresses take
  if (space_.memory.free_frames() < kFramesForKernel + kTables + 3) return false;
  for (const std::uint64_t page : {va, va + bytes - kEnd, va + bytes - kPage}) space_.memory.MapNew(page);
  return true;
}

bool LargeBackend::OpenSegment() {
  if (space_.memory.Mapped(segment_)) return true;
  if (space_.memory.free_frames() < kFramesForKernel + 2) return false;
  for (std::uint64_t page = 0; page < 2; ++page) space_.memory.MapNew(segment_ + page * kPage);
  space_.memory.Write64(segment_ + 0x10, segment_ ^ context_ ^ space_.keys.heap_key ^ space_.layout.segment_constant);
  return true;
}

std::optional<std::uint64_t> LargeBackend::Allocate(std::uint32_t bytes) {
  const bool outside = bytes >= kSmallestOutside;
  const std::uint64_t size = Up(bytes, outside ? kPage : kLargeUnit);
  std::uint64_t& next = outside ? next_outside_ : next_;
  const std::uint64_t limit = outside ? end_ : segment_ + kSegment;
  if (size > limit - next || (!outside && !OpenSegment())) return std::nullopt;
  // What is not used of the last unit is not committed.
  if (!MapEnds(next, Up(bytes, kPage))) return std::nullopt;
  const std::uint64_t va = next;
  (outside ? outside_ : ranges_)[va] = {size, bytes, false};
  next = Up(va + size, kLargeUnit);
  return va;
}

void LargeBackend::Free(std::uint64_t va) {
  auto& list = ranges_.contains(va) ? ranges_ : outside_;
  Range& range = list.at(va);
  range.freed = true;
  const std::uint64_t end = va + Up(range.requested, kPage);
  for (const std::uint64_t page : {va, end - 2 * kPage, end - kPage}) space_.memory.Unmap(page);
}

void LargeBackend::WriteRange(std::uint64_t va, const Range& range) {
  const std::uint64_t first = (va - segment_) / kLargeUnit, units = range.bytes / kLargeUnit;
  for (std::uint64_t i = 0; i < units; ++i) {
    std::array<std::uint8_t, kDescriptor> bytes{};
    const unsigned flags = (range.freed ? 0x02U : 0x03U) & (i == 0 ? 0x03U : 0x01U);
    Put8(bytes, 0x18, flags);
    Put8(bytes, i == 0 ? 0x1F : space_.layout.unit_offset_at, static_cast<unsigned>(i == 0 ? units : i));
    if (i == 0 && !range.freed) {
      Put32(bytes, 0, kTreeSignature);
      Put32(bytes, 4, static_cast<std::uint32_t>(range.bytes - range.requested));
      Put8(bytes, 0x19, 3);  // CommittedPageCount: what MapEnds took
    }
    if (space_.Sound(segment_ + (first + i) * kDescriptor, kDescriptor))
      space_.memory.Write(segment_ + (first + i) * kDescriptor, bytes);
  }
}

void LargeBackend::Settle() {
  if (ranges_.empty()) return;
  for (const auto& [va, range] : ranges_) WriteRange(va, range);
  const std::uint64_t used = (next_ - segment_) / kLargeUnit;
  if (used < kUnits) WriteRange(next_, {(kUnits - used) * kLargeUnit, 0, true});
  space_.LinkRing(context_ + kListHeadAt, {segment_}, false);
  space_.Put64(context_ + kSegmentCountAt, 1);
}

std::uint64_t LargeBackend::RangeAt(std::uint64_t va) const {
  for (const auto* list : {&ranges_, &outside_}) {
    const auto after = list->upper_bound(va);
    if (after == list->begin()) continue;
    const auto& [begin, range] = *std::prev(after);
    if (va < begin + range.bytes && !range.freed) return begin;
  }
  return 0;
}

}  // namespace poolblame::samples
