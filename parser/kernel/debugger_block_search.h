// Looks for the debugger data block in memory that nobody describes: bare containers have no header that names it.
#pragma once

#include <optional>

#include "parser/image/address_space.h"

namespace poolblame {

/// The address of a plain block (the tag `KDBG` and a size that can be) on a page that kernel space maps, whose
/// KernBase is the address of a PE image there and whose list of modules can be read. Nothing where there is none, or
/// where it is encoded (Windows 8 and later, x64, a running system). Cost: one walk of the page tables, and the pages
/// that kernel space maps are read once. Source: the scan of Volatility 2 (kdbgscan) and its checks.
std::optional<VirtAddr> FindDebuggerBlock(const AddressSpace& space);

/// The build that nt!NtBuildLab at `address` begins with; nothing when it is no such text.
std::optional<std::uint32_t> ReadBuildLab(const AddressSpace& space, VirtAddr address);

}  // namespace poolblame
