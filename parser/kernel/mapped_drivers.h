// Drivers of an image that has no list of them (raw memory): their headers are looked for in physical memory, and the
// page tables say where each lies.
#pragma once

#include <vector>

#include "parser/kernel/system.h"

namespace poolblame {

/// Images with a sound PE header on a page that kernel space maps, ascending by base; named by themselves (ReadOwnName)
/// or as WinDbg names the unknown. Sections other than the header may be anything. Cost: two bytes of every page and
/// one walk of the page tables.
std::vector<Module> FindMappedDrivers(const AddressSpace& space);

/// The system as it is where it knows of loaded drivers; else with those that are found mapped, the kernel first as in
/// the list that is missing. Every kernel calls itself ntoskrnl.exe in its export table.
System WithMappedDrivers(const AddressSpace& space, System system);

}  // namespace poolblame
