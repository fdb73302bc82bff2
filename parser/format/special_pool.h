// Special pool as data: one row for each way Windows has written the header of a special-pool page.
//
//  The page of one block, alone between two unmapped pages ("guard pages"):
//  verify end (the default): header at the page's start, filler, data up to the page's end, at most 7 (x64: 15) bytes
//  of filler behind the data. Verify start: data at the page's start, filler, header at the page's end.
//
//  The header has the size of a POOL_HEADER and its tag at the same place:
//  0x00 u16  requested bytes in the low bits, flags above them
//  0x02 u8   the filler byte
//  0x03 u8   zero in the one implementation that can be read; not looked at where the page is sound
//  0x04 u32  PoolTag
//  x64: 0x08, 8 bytes: zero in that implementation, not looked at
// Sources: Microsoft's Q188831 and "Special Pool" (places and slop); ReactOS, special.c (2003-style header, flags, the
// record of the free); dbgscope's pool decoder, measured on 26100. What lies between is assumed to be as both ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace poolblame {

struct SpecialPoolLayout {
  std::uint32_t first_build = 0, last_build = 0;  // inclusive
  std::uint16_t size_mask = 0;
  std::uint16_t paged_flag = 0;               // of the first u16
  std::uint16_t tracked_flag = 0;             // 0 = no such flag known: then 8 bytes behind the header are never judged
  bool untracked_has_filler_at_once = false;  // without the tracked flag the filler is known to follow the header
  std::string_view source;
};

/// Bytes that Driver Verifier's tracking takes behind the header.
inline constexpr std::uint32_t kSpecialTrackedBytes = 8;

/// The row of a build; that of the unknown middle, which judges least, where the build is not known.
const SpecialPoolLayout& SpecialPoolLayoutOf(std::optional<std::uint32_t> build);

/// What the free leaves in a special-pool page (2003-style), behind the POOL_HEADER it lays over the old one:
//  x86   x64
//  0x08  0x10  u32  Signature, appears as `64 32 76 98`
//  0x0C  0x14  u32  TickCount of the free
//  0x10  0x18  u32  NumberOfBytesRequested
//  0x14  0x1C  u32  Pagable
//  0x18  0x20  ptr  VirtualAddress, what the caller had
//  0x1C  0x28  ptr  StackPointer of the freeing thread
//  0x20  0x30  u32  StackBytes that follow
//  0x24  0x38  ptr  Thread
//  0x28  0x40       StackData, at most 0x400 bytes
struct FreedSpecialPoolLayout {
  std::uint32_t signature, bytes, pagable, address, stack_bytes, thread, stack;
};
inline constexpr std::uint32_t kFreedSpecialSignature = 0x98764321;
inline constexpr std::uint32_t kMostFreedStackBytes = 0x400;
inline constexpr FreedSpecialPoolLayout kFreedSpecialX86 = {0x08, 0x10, 0x14, 0x18, 0x20, 0x24, 0x28};
inline constexpr FreedSpecialPoolLayout kFreedSpecialX64 = {0x10, 0x18, 0x1C, 0x20, 0x30, 0x38, 0x40};

}  // namespace poolblame
