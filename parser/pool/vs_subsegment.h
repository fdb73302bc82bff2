// One variable-size subsegment of the segment heap as chunks that tile it. For a healthy one that is the walk; for a
// damaged one it is the most likely tiling: each chunk's size is written twice, in its own header and as the next one's
// UnsafePrevSize, and a header that was overwritten hardly ever decodes to a legal one (15 bits of it must be zero).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "parser/base/address.h"
#include "parser/format/segment_heap.h"
#include "parser/image/address_space.h"

namespace poolblame {

struct VsChunk {
  std::uint32_t offset = 0;  // in the subsegment, bytes
  std::uint32_t size = 0;    // bytes, header included; recovered where the header is damaged
  std::uint32_t previous_size = 0;
  bool allocated = false;
  std::uint64_t read = 0, expected = 0;  // the encoded word as it stands and as it must have been
  bool begin_known = true;               // false: it begins somewhere before the bytes that are here
  bool end_known = true;                 // false: it ends somewhere behind them
  [[nodiscard]] bool damaged() const { return read != expected; }
};

struct VsSubsegment {
  VirtAddr address{};
  std::vector<std::uint8_t> bytes;  // the subsegment from its header on; pages that are not there are zero
  std::vector<bool> present;        // by page
  std::vector<VsChunk> chunks;      // ascending, tiling [kVsFirstChunk, bytes.size())
  bool damaged = false;             // a chunk header is
  bool fragment = false;            // pages from the middle of one, absent ones before and behind them
  double margin = 0;                // how much more the second-best tiling costs, nats; 0 for a healthy one
  [[nodiscard]] bool PageIsPresent(std::uint32_t offset) const { return present[offset / kPageSize]; }
  /// How many of the pages that the chunk touches are not there. 0: none of it was given back.
  [[nodiscard]] std::uint32_t AbsentPages(const VsChunk& chunk) const;
};

/// From now on a chunk whose MemoryCost is more than the pages that it lacks counts as damaged. For systems whose other
/// chunks say so: it is the only trace of a write of one or two bytes.
void BoundMemoryCost(VsSubsegment& subsegment, std::uint64_t heap_key);

/// The bytes that a header at `page` promises for its chunks, header included; nothing when it is no VS subsegment's.
/// `page` is a page's 4096 bytes.
std::optional<std::uint32_t> VsSubsegmentBytes(ByteView page, const SegmentHeapLayout& layout);

/// Reads the subsegment of `bytes` bytes at `address`. Nothing when its first page is not there, or when less than half
/// of its headers are sound. Cost: up to 1 MiB is copied; a damaged one takes up to a few milliseconds.
std::optional<VsSubsegment> ReadVsSubsegment(const AddressSpace& space, VirtAddr address, std::uint32_t bytes,
                                             std::uint64_t heap_key);

/// The pages [address, address + bytes) of a subsegment whose header is not in the image, as a fragment: what chunks
/// begin before the first of them and end behind the last is as far as their neighbours say. Cost: as above.
std::optional<VsSubsegment> ReadVsFragment(const AddressSpace& space, VirtAddr address, std::uint32_t bytes,
                                           std::uint64_t heap_key);

/// Absent bytes on either side of a fragment: more than the largest block of the backend, its header included.
inline constexpr std::uint32_t kVsFragmentMargin = 0x21000;

}  // namespace poolblame
