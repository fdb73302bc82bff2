// Finds page tables in physical memory that nobody describes. Windows maps its page tables into themselves, so the top
// table has an entry that names its own page; few other pages do, and those few fail the quality tests.
// Private to parser/image.
#pragma once

#include <optional>

#include "parser/base/address.h"
#include "parser/image/image.h"
#include "parser/image/page_map.h"

namespace poolblame {

struct PageTableRoot {
  Machine machine = Machine::kUnknown;
  bool pae = false;
  PhysAddr base{};  // what CR3 would hold; with PAE a table that says the same
};

/// The best root among the pages of the first gigabyte (Windows allocates the system's tables early in boot, below
/// 16 MiB on most machines); kUnknown searches for x86 and x64; ARM64 has to be told,
/// because its top table looks like x64's. Every process has such a table and all of them map
/// the kernel, so the one with the most kernel entries wins, then the lowest; where two kinds of tables are seen, the
/// one that maps more pages of the image. Reads each page searched. Source: Volatility 3 automagic/windows.py,
/// MemProcFS vmmwininit.c.
std::optional<PageTableRoot> FindPageTables(const PageMap& pages, Machine machine);

}  // namespace poolblame
