// The block behind the 64-bit header of dumps that newer debuggers write (types 8, 9 and 10): ranges of page frames,
// whose pages follow one after the other. All offsets are absolute file offsets.
//
// Source: kdmp-parser and kdmp-parser-rs, one author; tried by him on dumps of each type. Nobody else describes it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "parser/base/little_endian.h"

namespace poolblame {

inline constexpr std::uint32_t kRdmpMarker = 0x40;
inline constexpr std::uint32_t kRdmpSignature = 0x504D4452;  // appears as `RDMP`
inline constexpr std::uint32_t kRdmpValidDump = 0x504D5544;  // appears as `DUMP`

// 0x10  8  MetadataSize  bytes of this block from 0x20 on and 0x20 more, so FirstPage - 0x2040 + 0x20
// 0x18  8  FirstPage     file offset of the first page
// 0x20  4  RangeCount    type 10 only; not understood in types 8 and 9
// 0x28  8  TotalPages    type 10 only; not understood in types 8 and 9
struct RdmpBlock {
  /* 0x00 */ Le32 Marker;
  /* 0x04 */ Le32 Signature;
  /* 0x08 */ Le32 ValidDump;
  /* 0x0C */ Le32 Unused;
  /* 0x10 */ Le64 MetadataSize;
  /* 0x18 */ Le64 FirstPage;
  /* 0x20 */ Le32 RangeCount;
  /* 0x24 */ Le32 Reserved;
  /* 0x28 */ Le64 TotalPages;
};
static_assert(sizeof(RdmpBlock) == 0x30 && alignof(RdmpBlock) == 1 && offsetof(RdmpBlock, TotalPages) == 0x28);

struct RdmpRange {
  /* 0x00 */ Le64 FirstPfn;  // 0 ends the list
  /* 0x08 */ Le64 Pages;
};
static_assert(sizeof(RdmpRange) == 0x10);

/// Ranges of one file: 16 MiB of list. Stops a list that is as long as the file.
inline constexpr std::size_t kMaxRdmpRanges = std::size_t{1} << 20;

}  // namespace poolblame
