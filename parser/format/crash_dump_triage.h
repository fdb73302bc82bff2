// The block behind the header of a triage dump ("minidump", type 4), at 0x1000 (`PAGEDUMP`) or 0x2000 (`PAGEDU64`).
// All offsets in it are absolute file offsets; 0 means that the part is not there.
//
// Sources: rizin dmp_specs.h, published Singularity Dump.h, Ghidra pagedump; held against triage dumps of Windows 10
// and 11. The x86 form has no such check: TRIAGE_DATA_BLOCK is 12 bytes in two sources and 16 in the third, so the
// reader infers the stride from the file.
#pragma once

#include <cstddef>
#include <cstdint>

#include "parser/base/little_endian.h"

namespace poolblame {

inline constexpr std::uint32_t kTriageEndMarker = 0x44475254;  // appears as `TRGD`, at ValidOffset

struct TriageDumpCommon {
  /* 0x00 */ Le32 ServicePackBuild;
  /* 0x04 */ Le32 SizeOfDump;
  /* 0x08 */ Le32 ValidOffset;
  /* 0x0C */ Le32 ContextOffset;
  /* 0x10 */ Le32 ExceptionOffset;
  /* 0x14 */ Le32 MmOffset;
  /* 0x18 */ Le32 UnloadedDriversOffset;
  /* 0x1C */ Le32 PrcbOffset;
  /* 0x20 */ Le32 ProcessOffset;
  /* 0x24 */ Le32 ThreadOffset;
  /* 0x28 */ Le32 CallStackOffset;
  /* 0x2C */ Le32 SizeOfCallStack;
  /* 0x30 */ Le32 DriverListOffset;
  /* 0x34 */ Le32 DriverCount;
  /* 0x38 */ Le32 StringPoolOffset;
  /* 0x3C */ Le32 StringPoolSize;
  /* 0x40 */ Le32 BrokenDriverOffset;
  /* 0x44 */ Le32 TriageOptions;
};
static_assert(sizeof(TriageDumpCommon) == 0x48);

// TopOfStack is the virtual address of the first saved stack byte.
struct TriageDump32 {
  /* 0x00 */ TriageDumpCommon Common;
  /* 0x48 */ Le32 TopOfStack;
  /* 0x4C */ Le32 DataPageAddress;
  /* 0x50 */ Le32 DataPageOffset;
  /* 0x54 */ Le32 DataPageSize;
  /* 0x58 */ Le32 DebuggerDataOffset;
  /* 0x5C */ Le32 DebuggerDataSize;
  /* 0x60 */ Le32 DataBlocksOffset;
  /* 0x64 */ Le32 DataBlocksCount;
};
static_assert(sizeof(TriageDump32) == 0x68 && alignof(TriageDump32) == 1);

struct TriageDump64 {
  /* 0x00 */ TriageDumpCommon Common;
  /* 0x48 */ Le64 TopOfStack;
  /* 0x50 */ Le32 BStoreOffset;
  /* 0x54 */ Le32 SizeOfBStore;
  /* 0x58 */ Le64 LimitOfBStore;
  /* 0x60 */ Le64 DataPageAddress;
  /* 0x68 */ Le32 DataPageOffset;
  /* 0x6C */ Le32 DataPageSize;
  /* 0x70 */ Le32 DebuggerDataOffset;
  /* 0x74 */ Le32 DebuggerDataSize;
  /* 0x78 */ Le32 DataBlocksOffset;
  /* 0x7C */ Le32 DataBlocksCount;
};
static_assert(sizeof(TriageDump64) == 0x80 && alignof(TriageDump64) == 1);

struct TriageDataBlock32 {
  /* 0x00 */ Le32 Address;
  /* 0x04 */ Le32 Offset;
  /* 0x08 */ Le32 Size;
};
struct TriageDataBlock64 {
  /* 0x00 */ Le64 Address;
  /* 0x08 */ Le32 Offset;
  /* 0x0C */ Le32 Size;
};
static_assert(sizeof(TriageDataBlock32) == 12 && sizeof(TriageDataBlock64) == 16);

// DUMP_DRIVER_ENTRY, bytes from one to the next.
inline constexpr std::uint32_t kTriageDriverStride32 = 0x4C;
inline constexpr std::uint32_t kTriageDriverStride64 = 0x90;

// Caps: seen in real dumps are 247 drivers and 5,000 data blocks; these stop a walk through a lying count.
inline constexpr std::uint32_t kMaxTriageDrivers = 1 << 14;
inline constexpr std::uint32_t kMaxTriageDataBlocks = 1 << 16;

}  // namespace poolblame
