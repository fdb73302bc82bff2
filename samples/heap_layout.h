// What differs between the builds with the kernel segment heap (x64), as rows of one table. The builder's own facts,
// not shared with the reader.
#pragma once

#include <cstdint>

namespace poolblame::samples {

struct HeapLayout {
  std::uint32_t build;
  // In SEGMENT_HEAP:
  std::uint32_t user_context_at;  // the heap's dynamic lookaside
  std::uint32_t callbacks_at;     // CallbacksEncoded; 0 = none
  std::uint32_t seg_contexts_at;  // two, 0xC0 apart
  std::uint32_t vs_context_at;
  std::uint32_t lfh_context_at;
  std::uint32_t heap_size;
  // In EX_POOL_HEAP_MANAGER_STATE:
  std::uint32_t number_of_pools_at;
  std::uint32_t pool_node_at;
  std::uint32_t special_heaps_at;
  // Elsewhere:
  std::uint64_t segment_constant;  // in a page segment's Signature
  std::uint32_t unit_offset_at;    // in a range descriptor of a range's later units
  std::uint32_t vs_signature_at;   // in HEAP_VS_SUBSEGMENT
  std::uint32_t lfh_bitmap_at;     // in HEAP_LFH_SUBSEGMENT
  std::uint32_t lfh_bits_a_block;  // of that bitmap
  bool affinity_slots;             // VS lists and trees lie in slots behind the VS context, links are XORed
  std::uint32_t lfh_address_bits;  // of the address that BlockOffsets are XORed with, before the shift by 12
};

/// The row of a build that FindProfile knows as one with the segment heap.
const HeapLayout& HeapLayoutFor(std::uint32_t build);

// The same in every build:
inline constexpr std::uint32_t kHeapSignature = 0xDDEEDDEE;  // SEGMENT_HEAP+0x10
inline constexpr std::uint32_t kSegContextBytes = 0xC0;
inline constexpr std::uint32_t kListHeadAt = 0x48;  // in HEAP_SEG_CONTEXT
inline constexpr std::uint32_t kSegmentCountAt = 0x58;
inline constexpr std::uint32_t kTreeSignature = 0xCCDDCCDD;  // of the first descriptor of a range
inline constexpr std::uint32_t kVsSubsegmentMark = 0x2BED;   // Size ^ Signature, 15 bits
inline constexpr std::uint32_t kVsFirstChunk = 0x30;         // from the subsegment's start
inline constexpr std::uint32_t kVsHeader = 0x10;
inline constexpr std::uint32_t kUnit = 16;            // of VS chunks and LFH slots
inline constexpr std::uint32_t kVsFreeHeader = 0x20;  // a free chunk's header and tree node
inline constexpr std::uint32_t kPoolHeader = 0x10;
inline constexpr std::uint64_t kSegmentBytes = 0x100000;
inline constexpr std::uint32_t kUnitsPerSegment = 256;
inline constexpr std::uint32_t kFirstUnit = 2;        // the segment's own header takes two pages
inline constexpr std::uint32_t kMaxLfhBlock = 0x200;  // POOL_HEADER included

/// One value a boot, for all heaps.
struct HeapKeys {
  std::uint64_t heap_key = 0;
  std::uint64_t lfh_key = 0;
};

}  // namespace poolblame::samples
