// The kernel segment heap of x64 (Windows 10 1903 and later) as it lies in memory. What moved between versions is one
// row a Windows; what did not is in the constants. Names are those of public symbols (_SEGMENT_HEAP,
// _HEAP_PAGE_SEGMENT, _HEAP_VS_SUBSEGMENT, _HEAP_LFH_SUBSEGMENT).
// Sources: PDB-derived headers of 18362 to 22631 (Vergilius); "The Segment Heap of the Windows kernel pool" (Synacktiv,
// 2020) for the encodings; public notes on 24H2 layouts. Nobody has published the LFH bitmap of 22H2 and later for
// certain: readers choose the packing whose count of busy blocks agrees with the subsegment's own.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>

namespace poolblame {

struct SegmentHeapLayout {
  std::uint32_t first_build = 0, last_build = 0;  // inclusive
  std::uint32_t seg_contexts = 0;                 // SEGMENT_HEAP.SegContexts, two of kSegContextBytes
  std::uint32_t vs_context = 0, lfh_context = 0;  // SEGMENT_HEAP.VsContext, .LfhContext
  std::uint64_t segment_signature = 0;            // HEAP_PAGE_SEGMENT.Signature ^ segment ^ context ^ HeapKey
  std::uint32_t vs_signature = 0;                 // HEAP_VS_SUBSEGMENT.Signature, u16; Size is at kVsSize
  std::uint32_t lfh_bitmap = 0;                   // HEAP_LFH_SUBSEGMENT.BlockBitmap
  std::uint32_t lfh_bits = 0;                     // of it a block, the first of them says busy
  bool lfh_wide_page = false;                     // BlockOffsets is XORed with all of the page number's low 32 bits,
                                                  // not with those of the address alone
  std::uint32_t number_of_pools = 0;              // EX_POOL_HEAP_MANAGER_STATE.NumberOfPools, u32
  std::uint32_t pool_node = 0;                    // and .PoolNode, of kPoolNodeBytes each
  bool vs_slots = false;                          // the VS context's trees and lists lie in affinity slots behind it
  std::uint32_t unit_offset = 0;                  // HEAP_PAGE_RANGE_DESCRIPTOR.UnitOffset, u8, of a later unit
};

inline constexpr std::array<SegmentHeapLayout, 3> kSegmentHeapLayouts = {{
    {18362, 20347, 0x100, 0x280, 0x340, 0xA2E64EADA2E64EAD, 0x22, 0x30, 2, false, 0x38D0, 0x3900, false, 0x1F},
    {20348, 26099, 0x140, 0x2C0, 0x380, 0xA2E64EADA2E64EAD, 0x22, 0x30, 2, false, 0x38E0, 0x3900, false, 0x1F},
    {26100, std::numeric_limits<std::uint32_t>::max(), 0x140, 0x2C0, 0x340, 0, 0x24, 0x40, 1, true, 0x3910, 0x3940,
     true, 0x1A},
}};

/// The row of `build`; nullptr before the segment heap.
const SegmentHeapLayout* FindSegmentHeapLayout(std::optional<std::uint32_t> build);

/// Links of the heap lead to kernel addresses, which on x64 begin here; with page tables of five levels farther down.
inline constexpr std::uint64_t kSegmentHeapLowest = 0xFFFF800000000000;
inline constexpr std::uint64_t kSegmentHeapLowest57 = 0xFF00000000000000;
/// The lowest address that a link at `holder` may lead to: only a heap that itself lies where four levels do not reach
/// has links there.
constexpr std::uint64_t HeapLowest(std::uint64_t holder) {
  return holder >= kSegmentHeapLowest ? kSegmentHeapLowest : kSegmentHeapLowest57;
}
constexpr bool IsHeapPointer(std::uint64_t value, std::uint64_t holder) {
  return value >= HeapLowest(holder) && value % 8 == 0;
}
/// Upper bytes that are all ones in every such link.
constexpr std::uint32_t UpperOnes(std::uint64_t holder) { return holder >= kSegmentHeapLowest ? 2 : 1; }

// SEGMENT_HEAP
inline constexpr std::uint32_t kHeapSignature = 0xDDEEDDEE;  // u32 at +0x10
inline constexpr std::uint32_t kHeapSignatureAt = 0x10;

// HEAP_SEG_CONTEXT
inline constexpr std::uint32_t kSegContextBytes = 0xC0;
inline constexpr std::uint32_t kSegContextUnitShift = 0x08;                  // u8
inline constexpr std::uint32_t kSegContextLfh = 0x18, kSegContextVs = 0x20;  // pointers into the heap
inline constexpr std::uint32_t kSegContextHeap = 0x38;
inline constexpr std::uint32_t kSegContextListHead = 0x48;

// EX_POOL_HEAP_MANAGER_STATE (nt!ExPoolState) begins with a pointer to RTLP_HP_HEAP_GLOBALS.
inline constexpr std::uint32_t kGlobalsHeapKey = 0x00, kGlobalsLfhKey = 0x08, kGlobalsFailureInfo = 0x10;
inline constexpr std::uint32_t kPoolNodeBytes = 0x20C0;
inline constexpr std::uint32_t kMostPoolNodes = 64;     // fill the state from PoolNode to SpecialHeaps
inline constexpr std::uint32_t kHeapsOfNode = 4;        // at +0: NonPaged, NonPagedNx, Paged, and a second paged one
inline constexpr std::uint32_t kNodeLookasides = 0x40;  // two RTL_DYNAMIC_LOOKASIDE: NonPagedNx, paged
inline constexpr std::uint32_t kLookasidesOfNode = 2;

// HEAP_FAILURE_INFORMATION
inline constexpr std::uint32_t kFailureType = 0x08;                                                     // u32
inline constexpr std::uint32_t kFailureHeap = 0x10, kFailureAddress = 0x18, kFailureParameters = 0x20;  // three
inline constexpr std::uint32_t kFailurePrevious = 0x38, kFailureNext = 0x40;

// RTL_DYNAMIC_LOOKASIDE: RTL_LOOKASIDEs, each of which begins with the SLIST_HEADER of freed blocks' data.
inline constexpr std::uint32_t kLookasideBytes = 0x1040;
inline constexpr std::uint32_t kLookasideBuckets = 0x40, kLookasideBucketBytes = 0x40, kMostLookasideBuckets = 64;

// HEAP_VS_CONTEXT, or one HEAP_VS_AFFINITY_SLOT of it
inline constexpr std::uint32_t kVsFreeTree = 0x10;   // RTL_RB_TREE {Root, Min}; bit 0 of Min: Root is XORed with
                                                     // the tree's address
inline constexpr std::uint32_t kVsDelayFree = 0x40;  // SLIST_HEADER
inline constexpr std::uint32_t kVsSlotMapRef = 0x00, kVsAffinityMask = 0x02;  // u16; slots are named in units of 64

// HEAP_PAGE_SEGMENT: ListEntry at 0; its descriptors lie over its own bytes, the first of them are the header itself.
inline constexpr std::uint64_t kSegmentBytes = 0x100000;  // of context 0; one of context 1 has 16 MiB
inline constexpr std::uint32_t kSegmentSignatureAt = 0x10;
inline constexpr std::uint32_t kSegmentUnits = 256;
inline constexpr std::uint32_t kSegmentFirstUnit = 2;  // the header's own 0x2000 bytes
inline constexpr std::uint32_t kSegmentHeaderBytes = 0x2000;

// HEAP_PAGE_RANGE_DESCRIPTOR
inline constexpr std::uint32_t kRangeBytes = 0x20;
inline constexpr std::uint32_t kRangeSignature = 0xCCDDCCDD;  // u32 at +0 of an allocated range's first unit
inline constexpr std::uint32_t kRangeFlags = 0x18;            // u8
inline constexpr std::uint32_t kRangeUnitSize = 0x1F;         // u8, first unit only; 0 = 256
inline constexpr std::uint8_t kRangeAllocated = 0x01, kRangeFirst = 0x02, kRangeVs = 0x04, kRangeSubsegment = 0x08;

// HEAP_VS_SUBSEGMENT: ListEntry at 0
inline constexpr std::uint32_t kVsCommitBitmap = 0x10;  // u64, a bit a page
inline constexpr std::uint32_t kVsCommitLock = 0x18;    // u64
inline constexpr std::uint32_t kVsSize = 0x20;          // u16, of the chunks in units of 16 bytes
inline constexpr std::uint16_t kVsMagic = 0x2BED;       // (Size ^ Signature) & 0x7FFF
inline constexpr std::uint32_t kVsFirstChunk = 0x30;

// HEAP_VS_CHUNK_HEADER: the first word is XORed with HeapKey and its own address.
inline constexpr std::uint32_t kChunkUnit = 16;
inline constexpr std::uint32_t kChunkHeaderBytes = 16;
inline constexpr std::uint32_t kChunkTreeNode = 8;  // of a free chunk: RTL_BALANCED_NODE {Left, Right, ParentValue}

struct ChunkSizes {
  std::uint16_t MemoryCost = 0;
  std::uint16_t UnsafeSize = 0;      // units, the header included
  std::uint16_t UnsafePrevSize = 0;  // units; 0 for the first chunk
  std::uint8_t Allocated = 0;        // 0 or 1
  std::uint8_t rest = 0;             // always 0

