// ELF cores of a whole machine, as QEMU (`dump-guest-memory`) and VirtualBox (`debugvm dumpvmcore`) write them: a
// header, program headers, notes, memory. Only little-endian files; field names are the ELF specification's.
//
// Sources: System V ABI (gABI 4.1, chapters 4 and 5); QEMU dump/dump.c, docs/specs/vmcoreinfo.rst and
// include/qemu/win_dump_defs.h; Volatility 2 elfcoredump.py and LeechCore device_file.c for VirtualBox.
#pragma once

#include <cstddef>
#include <cstdint>

#include "parser/base/little_endian.h"

namespace poolblame {

inline constexpr std::uint64_t kElfClassOffset = 4;  // e_ident[EI_CLASS]
inline constexpr std::uint64_t kElfDataOffset = 5;   // e_ident[EI_DATA]
inline constexpr std::uint8_t kElfClass32 = 1;
inline constexpr std::uint8_t kElfClass64 = 2;
inline constexpr std::uint8_t kElfLittleEndian = 1;
inline constexpr std::uint16_t kElfTypeCore = 4;

inline constexpr std::uint32_t kElfSegmentLoad = 1;  // PT_LOAD: memory
inline constexpr std::uint32_t kElfSegmentNote = 4;  // PT_NOTE

/// e_phnum that says: the count is in sh_info of section header 0 (PN_XNUM).
inline constexpr std::uint16_t kElfManySegments = 0xFFFF;
/// Segments of one file. A dump with paging has one for each stretch of a mapping, some ten thousand; stops a loop over
/// a count that only claims so.
inline constexpr std::uint64_t kMaxElfSegments = std::uint64_t{1} << 20;
/// Notes of one file: two for each processor, and Windows has 2,048 at most; stops a loop over empty ones.
inline constexpr std::size_t kMaxElfNotes = 8192;

struct ElfHeader32 {
  /* 0x00 */ std::uint8_t e_ident[16];
  /* 0x10 */ Le16 e_type;
  /* 0x12 */ Le16 e_machine;
  /* 0x14 */ Le32 e_version;  // 0 in old cores of VirtualBox
  /* 0x18 */ Le32 e_entry;
  /* 0x1C */ Le32 e_phoff;
  /* 0x20 */ Le32 e_shoff;
  /* 0x24 */ Le32 e_flags;
  /* 0x28 */ Le16 e_ehsize;
  /* 0x2A */ Le16 e_phentsize;
  /* 0x2C */ Le16 e_phnum;
  /* 0x2E */ Le16 e_shentsize;
  /* 0x30 */ Le16 e_shnum;
  /* 0x32 */ Le16 e_shstrndx;
};
static_assert(sizeof(ElfHeader32) == 0x34 && offsetof(ElfHeader32, e_phnum) == 0x2C);

struct ElfHeader64 {
  /* 0x00 */ std::uint8_t e_ident[16];
  /* 0x10 */ Le16 e_type;
  /* 0x12 */ Le16 e_machine;
  /* 0x14 */ Le32 e_version;
  /* 0x18 */ Le64 e_entry;
  /* 0x20 */ Le64 e_phoff;
  /* 0x28 */ Le64 e_shoff;
  /* 0x30 */ Le32 e_flags;
  /* 0x34 */ Le16 e_ehsize;
  /* 0x36 */ Le16 e_phentsize;
  /* 0x38 */ Le16 e_phnum;
  /* 0x3A */ Le16 e_shentsize;
  /* 0x3C */ Le16 e_shnum;
  /* 0x3E */ Le16 e_shstrndx;
};
static_assert(sizeof(ElfHeader64) == 0x40 && offsetof(ElfHeader64, e_phnum) == 0x38);

// 0x10 (64: 0x20)  p_filesz   bytes of the segment in the file
// 0x14 (64: 0x28)  p_memsz    bytes in memory; what is more than p_filesz was left out
struct ElfSegment32 {
  /* 0x00 */ Le32 p_type;
  /* 0x04 */ Le32 p_offset;
  /* 0x08 */ Le32 p_vaddr;
  /* 0x0C */ Le32 p_paddr;
  /* 0x10 */ Le32 p_filesz;
  /* 0x14 */ Le32 p_memsz;
  /* 0x18 */ Le32 p_flags;
  /* 0x1C */ Le32 p_align;
};
static_assert(sizeof(ElfSegment32) == 0x20 && offsetof(ElfSegment32, p_paddr) == 0x0C);

struct ElfSegment64 {
  /* 0x00 */ Le32 p_type;
  /* 0x04 */ Le32 p_flags;
  /* 0x08 */ Le64 p_offset;
  /* 0x10 */ Le64 p_vaddr;
  /* 0x18 */ Le64 p_paddr;
  /* 0x20 */ Le64 p_filesz;
  /* 0x28 */ Le64 p_memsz;
  /* 0x30 */ Le64 p_align;
};
static_assert(sizeof(ElfSegment64) == 0x38 && offsetof(ElfSegment64, p_paddr) == 0x18);

// sh_info of a section header.
inline constexpr std::uint64_t kElfSectionInfoOffset32 = 0x1C;
inline constexpr std::uint64_t kElfSectionInfoOffset64 = 0x2C;

// A note: this, the name and the descriptor, each filled up to a multiple of four bytes, in files of both widths.
struct ElfNote {
  /* 0x00 */ Le32 n_namesz;  // with its final zero
  /* 0x04 */ Le32 n_descsz;
  /* 0x08 */ Le32 n_type;
};
static_assert(sizeof(ElfNote) == 0x0C && alignof(ElfNote) == 1);

/// Name of QEMU's own state of a processor, one note each (x86 and x64 machines; type 0).
inline constexpr const char* kElfNoteOfQemu = "QEMU";
/// In it: cr[3] of QEMUCPUState, behind version, size, 18 registers and 10 segments.
inline constexpr std::uint64_t kElfQemuCr3At = 0x1A0;

/// Name of the note that the guest gives QEMU. Of a Windows guest whose fw_cfg driver is loaded its descriptor is the
/// header of a crash dump, DUMP_HEADER64 or DUMP_HEADER32; of Linux it is text.
inline constexpr const char* kElfNoteOfGuest = "VMCOREINFO";
/// Name of VirtualBox's own note. Its cores have device memory as segments, too.
inline constexpr const char* kElfNoteOfVirtualBox = "VBCORE";
inline constexpr std::uint64_t kDeviceMemoryStart = 0xE0000000;  // below the 4 GiB mark, of VirtualBox's machines
inline constexpr std::uint64_t kDeviceMemoryEnd = std::uint64_t{1} << 32;

}  // namespace poolblame
