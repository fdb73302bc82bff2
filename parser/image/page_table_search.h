// Finds page tables in physical memory that nobody describes. Windows maps its page tables into themselves, so the top
// table has an entry that names its own page; few other pages do, and those few fail the quality tests. Where that does
// not tell, the System process does.
// Private to parser/image.
#pragma once

#include <optional>
#include <span>

#include "parser/base/address.h"
#include "parser/image/image.h"
#include "parser/image/page_map.h"
#include "parser/image/page_table_evidence.h"

namespace poolblame {

struct PageTableRoot {
  PageTableReading reading;
  PhysAddr base{};  // what CR3 would hold; with PAE a table that says the same
  RootSource source = RootSource::kSelfMap;
  bool is_machine_sure = true;  // false: x64 or ARM64, and nothing in memory says which
};

/// The best root. `processors` are values of CR3 that the image's writer noted; they, and the one in the low stub, are
/// tried like any other page and first: a root of theirs that maps plenty is taken at once. Else all pages of the
/// image's first gigabyte are, wherever the machine's memory begins (Windows allocates the system's tables early in
/// boot, in the first 16 MiB on most machines). `machine` restricts the search; kUnknown is for all. Every process has
/// such a table and all of them map the kernel, so the one with the most kernel entries wins, then the first; where two
/// kinds of tables are seen, the one that maps more pages of the image. Where that one does not map plenty, either (the
/// top table lies elsewhere, or has not the one entry that names it), all stored pages are searched for the System
/// process, whose tables win when they map more. Reads each page searched: for tables a gigabyte at most, for the
/// System process the whole image. Source: Volatility 3 automagic/windows.py, MemProcFS vmmwininit.c.
std::optional<PageTableRoot> FindPageTables(const PageMap& pages, Machine machine,
                                            std::span<const PhysAddr> processors);

}  // namespace poolblame
