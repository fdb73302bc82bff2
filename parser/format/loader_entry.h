// Where the names of modules lie: the kernel's list entry (LDR_DATA_TABLE_ENTRY), the copies of it in a triage dump,
// and the rings of unloaded drivers. One row a machine width, offsets in bytes.
//
// Sources: PDB-derived structure tables of Windows XP to 11 (the common part has not changed since XP), rizin's and
// Ghidra's readers of triage dumps; x64 triage entries held against 30 real dumps. The x86 form of a triage dump's
// unloaded drivers is inferred from the x64 one.
#pragma once

#include <cstdint>

#include "parser/base/little_endian.h"

namespace poolblame {

/// UNICODE_STRING: Length in bytes, then at the pointer's alignment the buffer.
struct UnicodeStringLayout {
  std::uint32_t length = 0;  // u16
  std::uint32_t buffer = 0;  // pointer
  std::uint32_t size = 0;
};
inline constexpr UnicodeStringLayout kUnicodeString32{0, 4, 8};
inline constexpr UnicodeStringLayout kUnicodeString64{0, 8, 16};

struct LoaderEntryLayout {
  std::uint32_t dll_base = 0;       // pointer
  std::uint32_t size_of_image = 0;  // u32
  std::uint32_t full_name = 0;      // UNICODE_STRING
  std::uint32_t base_name = 0;      // UNICODE_STRING
  std::uint32_t timestamp = 0;      // u32; until Windows 8.1, other data from Windows 10 on
  UnicodeStringLayout string;
};
inline constexpr LoaderEntryLayout kLoaderEntry32{0x18, 0x20, 0x24, 0x2C, 0x44, kUnicodeString32};
inline constexpr LoaderEntryLayout kLoaderEntry64{0x30, 0x40, 0x48, 0x58, 0x80, kUnicodeString64};
inline constexpr std::uint32_t kFirstBuildWithoutEntryTimestamp = 10240;

/// DUMP_DRIVER_ENTRY: an offset into the string pool, then a copy of the list entry in its old shape.
struct TriageDriverLayout {
  std::uint32_t stride = 0;
  std::uint32_t name_offset = 0;  // u32: file offset of a length and that many UTF-16 characters
  std::uint32_t dll_base = 0;
  std::uint32_t size_of_image = 0;
  std::uint32_t timestamp = 0;
};
inline constexpr TriageDriverLayout kTriageDriver32{0x4C, 0x00, 0x1C, 0x24, 0x48};
inline constexpr TriageDriverLayout kTriageDriver64{0x90, 0x00, 0x38, 0x48, 0x88};

/// A driver that was unloaded: its name, where it lay, and in the kernel's ring when it went.
struct UnloadedDriverLayout {
  std::uint32_t stride = 0;
  std::uint32_t name_characters = 0;  // place of up to 12 characters of the name itself; 0 = only the UNICODE_STRING
  std::uint32_t start = 0;
  std::uint32_t end = 0;
  std::uint32_t count_size = 0;  // bytes of the count before the first entry; 0 = none
  UnicodeStringLayout string;
};
inline constexpr std::uint32_t kTriageUnloadedNameBytes = 24;
inline constexpr UnloadedDriverLayout kTriageUnloaded32{0x28, 0x08, 0x20, 0x24, 4, kUnicodeString32};
inline constexpr UnloadedDriverLayout kTriageUnloaded64{0x38, 0x10, 0x28, 0x30, 8, kUnicodeString64};
inline constexpr UnloadedDriverLayout kMmUnloaded32{0x18, 0, 0x08, 0x0C, 0, kUnicodeString32};
inline constexpr UnloadedDriverLayout kMmUnloaded64{0x28, 0, 0x10, 0x18, 0, kUnicodeString64};
inline constexpr std::uint32_t kUnloadedDriverSlots = 50;  // of MmUnloadedDrivers, every Windows

}  // namespace poolblame
