#include "parser/pool/lfh_subsegment.h"

#include <algorithm>
#include <map>
#include <utility>

#include "parser/base/little_endian.h"
#include "parser/pool/segment_pool_header.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kMostGuessed = 8 * kPageSize;  // of a subsegment: blocks in use are anywhere in it
constexpr std::uint32_t kGrain = 16;                   // bytes; blocks and their begins are multiples

std::uint32_t PageWord(VirtAddr address, const SegmentHeapLayout& layout) {
  return layout.lfh_wide_page ? static_cast<std::uint32_t>(address.value >> 12)
                              : static_cast<std::uint32_t>(address.value) >> 12;
}

/// The size that a POOL_HEADER of a slot states; 0 where none stands.
std::uint32_t StatedSize(ByteView page, std::uint32_t at) { return UnitsStatedAt(page, at).value_or(0) * kGrain; }

/// Bits of the bitmap, `stride` bits a slot, the first of them says busy.
std::vector<bool> BusyBits(const std::vector<std::uint8_t>& bitmap, std::uint32_t blocks, std::uint32_t stride) {
  std::vector<bool> busy(blocks);
  for (std::uint32_t i = 0; i < blocks; ++i) {
    const std::uint32_t bit = i * stride;
    busy[i] = bit / 8 < bitmap.size() && (bitmap[bit / 8] >> (bit % 8) & 1U) != 0;
  }
  return busy;
}

std::optional<std::vector<std::uint8_t>> ReadBitmap(const AddressSpace& space, const LfhHeader& header,
                                                    const SegmentHeapLayout& layout) {
  constexpr std::uint32_t kMostStride = 2;
  std::vector<std::uint8_t> bitmap((header.blocks * kMostStride + 7) / 8);
  if (space.Read(header.address + layout.lfh_bitmap, bitmap) != Presence::kPresent) return std::nullopt;
  return bitmap;
}

std::optional<std::vector<bool>> ReadBusy(const AddressSpace& space, const LfhHeader& header,
                                          const SegmentHeapLayout& layout) {
  const auto bitmap = ReadBitmap(space, header, layout);
  if (!bitmap) return std::nullopt;
  const std::uint32_t other = layout.lfh_bits == 2 ? 1 : 2;
  for (const std::uint32_t stride : {layout.lfh_bits, other}) {
    std::vector<bool> busy = BusyBits(*bitmap, header.blocks, stride);
    const auto count = static_cast<std::uint32_t>(std::count(busy.begin(), busy.end(), true));
    if (count + header.free == header.blocks) return busy;
  }
  return std::nullopt;
}

}  // namespace

std::optional<LfhHeader> ReadLfhHeader(const AddressSpace& space, VirtAddr address, std::uint64_t range_bytes) {
  const auto encoded = space.Read<Le32>(address + kLfhBlockOffsets);
  const auto blocks = space.Read<Le16>(address + kLfhBlockCount), free = space.Read<Le16>(address + kLfhFreeCount);
  if (!encoded || !blocks || !free || *blocks == 0 || *free > *blocks) return std::nullopt;
  if (std::uint64_t{*blocks} * kGrain > range_bytes) return std::nullopt;
  return LfhHeader{address, range_bytes, *encoded, *blocks, *free};
}

std::uint32_t LfhKeyFor(const LfhHeader& header, const LfhGeometry& geometry, const SegmentHeapLayout& layout) {
  return header.encoded ^ PageWord(header.address, layout) ^ (geometry.block_size | geometry.first << 16);
}

LfhGeometry DecodeLfhGeometry(const LfhHeader& header, std::uint32_t key, const SegmentHeapLayout& layout) {
  const std::uint32_t word = header.encoded ^ key ^ PageWord(header.address, layout);
  return {word & 0xFFFF, word >> 16};
}

bool IsPossible(const LfhGeometry& geometry, const LfhHeader& header, const SegmentHeapLayout& layout) {
  if (geometry.block_size < 2 * kGrain || geometry.block_size > kLfhLargestBlock) return false;
  if (geometry.block_size % kGrain != 0 || geometry.first % kGrain != 0) return false;
  if (geometry.first < layout.lfh_bitmap) return false;
  return geometry.first + std::uint64_t{geometry.block_size} * header.blocks <= header.range_bytes;
}

