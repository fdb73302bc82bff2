// Loaded and unloaded drivers: from the kernel's list, from the tables of a triage dump, from the ring of unloads.
// Every walk is bounded, and what does not look like a driver is left out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parser/base/address.h"
#include "parser/kernel/system.h"

namespace poolblame {

/// Drivers of the list whose head is at `head`, in list order. The walk ends at the head, at an entry it has seen, at
/// one that is not in the image, or after kMaxModules; all but the first become a note.
std::vector<Module> ReadLoadedModules(const AddressSpace& space, VirtAddr head, std::optional<std::uint32_t> build,
                                      std::vector<std::string>& notes);

/// Drivers of a triage dump's own table.
std::vector<Module> ReadTriageModules(const AddressSpace& space, const TriageTables& tables);

/// Drivers that a triage dump remembers as unloaded.
std::vector<Module> ReadTriageUnloaded(const AddressSpace& space, const TriageTables& tables);

/// The 50 slots that nt!MmUnloadedDrivers (a pointer at `variable`) points to.
std::vector<Module> ReadUnloadedRing(const AddressSpace& space, VirtAddr variable);

/// TimeDateStamp of the PE header at `base`; 0 when it is not in the image.
std::uint32_t PeTimestamp(const AddressSpace& space, VirtAddr base);

/// As WinDbg calls a module whose name cannot be read.
std::string UnknownModuleName(VirtAddr base);

/// True for a page-aligned kernel address and a size that a driver may have.
bool PlausibleModule(const AddressSpace& space, VirtAddr base, std::uint64_t size);

}  // namespace poolblame
