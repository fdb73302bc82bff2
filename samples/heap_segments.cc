// Layout of HEAP_SEG_CONTEXT, HEAP_PAGE_SEGMENT and HEAP_PAGE_RANGE_DESCRIPTOR: public PDB dumps, 18362 to 22631;
// UnitOffset of 26100: published dumps.
#include "samples/heap_segments.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

#include "samples/heap_tree.h"

namespace poolblame::samples {
namespace {

constexpr std::uint32_t kFreeRangesAt = 0x60;
constexpr std::uint32_t kFreeSegmentsAt = 0x78;
constexpr std::uint32_t kDescriptorBytes = 0x20;
constexpr std::uint32_t kFlagsAt = 0x18;  // in a descriptor
constexpr std::uint32_t kCommittedAt = 0x19;
constexpr std::uint32_t kUnitSizeAt = 0x1F;
constexpr unsigned kFirstUnitFlag = 0x02;
constexpr unsigned kMostCommitted = 0xFF;  // CommittedPageCount is a byte

}  // namespace

HeapSegments::HeapSegments(HeapSpace& space, std::uint64_t first_va) : space_(space), next_segment_(first_va) {
  WriteContext(Context(), true);
  WriteContext(Context() + kSegContextBytes, false);
}

void HeapSegments::WriteContext(std::uint64_t context, bool small_segments) {
  KernelMemory& memory = space_.memory;
  constexpr std::uint32_t kMaxSmall = 0x7F000;   // 508 KB
  constexpr std::uint32_t kMaxLarge = 0x7F0000;  // unsure for the older builds
  memory.Write64(context, small_segments ? ~std::uint64_t{0xFFFFF} : ~std::uint64_t{0xFFFFFF});
  memory.Write32(context + 8, small_segments ? 0x0002000C : 0x00010410);  // shift, pages a unit, first descriptor
  memory.Write32(context + 0x10, small_segments ? kMaxSmall : kMaxLarge);
  memory.Write64(context + 0x18, space_.heap + space_.layout.lfh_context_at);
  memory.Write64(context + 0x20, space_.heap + space_.layout.vs_context_at);
  memory.Write64(context + 0x38, space_.heap);
  space_.LinkRing(context + kListHeadAt, {}, false);
  space_.LinkRing(context + kFreeSegmentsAt, {}, false);
}

bool HeapSegments::AddSegment() {
  if (space_.random.Chance(20)) next_segment_ += kSegmentBytes;  // another heap's
  return AddSegmentAt(next_segment_);
}

bool HeapSegments::AddSegmentAt(std::uint64_t segment) {
  if (space_.memory.free_frames() < kFirstUnit) return false;
  for (std::uint64_t page = 0; page < kFirstUnit; ++page) space_.memory.MapNew(segment + page * kPage);
  next_segment_ = std::max(next_segment_, segment + kSegmentBytes);
  const std::uint64_t signature = segment ^ Context() ^ space_.keys.heap_key ^ space_.layout.segment_constant;
  space_.memory.Write64(segment + 0x10, signature);
  ranges_[segment][kFirstUnit] = {RangeKind::kFree, kUnitsPerSegment - kFirstUnit, 0};
  return true;
}

std::optional<std::uint64_t> HeapSegments::Take(std::uint32_t units, RangeKind kind, std::uint32_t unused_bytes) {
  if (units > kUnitsPerSegment - kFirstUnit) return std::nullopt;
  for (int tries = 0; tries < 2; ++tries) {
    for (auto& [segment, ranges] : ranges_) {
      for (auto at = ranges.begin(); at != ranges.end(); ++at) {
        const std::uint64_t descriptor = segment + at->first * kDescriptorBytes;
        if (at->second.kind != RangeKind::kFree || at->second.units < units) continue;
        if (!space_.Sound(descriptor, std::uint64_t{at->second.units} * kDescriptorBytes)) continue;
        return Place(segment, ranges, at, {kind, units, unused_bytes});
      }
    }
    if (!AddSegment()) break;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> HeapSegments::TakeLast(std::uint32_t units, std::uint32_t unused_bytes) {
  for (auto& [segment, ranges] : ranges_) {
    const auto last = std::prev(ranges.end());
    const std::uint32_t unit = kUnitsPerSegment - units;
    if (last->second.kind != RangeKind::kFree || last->first >= unit) continue;
    const std::uint64_t behind = segment + kSegmentBytes;
    if (!ranges_.contains(behind) && !AddSegmentAt(behind)) return std::nullopt;
    last->second.units -= units;
    ranges[unit] = {RangeKind::kPlain, units, unused_bytes};
    return segment + unit * kPage;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> HeapSegments::TakeIn(std::uint64_t segment, std::uint32_t units,
                                                  std::uint32_t unused_bytes) {
  Ranges& ranges = ranges_.at(segment);
  for (auto at = ranges.begin(); at != ranges.end(); ++at)
    if (at->second.kind == RangeKind::kFree && at->second.units >= units)
      return Place(segment, ranges, at, {RangeKind::kPlain, units, unused_bytes});
  return std::nullopt;
}

std::uint64_t HeapSegments::Place(std::uint64_t segment, Ranges& ranges, Ranges::iterator at, const HeapRange& wanted) {
  const std::uint32_t unit = at->first;
  const std::uint32_t rest = at->second.units - wanted.units;
  at->second = wanted;
  if (rest != 0) ranges[unit + wanted.units] = {RangeKind::kFree, rest, 0};
  return segment + unit * kPage;
}

void HeapSegments::Release(std::uint64_t va) {
  const std::uint64_t segment = va & ~(kSegmentBytes - 1);
  Ranges& ranges = ranges_.at(segment);
  auto at = ranges.find(static_cast<std::uint32_t>((va - segment) / kPage));
  space_.Decommit(va, va + at->second.units * kPage);
  at->second = {RangeKind::kFree, at->second.units, 0};
  const auto next = std::next(at);
  if (next != ranges.end() && next->second.kind == RangeKind::kFree) {
    at->second.units += next->second.units;
    ranges.erase(next);
  }
  if (at == ranges.begin()) return;
  const auto previous = std::prev(at);
  if (previous->second.kind != RangeKind::kFree) return;
  previous->second.units += at->second.units;
  ranges.erase(at);
}

void HeapSegments::WriteDescriptor(std::uint64_t at, const HeapRange& range, std::uint32_t distance,
                                   std::uint32_t committed) {
  if (!space_.Sound(at, kDescriptorBytes)) return;
  std::array<std::uint8_t, kDescriptorBytes> bytes{};
  const auto kind = static_cast<unsigned>(range.kind);
  const bool first = distance == 0;
  Put8(bytes, kFlagsAt, first ? kind : kind & ~kFirstUnitFlag);
  Put8(bytes, first ? kUnitSizeAt : space_.layout.unit_offset_at, first ? range.units : distance);
  if (first) Put8(bytes, kCommittedAt, committed);
  if (first && range.kind != RangeKind::kFree) {
    Put32(bytes, 0, kTreeSignature);
    Put32(bytes, 4, range.unused_bytes);
  }
  space_.memory.Write(at, bytes);
}

void HeapSegments::WriteRange(std::uint64_t segment, std::uint32_t unit, const HeapRange& range) {
  const std::uint64_t va = segment + unit * kPage;
  const std::uint32_t committed = range.units - space_.Uncommitted(va, va + range.units * kPage);
  for (std::uint32_t i = 0; i < range.units; ++i) {
    WriteDescriptor(segment + (unit + i) * kDescriptorBytes, range, i, std::min(committed, kMostCommitted));
  }
}

void HeapSegments::Settle() {
  std::vector<std::uint64_t> segments;
  std::set<std::pair<std::uint32_t, std::uint64_t>> free;  // in the tree's order: size, then address
  for (const auto& [segment, ranges] : ranges_) {
    segments.push_back(segment);
    for (const auto& [unit, range] : ranges) {
      WriteRange(segment, unit, range);
      if (range.kind == RangeKind::kFree) free.emplace(range.units, segment + unit * kDescriptorBytes);
    }
  }
  std::vector<std::uint64_t> nodes;
  for (const auto& [units, node] : free) nodes.push_back(node);
  const bool sound =
      std::all_of(nodes.begin(), nodes.end(), [&](std::uint64_t node) { return space_.Sound(node, kDescriptorBytes); });
  if (sound) WriteTree(space_.memory, Context() + kFreeRangesAt, nodes, false);
  space_.LinkRing(Context() + kListHeadAt, segments, false);
  space_.Put64(Context() + kSegmentCountAt, segments.size());
}

std::optional<std::pair<std::uint64_t, HeapRange>> HeapSegments::RangeOf(std::uint64_t va) const {
  const auto found = ranges_.find(va & ~(kSegmentBytes - 1));
  if (found == ranges_.end()) return std::nullopt;
  const auto unit = static_cast<std::uint32_t>((va - found->first) / kPage);
  if (unit < kFirstUnit) return std::nullopt;
  const auto at = std::prev(found->second.upper_bound(unit));
  return std::pair{found->first + at->first * kPage, at->second};
}

bool HeapSegments::IsDescriptorByte(std::uint64_t va) const {
  return Holds(va) && va % kSegmentBytes < kFirstUnit * kPage;
}

}  // namespace poolblame::samples
