// Which system is this? Build, modules, bug check, pool regions: read once, used by everything above.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parser/base/address.h"
#include "parser/image/address_space.h"
#include "parser/image/image.h"
#include "parser/kernel/bugcheck.h"

namespace poolblame {

struct KernelSymbols;  // kernel_symbols.h

struct Module {
  std::string name;  // "tcpip.sys"
  std::string path;  // full name where known, else empty
  VirtAddr base{};
  std::uint64_t size = 0;       // bytes
  std::uint32_t timestamp = 0;  // of the PE header; 0 = unknown
  bool unloaded = false;
};

enum class PoolKind { kUnknown, kNonPaged, kNonPagedNx, kPaged, kSession };
/// "nonpaged", "nonpaged-nx", "paged", "session", "unknown": REPORT.md's words.
const char* PoolKindName(PoolKind kind);
/// The pool of a POOL_TYPE as callers give it: bit 0 paged, 0x20 session, 0x200 no-execute (WDK, wdm.h).
PoolKind KindOfPoolType(std::uint32_t pool_type);

/// A range of kernel addresses that the debugger data block assigns to one pool.
struct PoolRegion {
  VirtAddr begin{};
  VirtAddr end{};
  PoolKind kind = PoolKind::kUnknown;
};

/// ListHeads of one POOL_DESCRIPTOR: `count` LIST_ENTRYs from `first`; bucket i holds free blocks of i + 1 units.
struct PoolListHeads {
  VirtAddr first{};
  std::uint32_t count = 0;
  PoolKind kind = PoolKind::kUnknown;
};

/// Who told the build number.
enum class BuildSource { kNobody, kOption, kHeader, kDebuggerBlock, kSharedData, kVersionResource };

struct System {
  Machine machine = Machine::kUnknown;
  std::optional<std::uint32_t> build;
  BuildSource build_source = BuildSource::kNobody;
  std::string os;  // "Windows 7 / Server 2008 R2"; "Windows (unknown version)" where the build is not known
  std::optional<BugCheck> bugcheck;
  std::vector<Module> modules;  // loaded in list order, then unloaded
  std::vector<PoolRegion> pool_regions;
  std::vector<PoolListHeads> list_heads;
  std::optional<VirtAddr> kernel_image_base;
  std::optional<VirtAddr> pool_track_table;     // of the variable nt!PoolTrackTable
  std::optional<VirtAddr> pool_big_page_table;  // of the variable nt!PoolBigPageTable; only symbols say it
  std::optional<std::uint64_t> physical_pages;  // of RAM, as the system counts them
  std::vector<std::string> notes;               // what could not be read, one sentence each

  /// The loaded module whose image holds `address`; nullptr when there is none.
  [[nodiscard]] const Module* ModuleAt(VirtAddr address) const;
  /// The pool whose range holds `address`; kUnknown where none does, or Windows gave it out piece by piece.
  [[nodiscard]] PoolKind PoolKindAt(VirtAddr address) const;
};

/// Reads what the image has; what it lacks becomes a note, never a failure. `symbols` stand in for what the debugger
/// data block does not say. Cost: a few hundred page translations; of bare memory one pass over what kernel space maps,
/// and one or two over all page beginnings where that finds nothing.
System ReadSystem(const AddressSpace& space, const KernelSymbols* symbols = nullptr);

/// "Windows 8.1 / Server 2012 R2" for 9600; ranges, never equality (enablement packages share kernels).
std::string WindowsName(std::optional<std::uint32_t> build);

/// True from the first build whose pool is certainly the segment heap (18362).
bool UsesSegmentHeap(std::optional<std::uint32_t> build);

}  // namespace poolblame
