#include "parser/pool/lone_pages.h"

#include <optional>

#include "parser/base/little_endian.h"
#include "parser/pool/lfh_subsegment.h"
#include "parser/pool/segment_pool_header.h"
#include "parser/pool/vs_subsegment.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kMostRunBytes = 0x40000;  // of a run of pages read as one: bounds the copy of a hostile file

/// Bytes of chunks on the page whose header leads to another one that says so, too.
std::uint32_t BytesInChains(ByteView page, VirtAddr address, std::uint64_t key) {
  std::uint32_t covered = 0;
  const auto header = [&](std::uint32_t at) {
    return DecodeChunk(page.TryRead<Le64>(at).value_or(Le64{}), key, (address + at).value);
  };
  const auto legal = [](const ChunkSizes& c) { return c.rest == 0 && c.Allocated <= 1 && c.UnsafeSize >= 2; };
  for (std::uint32_t at = 0; at < kPageSize; at += kChunkUnit) {
    const ChunkSizes c = header(at);
    const std::uint32_t next = at + c.UnsafeSize * kChunkUnit;
    if (!legal(c) || next >= kPageSize) continue;
    const ChunkSizes behind = header(next);
    if (legal(behind) && behind.UnsafePrevSize == c.UnsafeSize) covered += next - at;
  }
  return covered;
}

/// Bytes of the page in slots, as far as their headers say so.
std::uint32_t BytesInSlots(const std::optional<LfhGeometry>& geometry) {
  return geometry
             ? static_cast<std::uint32_t>(kPageSize - geometry->first) / geometry->block_size * geometry->block_size
             : 0;
}

class Finder {
 public:
  Finder(const AddressSpace& space, const SegmentHeapLayout& layout, const std::uint64_t* heap_key)
      : space_(space), layout_(layout), key_(heap_key) {}

  void Add(VirtAddr address) {
    if (!ranges_.empty() && address.value < ranges_.back().address.value + ranges_.back().bytes) return;
    const PageBytes page = space_.Page(address);
    if (page.presence != Presence::kPresent || page.bytes.size() != kPageSize) return;
    const auto slots = LfhGeometryOfPage(page.bytes);
    const std::uint32_t in_chains = key_ != nullptr ? BytesInChains(page.bytes, address, *key_) : 0;
    if (in_chains > 0 && in_chains >= BytesInSlots(slots) / 2) return AddVs(page.bytes, address);
    if (!slots) return;
    if (const auto header = FindLfhHeader(space_, address, *slots, layout_)) {
      ranges_.push_back({RangeKind::kLfh, address, header->range_bytes});
      return;
    }
    const bool in_step = slots_ && slots_->block_size == slots->block_size &&
                         (address.value - slots_at_.value + slots->first) % slots->block_size == slots_->first;
    in_step ? Extend({RangeKind::kLfhPages, address, kPageSize})
            : ranges_.push_back({RangeKind::kLfhPages, address, kPageSize});
    if (ranges_.back().bytes != kPageSize) return;
    slots_ = slots;
    slots_at_ = address;
  }
  [[nodiscard]] std::vector<PageRange> Take() { return std::move(ranges_); }

 private:
  /// A page with a subsegment's header goes on with nothing.
  void AddVs(ByteView page, VirtAddr address) {
    const PageRange range{RangeKind::kVsPages, address, kPageSize};
    VsSubsegmentBytes(page, layout_) ? ranges_.push_back(range) : Extend(range);
  }
  /// Adds the page to the range that ends where it begins, if that is one of its kind.
  void Extend(const PageRange& page) {
    if (!ranges_.empty()) {
      PageRange& last = ranges_.back();
      const bool joins = last.kind == page.kind && last.address + last.bytes == page.address;
      if (joins && last.bytes < kMostRunBytes) {
        last.bytes += page.bytes;
        return;
      }
    }
    ranges_.push_back(page);
  }

  const AddressSpace& space_;
  const SegmentHeapLayout& layout_;
  const std::uint64_t* key_;
  std::vector<PageRange> ranges_;
  std::optional<LfhGeometry> slots_;  // of the last range of LFH pages
  VirtAddr slots_at_{};
};

}  // namespace

std::vector<PageRange> FindLonePages(const AddressSpace& space, const std::vector<VirtAddr>& pages,
                                     const SegmentHeapLayout& layout, const std::uint64_t* heap_key) {
  Finder finder(space, layout, heap_key);
  for (const VirtAddr page : pages) finder.Add(page);
  return finder.Take();
}

bool MayHoldBlocks(ByteView page) {
  constexpr std::uint32_t kSmallest = 2;  // units
  for (std::uint32_t at = 0; at < page.size(); at += kChunkUnit)
    if (UnitsStatedAt(page, at).value_or(0) >= kSmallest) return true;
  return false;
}

}  // namespace poolblame