std::vector<LfhGeometry> GuessLfhGeometry(const AddressSpace& space, const LfhHeader& header,
                                          const SegmentHeapLayout& layout) {
  std::map<std::uint32_t, std::vector<std::uint32_t>> by_size;
  const auto end = static_cast<std::uint32_t>(std::min<std::uint64_t>(header.range_bytes, kMostGuessed));
  for (std::uint32_t begin = 0; begin < end; begin += kPageSize) {
    const PageBytes page = space.Page(header.address + begin);
    if (page.presence != Presence::kPresent) continue;
    for (std::uint32_t at = begin == 0 ? layout.lfh_bitmap / kGrain * kGrain : 0; at < kPageSize; at += kGrain)
      if (const std::uint32_t size = StatedSize(page.bytes, at); size >= 2 * kGrain)
        by_size[size].push_back(begin + at);
  }
  const auto most = std::max_element(by_size.begin(), by_size.end(),
                                     [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
  constexpr std::size_t kFewestSlots = 3;
  if (most == by_size.end() || most->second.size() < kFewestSlots) return {};
  std::vector<LfhGeometry> out;
  const std::uint32_t size = most->first;
  for (std::uint32_t first = most->second.front();; first -= size) {
    const LfhGeometry geometry{size, first};
    if (!IsPossible(geometry, header, layout)) break;
    out.push_back(geometry);
    if (first < size) break;
  }
  return out;
}

std::optional<std::uint32_t> CountBusy(const AddressSpace& space, const LfhHeader& header,
                                       const SegmentHeapLayout& layout, std::uint32_t bits) {
  const auto bitmap = ReadBitmap(space, header, layout);
  if (!bitmap) return std::nullopt;
  const std::vector<bool> busy = BusyBits(*bitmap, header.blocks, bits);
  return static_cast<std::uint32_t>(std::count(busy.begin(), busy.end(), true));
}

LfhSubsegment ReadLfhSubsegment(const AddressSpace& space, const LfhHeader& header, const LfhGeometry& geometry,
                                const SegmentHeapLayout& layout) {
  LfhSubsegment subsegment{header.address, geometry, {}, true};
  const auto busy = header.bitmap_lost ? std::nullopt : ReadBusy(space, header, layout);
  for (std::uint32_t i = 0; i < header.blocks; ++i) {
    const std::uint32_t offset = geometry.first + i * geometry.block_size;
    const VirtAddr slot = header.address + offset;
    if (slot.page_offset() + geometry.block_size > kPageSize) {
      if (!subsegment.slots.empty() && subsegment.slots.back().offset + geometry.block_size == offset)
        subsegment.slots.back().size += geometry.block_size;
      continue;
    }
    const PageBytes page = space.Page(slot);
    if (page.presence != Presence::kPresent) continue;
    const bool sound = StatedSize(page.bytes, static_cast<std::uint32_t>(slot.page_offset())) == geometry.block_size;
    subsegment.slots.push_back({offset, geometry.block_size, busy ? (*busy)[i] : sound});
  }
  return subsegment;
}

std::optional<LfhGeometry> LfhGeometryOfPage(ByteView page) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> in_step;  // by size and place modulo size
  for (std::uint32_t at = 0; at < kPageSize; at += kGrain) {
    const std::uint32_t size = StatedSize(page, at);
    if (size >= 2 * kGrain && at + size <= kPageSize) ++in_step[{size, at % size}];
  }
  std::optional<LfhGeometry> best;
  std::uint32_t covered = 0;
  for (const auto& [step, sound] : in_step) {
    const auto& [size, first] = step;
    constexpr std::uint32_t kFewestSlots = 3;
    if (sound < kFewestSlots || sound * size <= covered) continue;
    std::uint32_t others = 0;
    for (std::uint32_t at = first; at + size <= kPageSize; at += size)
      if (StatedSize(page, at) != size && page.TryRead<Le64>(at).value_or(Le64{}) != 0) ++others;
    if (others > sound) continue;
    best = LfhGeometry{size, first};
    covered = sound * size;
  }
  return best;
}

std::optional<LfhHeader> FindLfhHeader(const AddressSpace& space, VirtAddr page, const LfhGeometry& geometry,
                                       const SegmentHeapLayout& layout) {
  constexpr std::uint64_t kMostBytes = 0x40000;  // of a subsegment: four times what was seen
  auto header = ReadLfhHeader(space, page, kMostBytes);
  if (!header || !ReadBusy(space, *header, layout)) return std::nullopt;
  const std::uint64_t bitmap_end = layout.lfh_bitmap + (header->blocks * layout.lfh_bits + 7) / 8;
  std::uint64_t first = geometry.first;
  while (first < bitmap_end) first += geometry.block_size;
  const std::uint64_t end = first + std::uint64_t{geometry.block_size} * header->blocks;
  if (first >= kPageSize || end > kMostBytes) return std::nullopt;
  header->range_bytes = (end + kPageSize - 1) / kPageSize * kPageSize;
  return header;
}

std::optional<LfhSubsegment> ReadLfhPages(const AddressSpace& space, VirtAddr address, std::uint64_t bytes) {
  const PageBytes front = space.Page(address);
  if (front.presence != Presence::kPresent) return std::nullopt;
  const auto geometry = LfhGeometryOfPage(front.bytes);
  if (!geometry) return std::nullopt;
  LfhSubsegment subsegment{address, *geometry, {}, false};
  for (std::uint64_t offset = geometry->first; offset + geometry->block_size <= bytes; offset += geometry->block_size) {
    const VirtAddr slot = address + offset;
    if (slot.page_offset() + geometry->block_size > kPageSize) continue;
    const PageBytes page = space.Page(slot);
    if (page.presence != Presence::kPresent) continue;
    const bool sound = StatedSize(page.bytes, static_cast<std::uint32_t>(slot.page_offset())) == geometry->block_size;
    subsegment.slots.push_back({static_cast<std::uint32_t>(offset), geometry->block_size, sound});
  }
  return subsegment;
}

}  // namespace poolblame
