#include "parser/pool/vs_subsegment.h"

#include <algorithm>

#include "parser/base/little_endian.h"
#include "parser/pool/vs_tiling.h"

namespace poolblame {
namespace {

/// Copies what is there of the bytes [begin, end) of `subsegment.bytes`; false without the first page.
bool Fill(const AddressSpace& space, std::size_t begin, std::size_t end, VsSubsegment& subsegment) {
  subsegment.present.assign(begin / kPageSize, false);
  for (std::size_t offset = begin; offset < end; offset += kPageSize) {
    const PageBytes page = space.Page(subsegment.address + offset);
    const bool here = page.presence == Presence::kPresent && page.bytes.size() == kPageSize;
    subsegment.present.push_back(here);
    if (!here) continue;
    const std::size_t length = std::min<std::size_t>(kPageSize, subsegment.bytes.size() - offset);
    std::copy_n(page.bytes.data(), length, subsegment.bytes.begin() + static_cast<std::ptrdiff_t>(offset));
  }
  return subsegment.present[begin / kPageSize];
}

}  // namespace

std::uint32_t VsSubsegment::AbsentPages(const VsChunk& chunk) const {
  const auto at = [&](std::size_t page) { return present.begin() + static_cast<std::ptrdiff_t>(page); };
  const std::size_t end = std::min<std::size_t>((chunk.offset + chunk.size - 1) / kPageSize + 1, present.size());
  return static_cast<std::uint32_t>(std::count(at(chunk.offset / kPageSize), at(end), false));
}

std::optional<std::uint32_t> VsSubsegmentBytes(ByteView page, const SegmentHeapLayout& layout) {
  const auto size = page.TryRead<Le16>(kVsSize), signature = page.TryRead<Le16>(layout.vs_signature);
  if (!size || !signature || ((*size ^ *signature) & 0x7FFF) != kVsMagic) return std::nullopt;
  constexpr std::uint32_t kFewestUnits = 0x40;  // less than a kilobyte is nobody's subsegment
  if (*size < kFewestUnits) return std::nullopt;
  return kVsFirstChunk + *size * kChunkUnit;
}

void BoundMemoryCost(VsSubsegment& subsegment, std::uint64_t heap_key) {
  for (VsChunk& chunk : subsegment.chunks) {
    if (chunk.damaged() || !subsegment.PageIsPresent(chunk.offset)) continue;
    const std::uint64_t address = (subsegment.address + chunk.offset).value;
    const std::uint32_t absent = subsegment.AbsentPages(chunk);
    ChunkSizes sizes = DecodeChunk(chunk.read, heap_key, address);
    if (sizes.MemoryCost <= absent) continue;
    sizes.MemoryCost = static_cast<std::uint16_t>(absent);
    chunk.expected = EncodeChunk(sizes, heap_key, address);
    subsegment.damaged = true;
  }
}

std::optional<VsSubsegment> ReadVsSubsegment(const AddressSpace& space, VirtAddr address, std::uint32_t bytes,
                                             std::uint64_t heap_key) {
  VsSubsegment subsegment;
  subsegment.address = address;
  subsegment.bytes.assign(bytes, 0);
  if (!Fill(space, 0, bytes, subsegment)) return std::nullopt;
  if (!TileVsSubsegment(subsegment, heap_key)) return std::nullopt;
  return subsegment;
}

std::optional<VsSubsegment> ReadVsFragment(const AddressSpace& space, VirtAddr address, std::uint32_t bytes,
                                           std::uint64_t heap_key) {
  VsSubsegment subsegment;
  subsegment.fragment = true;
  subsegment.address = address - kVsFragmentMargin;
  const std::uint32_t end = kVsFragmentMargin + bytes;
  subsegment.bytes.assign(end + kVsFragmentMargin, 0);
  if (!Fill(space, kVsFragmentMargin, end, subsegment)) return std::nullopt;
  subsegment.present.resize(subsegment.bytes.size() / kPageSize, false);
  if (!TileVsSubsegment(subsegment, heap_key)) return std::nullopt;
  return subsegment;
}

}  // namespace poolblame
