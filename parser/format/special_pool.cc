#include "parser/format/special_pool.h"

#include <array>

namespace poolblame {
namespace {

constexpr std::array<SpecialPoolLayout, 3> kRows = {{
    {0, 3790, 0x7FFF, 0x8000, 0, false, "ReactOS ntoskrnl/mm/ARM3/special.c, which follows Windows Server 2003"},
    {3791, 26099, 0x1FFF, 0x8000, 0x4000, false,
     "assumed: the flags of both neighbours; nobody has published this range"},
    {26100, ~0U, 0x1FFF, 0x8000, 0x4000, true,
     "dbgscope, measured on nt!ExpFreeHeapSpecialPool of 26100; the paged flag is assumed"},
}};

}  // namespace

const SpecialPoolLayout& SpecialPoolLayoutOf(std::optional<std::uint32_t> build) {
  if (!build) return kRows[1];
  for (const SpecialPoolLayout& row : kRows)
    if (*build >= row.first_build && *build <= row.last_build) return row;
  return kRows[1];
}

}  // namespace poolblame
