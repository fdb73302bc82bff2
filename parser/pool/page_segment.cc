#include "parser/pool/page_segment.h"

#include <algorithm>
#include <array>
#include <map>

#include "parser/base/little_endian.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kSmallUnits = 12, kBigUnits = 16;  // UnitShift of the two contexts
constexpr std::uint64_t kBigSegmentBytes = kSegmentBytes << (kBigUnits - kSmallUnits);

bool IsContextOfAHeap(const AddressSpace& space, VirtAddr context) {
  const auto heap = space.ReadPointer(context + kSegContextHeap);
  if (!heap || heap->page_offset() != 0) return false;
  const auto signature = space.Read<Le32>(*heap + kHeapSignatureAt);
  return signature && *signature == kHeapSignature;
}

void FindContext(const AddressSpace& space, SegmentLists& lists, PageSegment& segment) {
  constexpr std::uint32_t kFlink = 0, kBlink = 8;
  for (const std::uint32_t link : {kFlink, kBlink}) {
    const auto context = lists.Follow(segment.address, link);
    if (!context) continue;
    segment.context_confirmed = IsContextOfAHeap(space, *context);
    if (segment.context_confirmed || !segment.context) segment.context = context;
    if (segment.context_confirmed) return;
  }
}

/// The descriptors of one segment.
class Descriptors {
 public:
  Descriptors(ByteView bytes, std::uint32_t unit_offset) : bytes_(bytes), unit_offset_(unit_offset) {}

  [[nodiscard]] std::uint32_t count() const {
    return std::min<std::uint32_t>(kSegmentUnits, static_cast<std::uint32_t>(bytes_.size() / kRangeBytes));
  }
  [[nodiscard]] std::uint8_t Flags(std::uint32_t unit) const { return bytes_[unit * kRangeBytes + kRangeFlags]; }
  [[nodiscard]] std::uint32_t Units(std::uint32_t unit) const { return bytes_[unit * kRangeBytes + kRangeUnitSize]; }
  [[nodiscard]] bool IsSigned(std::uint32_t unit) const {
    const auto signature = bytes_.TryRead<Le32>(unit * kRangeBytes);
    return signature && *signature == kRangeSignature;
  }
  /// A first unit whose range ends where another one begins.
  [[nodiscard]] bool Starts(std::uint32_t unit) const {
    const std::uint32_t units = Units(unit);
    const std::uint8_t kind = Flags(unit) & ~(kRangeAllocated | kRangeFirst);
    const bool known_kind = kind == 0 || kind == kRangeSubsegment || kind == (kRangeSubsegment | kRangeVs);
    if ((Flags(unit) & kRangeFirst) == 0 || !known_kind || units == 0 || units > kSegmentUnits - unit) return false;
    const std::uint32_t next = unit + units;
    return next >= count() || (Flags(next) & kRangeFirst) != 0 || Flags(next) == 0;
  }
  [[nodiscard]] bool IsAllocated(std::uint32_t unit) const { return (Flags(unit) & kRangeAllocated) != 0; }
  [[nodiscard]] bool IsLaterUnit(std::uint32_t unit, std::uint32_t distance) const {
    return IsAllocated(unit) && (Flags(unit) & kRangeFirst) == 0 &&
           bytes_[unit * kRangeBytes + unit_offset_] == distance;
  }

 private:
  ByteView bytes_;
  std::uint32_t unit_offset_;
};

std::uint32_t UnitShiftOf(const AddressSpace& space, const PageSegment& segment, const Descriptors& descriptors) {
  if (!segment.context_confirmed)  // only a big unit leaves room for a range behind the first
    return segment.address.value % kBigSegmentBytes == 0 && descriptors.IsSigned(1) ? kBigUnits : kSmallUnits;
  const auto shift = space.Read<std::array<std::uint8_t, 1>>(*segment.context + kSegContextUnitShift);
  return shift && (*shift)[0] == kBigUnits ? kBigUnits : kSmallUnits;
}

void AddRange(PageSegment& segment, std::uint32_t unit, std::uint32_t units, std::uint8_t flags,
              std::uint32_t unit_shift) {
  PageRange range;
  range.kind = (flags & kRangeSubsegment) == 0 ? RangeKind::kPlain
               : (flags & kRangeVs) != 0       ? RangeKind::kVs
                                               : RangeKind::kLfh;
  range.address = segment.address + (std::uint64_t{unit} << unit_shift);
  range.bytes = std::uint64_t{units} << unit_shift;
  segment.ranges.push_back(range);
}

/// Units of the range at `unit` whose own descriptor is damaged, as its later ones count; 0 where they do not.
std::uint32_t UnitsByLaterOnes(const Descriptors& descriptors, std::uint32_t unit) {
  constexpr std::uint32_t kMostLost = 8;  // descriptors: 256 bytes of damage
  std::uint32_t found = 0;
  for (std::uint32_t later = unit + 1; later < kSegmentUnits; ++later) {
    if (descriptors.IsLaterUnit(later, later - unit))
      found = later;
    else if (found != 0 || later - unit > kMostLost)
      break;
  }
  return found == 0 ? 0 : found - unit + 1;
}