  friend bool operator==(const ChunkSizes&, const ChunkSizes&) = default;
};
constexpr ChunkSizes DecodeChunk(std::uint64_t word, std::uint64_t key, std::uint64_t address) {
  const std::uint64_t v = word ^ key ^ address;
  return {static_cast<std::uint16_t>(v), static_cast<std::uint16_t>(v >> 16), static_cast<std::uint16_t>(v >> 32),
          static_cast<std::uint8_t>(v >> 48), static_cast<std::uint8_t>(v >> 56)};
}
constexpr std::uint64_t EncodeChunk(const ChunkSizes& c, std::uint64_t key, std::uint64_t address) {
  const std::uint64_t v = c.MemoryCost | std::uint64_t{c.UnsafeSize} << 16 | std::uint64_t{c.UnsafePrevSize} << 32 |
                          std::uint64_t{c.Allocated} << 48 | std::uint64_t{c.rest} << 56;
  return v ^ key ^ address;
}

// HEAP_LFH_SUBSEGMENT: ListEntry at 0
inline constexpr std::uint32_t kLfhOwner = 0x10;       // u64; State from 26100
inline constexpr std::uint32_t kLfhSecondWord = 0x18;  // u64: a lock; OwnerFreeListEntry from 26100
inline constexpr std::uint32_t kLfhFreeCount = 0x20, kLfhBlockCount = 0x22;  // u16
inline constexpr std::uint32_t kLfhBlockOffsets = 0x28;                      // u32, encoded
inline constexpr std::uint32_t kLfhLargestBlock = 0x4000;                    // bytes, of the last bucket

}  // namespace poolblame
