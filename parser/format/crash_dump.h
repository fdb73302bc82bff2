// The headers of Windows kernel crash dumps, 32-bit (`PAGEDUMP`, 4 KiB) and 64-bit (`PAGEDU64`, 8 KiB), as the kernel
// writes them. Field names are Windows' own so that they can be searched in WinDbg.
//
// The kernel fills the header with the dword `PAGE` before it writes fields, so a field that was never written reads
// 0x45474150 (or twice that): every optional field must be asked with IsFill() first.
//
// Sources: public Windows SDK mindumpdef.h; Volatility crash_vtypes.py; kdmp-parser; QEMU win_dump_defs.h. Offsets were
// held against triage dumps of Windows 10 and 11.
#pragma once

#include <cstddef>
#include <cstdint>

#include "parser/base/little_endian.h"

namespace poolblame {

// The first eight bytes, as a hex dump shows them.
inline constexpr std::uint32_t kDumpSignature = 0x45474150;  // appears as `PAGE`
inline constexpr std::uint32_t kValidDump32 = 0x504D5544;    // appears as `DUMP`
inline constexpr std::uint32_t kValidDump64 = 0x34365544;    // appears as `DU64`

/// True when the field was never written. For 64-bit fields both halves are the pattern.
constexpr bool IsFill(std::uint32_t value) { return value == kDumpSignature; }
constexpr bool IsFill(std::uint64_t value) { return value == 0x4547415045474150; }

inline constexpr std::uint32_t kMachineImageX86 = 0x14C;
inline constexpr std::uint32_t kMachineImageX64 = 0x8664;
inline constexpr std::uint32_t kMachineImageArm64 = 0xAA64;
inline constexpr std::uint32_t kMachineImageArm = 0x1C4;
inline constexpr std::uint32_t kMachineImageItanium = 0x200;

/// Values of DumpType.
enum class DumpType : std::uint32_t {
  kFull = 1,          // all physical memory, as runs
  kSummary = 2,       // kernel memory, 2000 to 7: a 32-bit bitmap block
  kHeaderOnly = 3,    // no memory
  kTriage = 4,        // "minidump": some virtual ranges
  kBitmapFull = 5,    // Windows 8 and later, complete and active
  kBitmapKernel = 6,  // Windows 8 and later, kernel and automatic
  kAutomatic = 7,     // on disk one of the two above
  kRdmpKernel = 8,    // dbgeng since about 2022, `RDMP` block
  kRdmpKernelUser = 9,
  kRdmpComplete = 10,
};

// Bits of Attributes, newer SDKs only (mindumpdef.h). Others are seen in the field and not understood.
inline constexpr std::uint32_t kDumpAttributeFileTooSmall = 0x4;  // "insufficient dump file size"
inline constexpr std::uint32_t kDumpAttributeLive = 0x10;
inline constexpr std::uint32_t kDumpAttributeFiltered = 0x40;    // "active memory": without pages held to be of no use
inline constexpr std::uint32_t kDumpAttributeEncrypted = 0x100;  // the pages are ciphertext

/// LIVE_SYSTEM_DUMP. "This code can never be used for a real bug check" (Microsoft's reference): live dumps of the task
/// manager have it, and what hypervisors write of a machine that did not crash.
inline constexpr std::uint32_t kBugCheckLiveDump = 0x161;

// PHYSICAL_MEMORY_DESCRIPTOR of the header: which physical pages a full dump holds, one run after the other.
inline constexpr std::size_t kPhysicalMemoryBlockSize = 700;

struct PhysicalMemoryRun32 {
  Le32 BasePage;   // first page frame number
  Le32 PageCount;  // pages
};
struct PhysicalMemoryDescriptor32 {
  Le32 NumberOfRuns;
  Le32 NumberOfPages;
};
struct PhysicalMemoryRun64 {
  Le64 BasePage;
  Le64 PageCount;
};
struct PhysicalMemoryDescriptor64 {
  Le32 NumberOfRuns;
  Le32 Padding;
  Le64 NumberOfPages;
};
static_assert(sizeof(PhysicalMemoryDescriptor32) == 8 && sizeof(PhysicalMemoryRun32) == 8);
static_assert(sizeof(PhysicalMemoryDescriptor64) == 16 && sizeof(PhysicalMemoryRun64) == 16);

// DUMP_HEADER32, 0x1000 bytes.
// 0x00C MinorVersion         build number
// 0x010 DirectoryTableBase   CR3; with PAE a 32-byte aligned table of four directories
// 0x05C PaeEnabled           0 or 1; 0x50 is the fill pattern
// 0x8A0 Attributes           fill in older dumps
struct DumpHeader32 {
  /* 0x000 */ Le32 Signature;
  /* 0x004 */ Le32 ValidDump;
  /* 0x008 */ Le32 MajorVersion;
  /* 0x00C */ Le32 MinorVersion;
  /* 0x010 */ Le32 DirectoryTableBase;
  /* 0x014 */ Le32 PfnDataBase;
  /* 0x018 */ Le32 PsLoadedModuleList;
  /* 0x01C */ Le32 PsActiveProcessHead;
  /* 0x020 */ Le32 MachineImageType;
  /* 0x024 */ Le32 NumberProcessors;
  /* 0x028 */ Le32 BugCheckCode;
  /* 0x02C */ Le32 BugCheckParameter[4];
  /* 0x03C */ std::uint8_t VersionUser[32];
  /* 0x05C */ std::uint8_t PaeEnabled;
  /* 0x05D */ std::uint8_t KdSecondaryVersion;
  /* 0x05E */ std::uint8_t Spare[2];
  /* 0x060 */ Le32 KdDebuggerDataBlock;
  /* 0x064 */ std::uint8_t PhysicalMemoryBlock[kPhysicalMemoryBlockSize];
  /* 0x320 */ std::uint8_t ContextRecord[1200];
  /* 0x7D0 */ std::uint8_t Exception[0x50];
  /* 0x820 */ std::uint8_t Comment[128];
  /* 0x8A0 */ Le32 Attributes;
  /* 0x8A4 */ Le32 BootId;
  /* 0x8A8 */ std::uint8_t Reserved0[1760];
  /* 0xF88 */ Le32 DumpType;
  /* 0xF8C */ Le32 MiniDumpFields;
  /* 0xF90 */ Le32 SecondaryDataState;
  /* 0xF94 */ Le32 ProductType;
  /* 0xF98 */ Le32 SuiteMask;
  /* 0xF9C */ Le32 WriterStatus;
  /* 0xFA0 */ Le64 RequiredDumpSpace;
  /* 0xFA8 */ std::uint8_t Reserved1[16];
  /* 0xFB8 */ Le64 SystemUpTime;
  /* 0xFC0 */ Le64 SystemTime;
  /* 0xFC8 */ std::uint8_t Reserved2[56];
};
static_assert(sizeof(DumpHeader32) == 0x1000 && alignof(DumpHeader32) == 1);
static_assert(offsetof(DumpHeader32, PaeEnabled) == 0x5C);
static_assert(offsetof(DumpHeader32, PhysicalMemoryBlock) == 0x64);
static_assert(offsetof(DumpHeader32, ContextRecord) == 0x320);
static_assert(offsetof(DumpHeader32, Attributes) == 0x8A0);
static_assert(offsetof(DumpHeader32, DumpType) == 0xF88);
static_assert(offsetof(DumpHeader32, RequiredDumpSpace) == 0xFA0);
static_assert(offsetof(DumpHeader32, SystemTime) == 0xFC0);

// DUMP_HEADER64, 0x2000 bytes.
struct DumpHeader64 {
  /* 0x0000 */ Le32 Signature;
  /* 0x0004 */ Le32 ValidDump;
  /* 0x0008 */ Le32 MajorVersion;
  /* 0x000C */ Le32 MinorVersion;
  /* 0x0010 */ Le64 DirectoryTableBase;
  /* 0x0018 */ Le64 PfnDataBase;
  /* 0x0020 */ Le64 PsLoadedModuleList;
  /* 0x0028 */ Le64 PsActiveProcessHead;
  /* 0x0030 */ Le32 MachineImageType;
  /* 0x0034 */ Le32 NumberProcessors;
  /* 0x0038 */ Le32 BugCheckCode;
  /* 0x003C */ Le32 Padding0;
  /* 0x0040 */ Le64 BugCheckParameter[4];
  /* 0x0060 */ std::uint8_t VersionUser[32];
  /* 0x0080 */ Le64 KdDebuggerDataBlock;
  /* 0x0088 */ std::uint8_t PhysicalMemoryBlock[kPhysicalMemoryBlockSize];
  /* 0x0344 */ Le32 Padding1;
  /* 0x0348 */ std::uint8_t ContextRecord[3000];
  /* 0x0F00 */ std::uint8_t Exception[0x98];
  /* 0x0F98 */ Le32 DumpType;
  /* 0x0F9C */ Le32 Padding2;
  /* 0x0FA0 */ Le64 RequiredDumpSpace;
  /* 0x0FA8 */ Le64 SystemTime;
  /* 0x0FB0 */ std::uint8_t Comment[128];
  /* 0x1030 */ Le64 SystemUpTime;
  /* 0x1038 */ Le32 MiniDumpFields;
  /* 0x103C */ Le32 SecondaryDataState;
  /* 0x1040 */ Le32 ProductType;
  /* 0x1044 */ Le32 SuiteMask;
  /* 0x1048 */ Le32 WriterStatus;
  /* 0x104C */ std::uint8_t Unused0;
  /* 0x104D */ std::uint8_t KdSecondaryVersion;
  /* 0x104E */ std::uint8_t Unused1[2];
  /* 0x1050 */ Le32 Attributes;
  /* 0x1054 */ Le32 BootId;
  /* 0x1058 */ std::uint8_t Reserved[4008];
};
static_assert(sizeof(DumpHeader64) == 0x2000 && alignof(DumpHeader64) == 1);
static_assert(offsetof(DumpHeader64, BugCheckParameter) == 0x40);
static_assert(offsetof(DumpHeader64, PhysicalMemoryBlock) == 0x88);
static_assert(offsetof(DumpHeader64, ContextRecord) == 0x348);
static_assert(offsetof(DumpHeader64, DumpType) == 0xF98);
static_assert(offsetof(DumpHeader64, RequiredDumpSpace) == 0xFA0);
static_assert(offsetof(DumpHeader64, Attributes) == 0x1050);

}  // namespace poolblame