void ReadRanges(const Descriptors& descriptors, std::uint32_t unit_shift, PageSegment& segment) {
  for (std::uint32_t unit = unit_shift == kBigUnits ? 1 : kSegmentFirstUnit; unit < kSegmentUnits;) {
    const bool starts = descriptors.Starts(unit), allocated = descriptors.IsAllocated(unit);
    if (starts && (!allocated || descriptors.IsSigned(unit))) {
      if (allocated) AddRange(segment, unit, descriptors.Units(unit), descriptors.Flags(unit), unit_shift);
      unit += descriptors.Units(unit);
      continue;
    }
    // A damaged descriptor: the range's later ones say what it was, else it costs its own unit.
    const std::uint32_t units = UnitsByLaterOnes(descriptors, unit);
    if (units != 0) {
      segment.damaged_units.push_back(unit);
      AddRange(segment, unit, units, descriptors.Flags(unit + units - 1), unit_shift);
    } else if (starts) {
      AddRange(segment, unit, descriptors.Units(unit), descriptors.Flags(unit), unit_shift);
    }
    unit += std::max(units, starts ? descriptors.Units(unit) : 1U);
  }
}

/// From the first signed range on, ranges tile all of the page that there is.
bool RangesTile(const Descriptors& descriptors) {
  constexpr std::uint32_t kFewest = 2;
  std::uint32_t unit = 1, ranges = 0;
  while (unit < descriptors.count() && !(descriptors.IsSigned(unit) && descriptors.Starts(unit))) ++unit;
  while (unit < descriptors.count()) {
    const bool starts = descriptors.Starts(unit);
    if (!starts && descriptors.Flags(unit) != 0) return false;
    if (starts && descriptors.IsAllocated(unit) && !descriptors.IsSigned(unit)) return false;
    if (starts && descriptors.IsAllocated(unit)) ++ranges;
    unit += starts ? descriptors.Units(unit) : 1;
  }
  return ranges >= kFewest;
}

}  // namespace

bool LooksLikePageSegment(ByteView page) {
  const auto flink = page.TryRead<Le64>(0), blink = page.TryRead<Le64>(8);
  if (!flink || !blink || page.size() < kPageSize) return false;
  const Descriptors descriptors(page, kRangeUnitSize);
  std::uint32_t first = 1;
  while (first < descriptors.count() && !descriptors.IsSigned(first)) ++first;
  if (first == descriptors.count()) return false;
  // Where the page is mapped is not known yet: links of five levels are not told from other numbers.
  const bool has_links = IsHeapPointer(*flink, kSegmentHeapLowest) && IsHeapPointer(*blink, kSegmentHeapLowest);
  if (!has_links) return RangesTile(descriptors);
  constexpr std::uint8_t kStart = kRangeAllocated | kRangeFirst;
  return (descriptors.Flags(first) & kStart) == kStart && descriptors.Units(first) != 0;
}

/// The list of a context's segments runs through segment begins; its head lies in the middle of a heap.
std::optional<VirtAddr> SegmentLists::Follow(VirtAddr segment, std::uint32_t link) {
  Known& known = known_[link];
  std::vector<std::uint64_t> walked;
  std::optional<VirtAddr> head, entry = segment;
  while (entry && walked.size() < kMostSegmentsInList) {
    if (!IsHeapPointer(entry->value, segment.value)) break;
    if (entry->value % kSegmentBytes != 0) {
      head = *entry - kSegContextListHead;
      break;
    }
    // One that is on this walk already closes a ring: it has no head.
    const auto [at, is_new] = known.try_emplace(entry->value);
    if (!is_new) {
      head = at->second;
      break;
    }
    walked.push_back(entry->value);
    entry = space_.ReadPointer(*entry + link);
  }
  for (const std::uint64_t address : walked) known[address] = head;
  return head;
}

std::optional<PageSegment> ReadPageSegment(const AddressSpace& space, VirtAddr address, const SegmentHeapLayout& layout,
                                           SegmentLists& lists) {
  std::array<std::uint8_t, kSegmentHeaderBytes> bytes{};
  if (address.value % kSegmentBytes != 0) return std::nullopt;
  if (space.Read(address, bytes) != Presence::kPresent) return std::nullopt;
  const ByteView header(bytes);
  PageSegment segment;
  segment.address = address;
  segment.flink = header.TryRead<Le64>(0).value_or(Le64{});
  segment.blink = header.TryRead<Le64>(8).value_or(Le64{});
  segment.signature = header.TryRead<Le64>(kSegmentSignatureAt).value_or(Le64{});
  FindContext(space, lists, segment);
  const Descriptors descriptors(header, layout.unit_offset);
  ReadRanges(descriptors, UnitShiftOf(space, segment, descriptors), segment);
  return segment;
}

void AskNeighboursForContext(std::vector<PageSegment>& segments) {
  std::map<std::uint64_t, VirtAddr> named;
  for (const PageSegment& segment : segments)
    for (const std::uint64_t link : {segment.flink, segment.blink})
      if (segment.context_confirmed) named.emplace(link, *segment.context);
  for (PageSegment& segment : segments) {
    const auto by = named.find(segment.address.value);
    if (!segment.context_confirmed && by != named.end()) segment.context = by->second;
  }
}

}  // namespace poolblame
