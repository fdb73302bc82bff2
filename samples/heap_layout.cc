// Rows of heap_layout.h. Sources: 18362 to 22621: PDB-derived headers (vergilius), cross-checked with "Scoop the
// Windows 10 pool!" (SSTIC 2020, build 18362) and ntdiff; 26100: published WinDbg dumps of Windows 11 24H2 and the
// public readers MemProcFS and dbgscope. The pool node and the manager's fields: the same headers.
#include "samples/heap_layout.h"

#include <array>

namespace poolblame::samples {
namespace {

constexpr std::uint64_t kConstant = 0xA2E64EADA2E64EAD;  // MemProcFS: until 22631, zero from 26100

// Unsure: UserContext of 26100 (one source), and how many bits a block has in its LFH bitmap (measured on ARM64).
//                build user  callb  seg    vs     lfh    size   pools   node    special  constant  unit  sig  bitmap
//                bits slots address
constexpr std::array<HeapLayout, 5> kLayouts = {{
    {18362, 0x28, 0, 0x100, 0x280, 0x340, 0x800, 0x38D0, 0x3900, 0x86900, kConstant, 0x1F, 0x22, 0x30, 2, false, 32},
    {19041, 0x28, 0, 0x100, 0x280, 0x340, 0x800, 0x38D0, 0x3900, 0x86900, kConstant, 0x1F, 0x22, 0x30, 2, false, 32},
    {22000, 0x28, 0, 0x140, 0x2C0, 0x380, 0x840, 0x38E0, 0x3900, 0x86900, kConstant, 0x1F, 0x22, 0x30, 2, false, 32},
    {22621, 0x28, 0x108, 0x140, 0x2C0, 0x380, 0x840, 0x38E0, 0x3900, 0x86900, kConstant, 0x1F, 0x22, 0x30, 2, false,
     32},
    {26100, 0x38, 0x110, 0x140, 0x2C0, 0x340, 0xA00, 0x3910, 0x3940, 0x86940, 0, 0x1A, 0x24, 0x40, 1, true, 64},
}};

}  // namespace

const HeapLayout& HeapLayoutFor(std::uint32_t build) {
  for (const HeapLayout& row : kLayouts) {
    if (row.build == build) return row;
  }
  return kLayouts.back();
}

}  // namespace poolblame::samples
