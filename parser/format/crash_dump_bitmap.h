// The blocks behind the header of the crash dumps that keep some physical pages only. Both end in a bitmap (bit n, LSB
// first: page frame n is stored) and the stored pages follow in ascending order. Both lie at 0x1000 (`PAGEDUMP`) or
// 0x2000 (`PAGEDU64`); offsets in them are absolute file offsets.
//
// Sources: for the summary block the published Singularity Dump.h and Ghidra's SummaryHeader; for the other
// kdmp-parser, LeechCore, Volatility 3. (Volatility 2 and Ghidra name +0x28 and +0x30 the other way round; the rest
// agree.)
#pragma once

#include <cstddef>
#include <cstdint>

#include "parser/base/little_endian.h"

namespace poolblame {

inline constexpr std::uint32_t kBitmapSignatureSummary = 0x504D4453;  // appears as `SDMP`
inline constexpr std::uint32_t kBitmapSignatureFull = 0x504D4446;     // appears as `FDMP`
inline constexpr std::uint32_t kBitmapValidDump = 0x504D5544;         // appears as `DUMP`

/// Bits of the largest bitmap we index: 16 TiB of memory. Windows' own limit is 4 PiB; the index costs 1/32 bit a bit.
inline constexpr std::uint64_t kMaxBitmapBits = std::uint64_t{1} << 32;

// SUMMARY_DUMP (type 2), up to where the pointer size of the machine decides.
// 0x0C HeaderSize    file offset of the first page
// 0x10 BitmapSize    bits
// 0x14 Pages         pages stored
struct SummaryDump {
  /* 0x00 */ Le32 Signature;
  /* 0x04 */ Le32 ValidDump;
  /* 0x08 */ Le32 DumpOptions;
  /* 0x0C */ Le32 HeaderSize;
  /* 0x10 */ Le32 BitmapSize;
  /* 0x14 */ Le32 Pages;
  /* 0x18 */ Le32 SizeOfBitMap;  // must equal BitmapSize
};
inline constexpr std::uint64_t kSummaryBitmapOffset32 = 0x20;  // behind a 4-byte RTL_BITMAP.Buffer
inline constexpr std::uint64_t kSummaryBitmapOffset64 = 0x28;  // behind padding and an 8-byte one
static_assert(sizeof(SummaryDump) == 0x1C);

// BITMAP_DUMP (types 5, 6 and 7), the same for both headers.
struct BitmapDump {
  /* 0x00 */ Le32 Signature;
  /* 0x04 */ Le32 ValidDump;
  /* 0x08 */ std::uint8_t Unused[0x18];
  /* 0x20 */ Le64 FirstPage;          // file offset
  /* 0x28 */ Le64 TotalPresentPages;  // pages stored
  /* 0x30 */ Le64 BitmapSize;         // bits
};
inline constexpr std::uint64_t kBitmapOffset = 0x38;
static_assert(sizeof(BitmapDump) == kBitmapOffset && alignof(BitmapDump) == 1);

}  // namespace poolblame
