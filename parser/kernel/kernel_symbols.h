// Where the kernel's variables lie, from symbols that the user gives. They stand in for what the debugger data block
// would say: memory of a running Windows 8 or later holds that block encoded. Reading the file is the front end's; here
// are only names and distances.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "parser/format/debugger_block.h"
#include "parser/kernel/driver_image.h"
#include "parser/kernel/system.h"

namespace poolblame {

struct KernelSymbols {
  std::string guid;                                           // of the PDB, 32 hex digits; empty = not said
  std::map<std::string, std::uint64_t, std::less<>> offsets;  // of KernelSymbolNames, from the kernel's base
};

/// The variables that poolblame can use: others need not be kept.
std::span<const std::string_view> KernelSymbolNames();

/// The GUID of the image's PDB, 32 upper-case hex digits as symbol servers write them; empty where its debug directory
/// is not in the image.
std::string ReadPdbGuid(const AddressSpace& space, const DriverImage& image);

/// `block`, or an empty one, with what it lacks filled in from symbols, and the same for `system`; a note says how much
/// that is. Symbols of another kernel, and such for an image whose kernel cannot be found, change nothing and become a
/// note. Cost: one pass over all page beginnings where nothing else says where the kernel is.
std::optional<DebuggerBlock> WithSymbols(const AddressSpace& space, const KernelSymbols& symbols,
                                         std::optional<DebuggerBlock> block, System& system);

}  // namespace poolblame
