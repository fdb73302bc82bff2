// KDDEBUGGER_DATA64, the kernel's note to a debugger of where its globals are. One layout for x86 and x64: every
// pointer has 64 bits, on x86 sign-extended. Almost every one is the address of a variable, not its value; exceptions
// are marked "value". List heads are used in place.
//
// Sources: the public WDBGEXTS-derived metadata of the Windows SDK, Volatility's kdbg_vtypes and kdmp-parser-rs (all
// three agree up to 0x338); held against the blocks of 30 triage dumps of Windows 10 and 11. Later Windows only add
// fields at the end; Size says how far the block goes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "parser/base/little_endian.h"

namespace poolblame {

inline constexpr std::uint32_t kDebuggerBlockTag = 0x4742444B;  // appears as `KDBG`
// XP's first block has 0x290 bytes, Windows 2000's 0x208; the largest seen has 0x3A0.
inline constexpr std::uint32_t kMinDebuggerBlockSize = 0x208;
inline constexpr std::uint32_t kMaxDebuggerBlockSize = 0x1000;

/// The part of the block that is used here; fields behind Size read as zero.
struct DebuggerBlock {
  /* 0x000 */ Le64 List[2];
  /* 0x010 */ Le32 OwnerTag;
  /* 0x014 */ Le32 Size;      // bytes
  /* 0x018 */ Le64 KernBase;  // value
  /* 0x020 */ std::uint8_t Unused020[0x28];
  /* 0x048 */ Le64 PsLoadedModuleList;   // list head
  /* 0x050 */ Le64 PsActiveProcessHead;  // list head
  /* 0x058 */ Le64 PspCidTable;
  /* 0x060 */ Le64 ExpSystemResourcesList;
  /* 0x068 */ Le64 ExpPagedPoolDescriptor;  // array of pointers to POOL_DESCRIPTOR
  /* 0x070 */ Le64 ExpNumberOfPagedPools;
  /* 0x078 */ std::uint8_t Unused078[0x80];
  /* 0x0F8 */ Le64 MmNumberOfPhysicalPages;
  /* 0x100 */ std::uint8_t Unused100[0x10];
  /* 0x110 */ Le64 MmNonPagedPoolStart;
  /* 0x118 */ Le64 MmNonPagedPoolEnd;
  /* 0x120 */ Le64 MmPagedPoolStart;
  /* 0x128 */ Le64 MmPagedPoolEnd;
  /* 0x130 */ std::uint8_t Unused130[0x88];
  /* 0x1B8 */ Le64 PoolTrackTable;
  /* 0x1C0 */ Le64 NonPagedPoolDescriptor;
  /* 0x1C8 */ std::uint8_t Unused1C8[0x40];
  /* 0x208 */ Le64 NtBuildLab;  // text: "7601.17514.amd64fre.win7sp1_rtm.101119-1850"
  /* 0x210 */ std::uint8_t Unused210[0x10];
  /* 0x220 */ Le64 MmUnloadedDrivers;
  /* 0x228 */ Le64 MmLastUnloadedDriver;
};
static_assert(offsetof(DebuggerBlock, OwnerTag) == 0x10 && offsetof(DebuggerBlock, Size) == 0x14);
static_assert(offsetof(DebuggerBlock, PsLoadedModuleList) == 0x48);
static_assert(offsetof(DebuggerBlock, ExpPagedPoolDescriptor) == 0x68);
static_assert(offsetof(DebuggerBlock, MmNonPagedPoolStart) == 0x110);
static_assert(offsetof(DebuggerBlock, PoolTrackTable) == 0x1B8);
static_assert(offsetof(DebuggerBlock, NtBuildLab) == 0x208);
static_assert(offsetof(DebuggerBlock, MmUnloadedDrivers) == 0x220);
static_assert(sizeof(DebuggerBlock) == 0x230 && alignof(DebuggerBlock) == 1);

}  // namespace poolblame
