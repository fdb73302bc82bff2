// VMware's saved states (.vmss of a suspended machine, .vmsn of a snapshot): groups of tags. The group `memory` says
// where the pieces of the machine's memory lie in the .vmem file beside it, or in its own tag `Memory`. The group `cpu`
// has the control registers, `CR` (4 bytes) and `CR64` (8), by processor and number.
//
// A tag: flags, length of the name, name, as many 32-bit indices as bits 6 and 7 of the flags say, data. Bits 0 to 5
// are the data's length; 62 and 63 mean a longer one: the length in the file and the length in memory (4 bytes each in
// version 0, else 8), a 16-bit count of padding bytes, those, the data. Flags and name length of 0 end the group.
//
// Sources: Volatility 2 (addrspaces/vmware.py, after N. Izraeli's vmsnparser), Volatility 3 (layers/vmware.py),
// LeechCore (device_file.c).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "parser/base/little_endian.h"

namespace poolblame {

inline constexpr std::array<std::uint32_t, 4> kVmwareMagics = {0xBED2BED0, 0xBAD1BAD1, 0xBED2BED2, 0xBED3BED3};

struct VmwareStateHeader {
  /* 0x00 */ Le32 Magic;  // its lowest four bits are the version
  /* 0x04 */ Le32 Unknown;
  /* 0x08 */ Le32 GroupCount;

  [[nodiscard]] std::uint32_t version() const { return Magic & 0xFu; }
};
static_assert(sizeof(VmwareStateHeader) == 0x0C && alignof(VmwareStateHeader) == 1);

struct VmwareGroup {
  /* 0x00 */ char Name[64];  // ends with a zero byte
  /* 0x40 */ Le64 Offset;    // of the first tag in the file
  /* 0x48 */ Le64 Size;
};
static_assert(sizeof(VmwareGroup) == 0x50 && offsetof(VmwareGroup, Offset) == 0x40);

inline constexpr std::uint8_t kVmwareLongData = 62;    // from here on, of 63
inline constexpr std::uint8_t kVmwarePackedData = 63;  // readers think: with lengths that differ, it is compressed

inline constexpr std::uint32_t kMaxVmwareGroups =
    4096;  // seen by others: some dozens; stops a walk over a file of them
inline constexpr std::uint32_t kMaxVmwareTags = 1 << 16;     // of one group
inline constexpr std::uint32_t kMaxVmwareRegions = 1 << 10;  // seen by others: up to four

/// A .vmem file of this size or more has a hole below 4 GiB that only the state file describes.
inline constexpr std::uint64_t kVmwareHoleBytes = std::uint64_t{3} << 30;

}  // namespace poolblame
