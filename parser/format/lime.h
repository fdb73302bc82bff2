// LiME (version 1) and AVML (version 2): physical memory as ranges, each behind a header of 32 bytes. LiME stores the
// bytes of the range as they are; AVML a snappy stream of them and the length of that stream.
//
// Sources: LiME's doc/README and AVML's src/image.rs (both public), Volatility 3 layers/lime.py and layers/avml.py.
#pragma once

#include <cstddef>
#include <cstdint>

#include "parser/base/little_endian.h"

namespace poolblame {

inline constexpr std::uint32_t kLimeMagic = 0x4C694D45;  // appears as `EMiL`
inline constexpr std::uint32_t kAvmlMagic = 0x4C4D5641;  // appears as `AVML`
inline constexpr std::uint32_t kLimeVersion = 1;
inline constexpr std::uint32_t kAvmlVersion = 2;

/// Ranges of one file. AVML cuts memory into blocks of 16 MiB, so this is 16 TiB of it; stops a loop over a file of
/// headers only.
inline constexpr std::size_t kMaxLimeRanges = std::size_t{1} << 20;

// 0x08  8  Start   physical address of the first byte
// 0x10  8  End     physical address of the last byte: inclusive
struct LimeRangeHeader {
  /* 0x00 */ Le32 Magic;
  /* 0x04 */ Le32 Version;
  /* 0x08 */ Le64 Start;
  /* 0x10 */ Le64 End;
  /* 0x18 */ Le64 Reserved;  // 0
};
static_assert(sizeof(LimeRangeHeader) == 0x20 && alignof(LimeRangeHeader) == 1);
static_assert(offsetof(LimeRangeHeader, End) == 0x10);

}  // namespace poolblame
