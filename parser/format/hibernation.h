// Hibernation files (hiberfil.sys). Up to Windows 7: tables of page ranges, one page each, and behind each table the
// pages in blocks of 16, packed with plain Xpress. From Windows 8: two streams of sets of up to 16 pages, each set with
// its own list of where they go. Where the header names a table or a stream differs with its length.
//
// Sources: Volatility 2 (addrspaces/hibernate.py, the _vtypes overlays that come from public symbols), Hibr2Bin
// (Hiber.h, Hiberfil.cpp) and LeechCore (device_hibr.c); J. Sylve's and C. Carvey's papers on the Windows 8 format.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "parser/base/little_endian.h"

namespace poolblame {

inline constexpr std::size_t kHibernationLengthAt = 0x0C;  // u32: bytes of the header, which tell the Windows version

/// Where a header up to Windows 7 has its fields, and how its tables look. All numbers of `width` bytes but the count,
/// which has 4.
struct HibernationTableLayout {
  std::uint32_t header_length;
  bool is_x64;
  std::uint32_t first_table_page;               // in the header: page of the file
  std::uint32_t link_bytes, next_table, count;  // of a table: its link, and what the link has where
  std::uint32_t entry_bytes, start, end;        // of an entry; `end` is the first page behind the range

  [[nodiscard]] std::uint32_t width() const { return is_x64 ? 8 : 4; }
};

/// Up to Windows 7: the file's third page is the processor's state, KPROCESSOR_STATE (Volatility 2). CR3 in it. Where
/// later ones have it is not known.
inline constexpr std::uint64_t kHibernationProcessorAt = 0x2000;
inline constexpr std::uint64_t kHibernationCr3At32 = 0x2D4, kHibernationCr3At64 = 0x10;

// Where two systems share a length, the one whose first table makes sense is meant.
// In this order: 7; Vista SP2; Vista; Server 2003 and XP x64; XP and Server 2003.
inline constexpr std::array kHibernationTables = {
    HibernationTableLayout{0xE0, false, 0x4C, 0x08, 0x00, 0x04, 0x08, 0x00, 0x04},
    HibernationTableLayout{0x128, true, 0x60, 0x10, 0x00, 0x08, 0x10, 0x00, 0x08},
    HibernationTableLayout{0xE0, false, 0x50, 0x0C, 0x04, 0x08, 0x08, 0x00, 0x04},
    HibernationTableLayout{0xF0, false, 0x50, 0x0C, 0x04, 0x08, 0x08, 0x00, 0x04},
    HibernationTableLayout{0x128, true, 0x68, 0x18, 0x08, 0x10, 0x10, 0x00, 0x08},
    HibernationTableLayout{0x138, true, 0x68, 0x18, 0x08, 0x10, 0x10, 0x00, 0x08},
    HibernationTableLayout{0x140, true, 0x68, 0x18, 0x08, 0x10, 0x10, 0x00, 0x08},
    HibernationTableLayout{0x128, true, 0x68, 0x20, 0x08, 0x14, 0x20, 0x08, 0x10},
    HibernationTableLayout{0x138, true, 0x68, 0x20, 0x08, 0x14, 0x20, 0x08, 0x10},
    HibernationTableLayout{0x140, true, 0x68, 0x20, 0x08, 0x14, 0x20, 0x08, 0x10},
    HibernationTableLayout{0xC0, true, 0x68, 0x20, 0x08, 0x14, 0x20, 0x08, 0x10},
    HibernationTableLayout{0xA8, false, 0x58, 0x10, 0x04, 0x0C, 0x10, 0x04, 0x08},
};

/// Tables of one file: of 255 ranges each on x64. Real files have some hundreds; stops a chain that never ends.
inline constexpr std::size_t kMaxHibernationTables = 1 << 16;

// The header of a block of 16 pages, before Windows 8.
// 0x08  4  bits 10 to 31: packed bytes - 1, rounded up to a multiple of 8 in the file; the bits below: not used here
struct XpressBlockHeader {
  /* 0x00 */ std::uint8_t Magic[8];
  /* 0x08 */ Le32 Size;
  /* 0x0C */ std::uint8_t Unknown[0x14];

  [[nodiscard]] std::uint32_t packed_bytes() const { return ((static_cast<std::uint32_t>(Size) >> 10) + 1 + 7) & ~7u; }
};
static_assert(sizeof(XpressBlockHeader) == 0x20 && alignof(XpressBlockHeader) == 1);

inline constexpr std::array<std::uint8_t, 8> kXpressBlockMagic = {0x81, 0x81, 'x', 'p', 'r', 'e', 's', 's'};
inline constexpr std::uint64_t kXpressBlockGap = 10240;  // blocks lie some KiB apart; how far Volatility looks

/// Where a header from Windows 8 on has its fields: 8 bytes each on x64, 4 on x86.
struct HibernationSetLayout {
  std::uint32_t header_length;
  bool is_x64;
  std::uint32_t loader_pages;     // how many pages the loader restores
  std::uint32_t first_boot_page;  // page of the file where those begin
  std::uint32_t first_kernel_page;
  std::uint32_t kernel_pages;  // how many the kernel restores

  [[nodiscard]] std::uint32_t width() const { return is_x64 ? 8 : 4; }
};

inline constexpr std::array kHibernationSets = {
    HibernationSetLayout{0x360, true, 0x58, 0x60, 0x68, 0x1C8},  // Windows 8 and 8.1
    HibernationSetLayout{0x3B0, true, 0x58, 0x68, 0x70, 0x218},  // Windows 10 1507 and 1511
    HibernationSetLayout{0x3C8, true, 0x58, 0x68, 0x70, 0x220},  // Windows 10 1607
    HibernationSetLayout{0x3D8, true, 0x58, 0x68, 0x70, 0x230},  // Windows 10 1703 to 1803
    HibernationSetLayout{0x3E0, true, 0x58, 0x68, 0x70, 0x230},  // Windows 10 1809 to 2004
    HibernationSetLayout{0x448, true, 0x58, 0x68, 0x70, 0x230},  // Windows 11 to 22H2
    HibernationSetLayout{0x4D8, true, 0x58, 0x68, 0x70, 0x238},  // Windows 11 24H2
    HibernationSetLayout{0x2C8, false, 0x48, 0x50, 0x54, 0x1B0},
    HibernationSetLayout{0x310, false, 0x48, 0x50, 0x54, 0x1F8},
    HibernationSetLayout{0x328, false, 0x48, 0x50, 0x54, 0x200},
    HibernationSetLayout{0x338, false, 0x48, 0x50, 0x54, 0x210},
    HibernationSetLayout{0x340, false, 0x48, 0x50, 0x54, 0x210},
};

/// Pages of one block or set.
inline constexpr std::uint32_t kHibernationSetPages = 16;

/// The word before a set. Readers do not agree on bits 20, 21 and on method 1: sets of 16 pages never need those bits.
struct HibernationSetWord {
  std::uint32_t value;

  [[nodiscard]] std::uint32_t descriptors() const { return value & 0xFF; }
  [[nodiscard]] std::uint32_t packed_bytes() const { return value >> 8 & 0xFFFFF; }
  /// 0 plain Xpress; 2, 3 Xpress with Huffman codes; 1 one of them.
  [[nodiscard]] std::uint32_t method() const { return value >> 30; }
};

}  // namespace poolblame
