// How the kinds of Windows page tables are laid out, as rows. The walker knows no machine; it reads these.
//
// An entry is valid when bit 0 is set; only then bit 7 can mean "large page" (in a transition entry it is protection).
// ARM64 says it the other way round: bit 1 leads on to a table, or is a page at the last level; without it the entry is
// a block of the level's size. What its entries in transition look like is not public: they count as absent.
// An invalid entry of the last level with bit 11 set and bit 10 clear is in transition: the page left a working set but
// its bytes are still in memory. Bit 45 of an x64 transition entry may be a decoy (the L1TF mitigation of 2018 sets
// it); no machine that Windows supports has memory there, so it is masked. Sources: Intel SDM volume 3 chapter 4; Arm
// Architecture Reference Manual (DDI 0487), D8; PDB-derived MMPTE_* (Volatility, ntdiff); MemProcFS; kdmp-parser-rs.
#pragma once

#include <array>
#include <cstdint>

#include "parser/base/address.h"

namespace poolblame {

inline constexpr std::uint64_t kEntryValid = std::uint64_t{1} << 0;
inline constexpr std::uint64_t kEntryWrite = std::uint64_t{1} << 1;
inline constexpr std::uint64_t kEntryAccessed = std::uint64_t{1} << 5;
inline constexpr std::uint64_t kEntryLarge = std::uint64_t{1} << 7;
inline constexpr std::uint64_t kEntryPrototype = std::uint64_t{1} << 10;
inline constexpr std::uint64_t kEntryNoExecute = std::uint64_t{1} << 63;  // of 8-byte entries, at any level
inline constexpr std::uint64_t kArm64TableOrPage = std::uint64_t{1} << 1;
inline constexpr std::uint64_t kArm64Accessed = std::uint64_t{1} << 10;         // AF
inline constexpr std::uint64_t kArm64KernelNoExecute = std::uint64_t{1} << 53;  // PXN, of pages and blocks
inline constexpr std::uint64_t kEntryTransition = std::uint64_t{1} << 11;

/// One level of a walk, top first.
struct PagingLevel {
  std::uint32_t shift = 0;       // lowest address bit that indexes the table
  std::uint32_t index_bits = 0;  // entries: 1 << index_bits
  bool may_be_large = false;     // an entry may end the walk here with a page of 1 << shift bytes
};

struct PagingMode {
  const char* name = "";
  std::uint32_t entry_size = 0;  // bytes
  std::uint32_t level_count = 0;
  std::array<PagingLevel, 5> levels{};
  std::uint64_t root_mask = 0;        // address bits of CR3
  std::uint64_t frame_mask = 0;       // address bits of a valid entry
  std::uint64_t transition_mask = 0;  // address bits of a transition entry; 0: they are not known
  bool pse36 = false;                 // bits 13-20 of a large entry are address bits 32-39
  std::uint32_t address_bits = 0;     // of a virtual address; more than 32 are sign-extended to 64
  std::uint64_t kernel_base = 0;      // lowest kernel address
  std::uint64_t no_execute = 0;       // bit that denies the kernel execution; 0: there is none
  std::uint64_t table_or_page = 0;    // bit of a valid entry that is no large page; 0: bit 7 says large
};

inline constexpr PagingMode kPagingX86 = {
    "x86", 4, 2, {{{22, 10, true}, {12, 10, false}}}, 0xFFFFF000, 0xFFFFF000, 0xFFFFF000, true, 32, 0x80000000};
inline constexpr PagingMode kPagingPae = {"x86 PAE",
                                          8,
                                          3,
                                          {{{30, 2, false}, {21, 9, true}, {12, 9, false}}},
                                          0xFFFFFFE0,
                                          0x0000FFFFFFFFF000,
                                          0x0000003FFFFFF000,
                                          false,
                                          32,
                                          0x80000000,
                                          kEntryNoExecute};
inline constexpr PagingMode kPagingX64 = {"x64",
                                          8,
                                          4,
                                          {{{39, 9, false}, {30, 9, true}, {21, 9, true}, {12, 9, false}}},
                                          0x0000FFFFFFFFF000,
                                          0x0000FFFFFFFFF000,
                                          0x0000DFFFFFFFF000,
                                          false,
                                          48,
                                          0xFFFF800000000000,
                                          kEntryNoExecute};
/// Five levels (LA57): 57-bit addresses. Microsoft has not described how Windows lays its page tables out then.
/// Assumed: they map themselves by an entry of the top table's kernel half, as with four levels, and the addresses that
/// never move with four levels (KUSER_SHARED_DATA) do not move.
inline constexpr PagingMode kPagingX64La57 = {
    "x64 LA57",
    8,
    5,
    {{{48, 9, false}, {39, 9, false}, {30, 9, true}, {21, 9, true}, {12, 9, false}}},
    0x0000FFFFFFFFF000,
    0x0000FFFFFFFFF000,
    0x0000DFFFFFFFF000,
    false,
    57,
    0xFF00000000000000,
    kEntryNoExecute};
inline constexpr PagingMode kPagingArm64 = {"ARM64",
                                            8,
                                            4,
                                            {{{39, 9, false}, {30, 9, true}, {21, 9, true}, {12, 9, false}}},
                                            0x0000FFFFFFFFF000,
                                            0x0000FFFFFFFFF000,
                                            0,
                                            false,
                                            48,
                                            0xFFFF800000000000,
                                            kArm64KernelNoExecute,
                                            kArm64TableOrPage};

/// What one entry says.
struct PageTableEntry {
  enum class Kind {
    kAbsent,  // nothing mapped: never was, paged out, or prototype
    kTable,   // `target` is the table of the next level
    kPage,    // `target` is the first byte of a page of `size` bytes (transition included)
  };
  Kind kind = Kind::kAbsent;
  PhysAddr target{};
  std::uint64_t size = 0;
};

/// Decodes an entry of `mode`'s level `level` (0 = top).
PageTableEntry DecodeEntry(const PagingMode& mode, std::uint32_t level, std::uint64_t entry);

/// The index of `address` in its table of that level.
constexpr std::uint64_t TableIndex(const PagingLevel& level, std::uint64_t address) {
  return address >> level.shift & ((std::uint64_t{1} << level.index_bits) - 1);
}

}  // namespace poolblame
