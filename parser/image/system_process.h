// The System process says where the page tables lie, and needs nobody's word for it: through the tables that it names,
// its own address must lead to the very bytes that were found. Private to parser/image.
#pragma once

#include <cstdint>
#include <vector>

#include "parser/base/address.h"
#include "parser/image/image.h"
#include "parser/image/page_map.h"
#include "parser/image/page_table_evidence.h"

namespace poolblame {

struct SystemProcess {
  PhysAddr table_base{};                   // DirectoryTableBase without flag bits
  std::vector<PageTableReading> readings;  // that lead from the object's address to it, likeliest first; never empty
};

/// The System process, as often as the image has one with tables of its own (memory keeps what an earlier boot left),
/// in ascending order of place. `machine` restricts the search; kUnknown is for all. An object whose first bytes cross
/// a page is not seen; one whose name lies on the next page is. Cost: reads all stored pages, where objects can begin
/// (six to fifty bytes in sixteen); what looks like a process costs a translation a reading and two pages more, at most
/// kMostProcessObjects times.
std::vector<SystemProcess> FindSystemProcess(const PageMap& pages, Machine machine);

/// A system has some hundred processes, and some thousand that are gone; chance makes none. Behind so many nobody looks
/// on: the image was made to keep us busy.
inline constexpr std::uint32_t kMostProcessObjects = 1 << 16;
/// Each takes part in the contest of roots, which walks page tables. More than one is rare, so many are a forgery.
inline constexpr std::size_t kMostSystemProcesses = 8;

}  // namespace poolblame
