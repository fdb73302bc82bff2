// The headers of a driver's image as the loader maps it (PE, "portable executable"): where its sections, its imports
// and its exports lie. All places in them are RVAs: bytes from the image's base.
//
// Source: Microsoft, "PE Format" (learn.microsoft.com/windows/win32/debug/pe-format), and winnt.h's names. Unchanged
// since NT 3.1; the 64-bit form differs only in the optional header.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "parser/base/little_endian.h"

namespace poolblame {

inline constexpr std::uint16_t kImageDosSignature = 0x5A4D;     // appears as `MZ`
inline constexpr std::uint32_t kImageNtSignature = 0x00004550;  // appears as `PE`
inline constexpr std::uint32_t kImageNtHeaderAt = 0x3C;         // e_lfanew of IMAGE_DOS_HEADER
inline constexpr std::uint16_t kImageOptionalMagic32 = 0x10B;   // PE32
inline constexpr std::uint16_t kImageOptionalMagic64 = 0x20B;   // PE32+
inline constexpr std::uint16_t kImageFileMachineAmd64 = 0x8664;
inline constexpr std::uint16_t kImageFileMachineArm64 = 0xAA64;
inline constexpr std::uint32_t kImageDirectoriesAt32 = 0x60;    // DataDirectory in IMAGE_OPTIONAL_HEADER32
inline constexpr std::uint32_t kImageDirectoriesAt64 = 0x70;    // and in IMAGE_OPTIONAL_HEADER64
inline constexpr std::uint32_t kImageDirectoryEntryExport = 0;  // places in DataDirectory
inline constexpr std::uint32_t kImageDirectoryEntryImport = 1;
inline constexpr std::uint32_t kImageDirectoryEntryResource = 2;
inline constexpr std::uint32_t kImageDirectoryEntryDebug = 6;
inline constexpr std::uint32_t kImageSizeOfImageAt = 0x50;  // from IMAGE_NT_HEADERS, in both forms
inline constexpr std::uint32_t kImageScnMemExecute = 0x20000000;

/// IMAGE_NT_HEADERS up to the optional header.
struct ImageNtHeaders {
  /* 0x00 */ Le32 Signature;
  /* 0x04 */ Le16 Machine;
  /* 0x06 */ Le16 NumberOfSections;
  /* 0x08 */ Le32 TimeDateStamp;
  /* 0x0C */ Le32 PointerToSymbolTable;
  /* 0x10 */ Le32 NumberOfSymbols;
  /* 0x14 */ Le16 SizeOfOptionalHeader;
  /* 0x16 */ Le16 Characteristics;
  /* 0x18 */ Le16 Magic;  // the optional header's first field
};
static_assert(sizeof(ImageNtHeaders) == 0x1A && offsetof(ImageNtHeaders, Magic) == 0x18);

struct ImageDataDirectory {
  /* 0x00 */ Le32 VirtualAddress;
  /* 0x04 */ Le32 Size;
};
static_assert(sizeof(ImageDataDirectory) == 8);

struct ImageSectionHeader {
  /* 0x00 */ std::array<char, 8> Name;
  /* 0x08 */ Le32 VirtualSize;
  /* 0x0C */ Le32 VirtualAddress;
  /* 0x10 */ Le32 SizeOfRawData;
  /* 0x14 */ Le32 PointerToRawData;
  /* 0x18 */ std::array<Le32, 3> Relocations;  // and line numbers: not used in a mapped image
  /* 0x24 */ Le32 Characteristics;
};
static_assert(sizeof(ImageSectionHeader) == 0x28);

struct ImageImportDescriptor {
  /* 0x00 */ Le32 OriginalFirstThunk;  // pointers to IMAGE_IMPORT_BY_NAME; 0 ends the list
  /* 0x04 */ Le32 TimeDateStamp;
  /* 0x08 */ Le32 ForwarderChain;
  /* 0x0C */ Le32 Name;
  /* 0x10 */ Le32 FirstThunk;  // the slots that code calls through
};
static_assert(sizeof(ImageImportDescriptor) == 0x14);
inline constexpr std::uint32_t kImageImportNameAt = 2;  // IMAGE_IMPORT_BY_NAME: a hint, then the name

struct ImageDebugDirectory {
  /* 0x00 */ Le32 Characteristics;
  /* 0x04 */ Le32 TimeDateStamp;
  /* 0x08 */ Le32 Version;
  /* 0x0C */ Le32 Type;
  /* 0x10 */ Le32 SizeOfData;
  /* 0x14 */ Le32 AddressOfRawData;
  /* 0x18 */ Le32 PointerToRawData;
};
static_assert(sizeof(ImageDebugDirectory) == 0x1C);
inline constexpr std::uint32_t kImageDebugTypeCodeView = 2;
inline constexpr std::uint32_t kCodeViewSignature =
    0x53445352;                                        // appears as `RSDS`: a GUID, an age, then the PDB's path
inline constexpr std::uint32_t kCodeViewAgeAt = 0x14;  // behind the GUID, which is at 4
inline constexpr std::uint32_t kCodeViewPathAt = 0x18;

/// A level of the tree of resources: type, name, language. This, then entries by name, then entries by number.
struct ImageResourceDirectory {
  /* 0x00 */ Le32 Characteristics;
  /* 0x04 */ Le32 TimeDateStamp;
  /* 0x08 */ Le32 Version;
  /* 0x0C */ Le16 NumberOfNamedEntries;
  /* 0x0E */ Le16 NumberOfIdEntries;
};
static_assert(sizeof(ImageResourceDirectory) == 0x10);

struct ImageResourceEntry {
  /* 0x00 */ Le32 Id;
  /* 0x04 */ Le32 OffsetToData;  // from the tree's begin; kImageResourceIsDirectory: of the next level, else of this:
};
struct ImageResourceData {
  /* 0x00 */ Le32 OffsetToData;  // an RVA
  /* 0x04 */ Le32 Size;
};
static_assert(sizeof(ImageResourceEntry) == 8 && sizeof(ImageResourceData) == 8);
inline constexpr std::uint32_t kImageResourceIsDirectory = 0x80000000;
inline constexpr std::uint32_t kImageResourceVersion = 16;  // RT_VERSION

/// VS_FIXEDFILEINFO, behind the name of VS_VERSIONINFO: a version has four numbers of 16 bits.
struct ImageFixedVersion {
  /* 0x00 */ Le32 Signature;
  /* 0x04 */ Le32 StructVersion;
  /* 0x08 */ Le32 FileVersionHigh;  // major, minor
  /* 0x0C */ Le32 FileVersionLow;   // build, revision
};
static_assert(sizeof(ImageFixedVersion) == 0x10);
inline constexpr std::uint32_t kImageFixedVersionSignature = 0xFEEF04BD;
inline constexpr std::uint32_t kImageFixedVersionAt = 0x28;  // 6 bytes, 32 of the name, filled up to a multiple of 4

struct ImageExportDirectory {
  /* 0x00 */ Le32 Characteristics;
  /* 0x04 */ Le32 TimeDateStamp;
  /* 0x08 */ Le32 Version;
  /* 0x0C */ Le32 Name;
  /* 0x10 */ Le32 Base;
  /* 0x14 */ Le32 NumberOfFunctions;
  /* 0x18 */ Le32 NumberOfNames;
  /* 0x1C */ Le32 AddressOfFunctions;
  /* 0x20 */ Le32 AddressOfNames;
  /* 0x24 */ Le32 AddressOfNameOrdinals;
};
static_assert(sizeof(ImageExportDirectory) == 0x28);

}  // namespace poolblame
