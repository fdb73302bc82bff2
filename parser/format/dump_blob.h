// Secondary data: what drivers add to a crash dump from their bug check callbacks (KbCallbackSecondaryDumpData and
// KbCallbackSecondaryMultiPartDumpData), behind the last page of a full, kernel or bitmap dump and behind SizeOfDump of
// a triage dump. A file header, then one block after the other, each with the GUID of who wrote it, up to the end of
// the file or a header of zeros. Nothing in it is memory.
//
// Sources: published Singularity Dump.h with the viewer that reads it; dmaivel/ntoseye, a kernel debugger, which reads
// the same in dumps of Windows 11.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "parser/base/little_endian.h"

namespace poolblame {

inline constexpr std::string_view kDumpBlobSignature = "DumpBlob";

struct DumpBlobFileHeader {
  /* 0x00 */ std::uint8_t Signature[8];
  /* 0x08 */ Le32 HeaderSize;  // bytes; the first block follows
  /* 0x0C */ Le32 BuildNumber;
};

struct DumpBlobHeader {
  /* 0x00 */ Le32 HeaderSize;  // bytes, from here to the pad
  /* 0x04 */ std::uint8_t Tag[16];
  /* 0x14 */ Le32 DataSize;
  /* 0x18 */ Le32 PrePad;   // bytes before the data
  /* 0x1C */ Le32 PostPad;  // and behind it
};
static_assert(sizeof(DumpBlobFileHeader) == 0x10 && sizeof(DumpBlobHeader) == 0x20);
static_assert(offsetof(DumpBlobHeader, DataSize) == 0x14);

// Windows 11 writes some twenty kinds, a few of them several times over; this stops a file of empty blocks.
inline constexpr std::size_t kMaxSecondaryBlocks = 4096;

struct SecondaryDataName {
  std::string_view guid;  // as registries and debuggers write it, lower case
  std::string_view name;
};

// What Windows' own parts write. The two of KMDF: microsoft/Windows-Driver-Frameworks, fxifr.h and fxifrkm.h. The
// others: the GUIDs' names in public symbols, as ntoseye lists them for Windows 11 24H2.
inline constexpr auto kSecondaryDataNames = std::to_array<SecondaryDataName>({
    {"54c84888-01d1-4c1e-bed6-282c98241303", "KMDF: a driver's log"},
    {"f87e4a4c-c5a1-4d2f-bff0-d5de63a5e4c3", "KMDF: its drivers"},
    {"f57308df-cc45-4e01-ad76-29a4ebb010ec", "kernel: boot status"},
    {"00afe9c4-940d-4213-8016-cd3719b5bc20", "kernel: NTFS black box"},
    {"b7631941-532a-4cd6-b1b1-edb5917d4557", "kernel: plug-and-play black box"},
    {"80cc79cf-a719-4af1-bf97-fe29ff76ebc1", "kernel: logon black box"},
    {"4ee76bd8-3cf4-44a0-a0ac-3937643e37a3", "kernel: code integrity black box"},
    {"2b4ae195-a64d-4f04-8ede-7e4f981bd42a", "kernel: triage data blocks"},
    {"2b88b710-1c93-4f7c-b06c-655ecc50decc", "kernel: event tracing buffers"},
    {"b0692a5e-6b7b-4073-8a7c-604e35032970", "kernel: secure kernel's crash data"},
    {"9276c055-eb87-425c-b8b5-04e4d247f6cd", "pci.sys: configuration space"},
    {"c939c73b-17dc-4a44-904c-e2d987f52649", "storport.sys: paging device"},
    {"da82441d-7142-4bc1-b844-0807c5a4b67f", "storport.sys: storage device"},
    {"270a33fd-3da6-460d-ba89-3c1bae21e39b", "watchdog.sys: display state"},
    {"65755a40-f146-43ea-8c91-36b85728fd35", "crashdmp.sys: dump driver"},
    {"bc5c008f-1e3a-44d7-988d-86f6884c6758", "mssmbios.sys: SMBIOS tables"},
    {"6c7ac389-4313-47dc-9f34-a8800a0fb56c", "mssmbios.sys: BIOS values"},
    {"d03dc06f-d88e-44c5-ba2a-fae035172d19", "mssmbios.sys: processor registers"},
    {"e83b40d2-b0a0-4842-abea-71c9e3463dd1", "mssmbios.sys: ACPI tables"},
});

}  // namespace poolblame
