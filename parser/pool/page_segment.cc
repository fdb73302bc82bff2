#include "parser/pool/page_segment.h"

#include <array>

#include "parser/base/little_endian.h"

namespace poolblame {
namespace {

bool IsKernelPointer(std::uint64_t value) { return value >= kSegmentHeapLowest && value % 8 == 0; }

/// The list of a context's segments runs through segment begins; its head lies in the middle of a heap.
std::optional<VirtAddr> FindContext(const AddressSpace& space, VirtAddr segment) {
  std::optional<VirtAddr> entry = space.ReadPointer(segment);
  for (std::uint32_t n = 0; entry && n < kMostSegmentsInList; ++n) {
    if (!IsKernelPointer(entry->value) || *entry == segment) return std::nullopt;
    if (entry->value % kSegmentBytes != 0) return *entry - kSegContextListHead;
    entry = space.ReadPointer(*entry);
  }
  return std::nullopt;
}

std::uint32_t UnitShiftOf(const AddressSpace& space, const std::optional<VirtAddr>& context) {
  constexpr std::uint32_t kSmallUnits = 12, kBigUnits = 16;
  const auto shift = context ? space.Read<std::array<std::uint8_t, 1>>(*context + kSegContextUnitShift) : std::nullopt;
  return shift && (*shift)[0] == kBigUnits ? kBigUnits : kSmallUnits;
}

void ReadRanges(ByteView header, std::uint32_t unit_shift, PageSegment& segment) {
  const std::uint32_t first = unit_shift > 12 ? 1 : kSegmentFirstUnit;
  for (std::uint32_t unit = first; unit < kSegmentUnits;) {
    const std::uint32_t at = unit * kRangeBytes;
    const std::uint8_t flags = header[at + kRangeFlags];
    const std::uint32_t units = header[at + kRangeUnitSize];
    const bool starts = (flags & kRangeFirst) != 0 && units != 0 && units <= kSegmentUnits - unit;
    if (starts && (flags & kRangeAllocated) != 0) {
      PageRange range;
      range.kind = (flags & kRangeSubsegment) == 0 ? RangeKind::kPlain
                   : (flags & kRangeVs) != 0       ? RangeKind::kVs
                                                   : RangeKind::kLfh;
      range.address = segment.address + (std::uint64_t{unit} << unit_shift);
      range.bytes = std::uint64_t{units} << unit_shift;
      segment.ranges.push_back(range);
    }
    // A damaged descriptor costs its own unit; the next allocated range starts with a descriptor that says so.
    unit += starts ? units : 1;
  }
}

}  // namespace

bool LooksLikePageSegment(ByteView page) {
  const auto flink = page.TryRead<Le64>(0), blink = page.TryRead<Le64>(8);
  if (!flink || !blink || !IsKernelPointer(*flink) || !IsKernelPointer(*blink)) return false;
  for (std::uint32_t at = kSegmentFirstUnit * kRangeBytes; at + kRangeBytes <= page.size(); at += kRangeBytes) {
    const auto signature = page.TryRead<Le32>(at);
    if (!signature || *signature != kRangeSignature) continue;
    constexpr std::uint8_t kStart = kRangeAllocated | kRangeFirst;
    return (page[at + kRangeFlags] & kStart) == kStart && page[at + kRangeUnitSize] != 0;
  }
  return false;
}

std::optional<PageSegment> ReadPageSegment(const AddressSpace& space, VirtAddr address) {
  std::array<std::uint8_t, kSegmentHeaderBytes> bytes{};
  if (address.value % kSegmentBytes != 0) return std::nullopt;
  if (space.Read(address, bytes) != Presence::kPresent) return std::nullopt;
  const ByteView header(bytes);
  PageSegment segment;
  segment.address = address;
  segment.context = FindContext(space, address);
  segment.signature = header.TryRead<Le64>(kSegmentSignatureAt).value_or(Le64{});
  ReadRanges(header, UnitShiftOf(space, segment.context), segment);
  return segment;
}

}  // namespace poolblame
