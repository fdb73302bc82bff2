// Puts the system together: each part is asked for once, in the order in which one leads to the next (the modules say
// where the kernel is, the kernel decodes the debugger block, the block leads to the pools).
#include "parser/kernel/system.h"

#include <algorithm>

#include "parser/kernel/bugcheck_sentence.h"
#include "parser/kernel/build_sources.h"
#include "parser/kernel/debugger_block_search.h"
#include "parser/kernel/debugger_data.h"
#include "parser/kernel/exception_record.h"
#include "parser/kernel/kernel_symbols.h"
#include "parser/kernel/mapped_drivers.h"
#include "parser/kernel/modules.h"
#include "parser/kernel/pool_globals.h"
#include "parser/kernel/trap_frame.h"

namespace poolblame {
namespace {

std::optional<ImageRange> KernelImage(const System& system) {
  if (system.modules.empty() || system.modules.front().unloaded) return std::nullopt;
  return ImageRange{system.modules.front().base, system.modules.front().size};  // the kernel loads itself first
}

void ReadModulesOf(const AddressSpace& space, System& system) {
  const ImageFacts& facts = space.image().facts();
  if (facts.triage) {
    system.modules = ReadTriageModules(space, *facts.triage);
  } else if (facts.loaded_module_list.value != 0) {
    system.modules = ReadLoadedModules(space, facts.loaded_module_list, facts.build, system.notes);
  }
}

std::optional<DebuggerBlock> ReadBlockOf(const AddressSpace& space, System& system) {
  const ImageFacts& facts = space.image().facts();
  if (facts.triage && facts.triage->debugger_data.value != 0) {
    const auto bytes = space.image().bytes().Slice(facts.triage->debugger_data.value, facts.triage->debugger_data_size,
                                                   "debugger data block");
    auto block = bytes ? ParseDebuggerBlock(*bytes) : std::nullopt;
    if (!block) system.notes.emplace_back("the triage dump's copy of the debugger data block cannot be read");
    return block;
  }
  if (facts.debugger_data_block.value != 0)
    return ReadDebuggerBlock(space, facts.debugger_data_block, KernelImage(system), system.notes);
  const auto found = facts.loaded_module_list.value == 0 ? FindDebuggerBlock(space) : std::nullopt;
  if (!found) return std::nullopt;
  system.notes.push_back("the debugger data block was found by its tag, at " + HexParameter(found->value));
  return ReadDebuggerBlock(space, *found, std::nullopt, system.notes);
}

void FollowBlock(const AddressSpace& space, const DebuggerBlock& block, System& system) {
  const std::uint64_t mask = PointerSize(space.machine()) == 4 ? 0xFFFFFFFF : ~std::uint64_t{0};
  const VirtAddr kernel{block.KernBase & mask};
  if (kernel >= space.kernel_base() && kernel.page_offset() == 0) system.kernel_image_base = kernel;
  const VirtAddr list{block.PsLoadedModuleList & mask};
  if (system.modules.empty() && list >= space.kernel_base())
    system.modules = ReadLoadedModules(space, list, system.build, system.notes);
  const VirtAddr tracker{block.PoolTrackTable & mask};
  if (tracker >= space.kernel_base()) system.pool_track_table = tracker;
  constexpr std::uint64_t kMostPages = std::uint64_t{1} << 36;  // 256 TiB
  const VirtAddr pages{block.MmNumberOfPhysicalPages & mask};
  const auto physical_pages = pages >= space.kernel_base() ? space.ReadPointer(pages) : std::nullopt;
  if (physical_pages && physical_pages->value != 0 && physical_pages->value <= kMostPages)
    system.physical_pages = physical_pages->value;
  system.pool_regions = ReadPoolRegions(space, block);
  if (!UsesSegmentHeap(system.build)) system.list_heads = ReadPoolListHeads(space, block, system.build);
}

bool IsBare(const ImageFacts& facts) { return !facts.triage && facts.loaded_module_list.value == 0; }

/// Bare memory of a running Windows 8 or later has the debugger block encoded, and so nothing that leads to it or to
/// the list of drivers. `mapped`: the drivers whose headers show, the kernel's first; its code knows the block.
std::optional<DebuggerBlock> DecodeBlockOf(const AddressSpace& space, const System& mapped, System& system) {
  const auto kernel = mapped.kernel_image_base ? KernelImage(mapped) : std::nullopt;
  auto block = kernel ? FindEncodedBlock(space, *kernel) : std::nullopt;
  if (block) system.notes.emplace_back("the debugger data block was decoded with what the kernel's code refers to");
  return block;
}

/// The segment heap's keys lie in the kernel's image, which its own header shows.
void TakeMappedDrivers(const System& mapped, System& system) {
  if (!system.modules.empty() || mapped.modules.empty()) return;
  system.modules = mapped.modules;
  if (!system.kernel_image_base) system.kernel_image_base = mapped.kernel_image_base;
  system.notes.emplace_back("loaded drivers were found by their headers in memory");
}

void AddUnloaded(const AddressSpace& space, const std::optional<DebuggerBlock>& block, System& system) {
  const ImageFacts& facts = space.image().facts();
  std::vector<Module> unloaded;
  if (facts.triage) {
    unloaded = ReadTriageUnloaded(space, *facts.triage);
  } else if (block) {
    const std::uint64_t mask = PointerSize(space.machine()) == 4 ? 0xFFFFFFFF : ~std::uint64_t{0};
    unloaded = ReadUnloadedRing(space, VirtAddr{block->MmUnloadedDrivers & mask});
  }
  system.modules.insert(system.modules.end(), unloaded.begin(), unloaded.end());
}

/// A list "entry" that lies inside the kernel's image or among the list heads is a head: its neighbours are damaged.
void TellHeadsFromEntries(System& system) {
  if (!system.bugcheck) return;
  for (BugCheckAddress& named : system.bugcheck->addresses) {
    if (named.use != AddressUse::kListEntry) continue;
    const bool among_heads = std::ranges::any_of(system.list_heads, [&](const PoolListHeads& heads) {
      return named.address >= heads.first && named.address - heads.first < kPageSize;
    });
    if (!among_heads && system.ModuleAt(named.address) == nullptr) continue;
    named.use = AddressUse::kListHead;
    named.role = "list head";
  }
}

}  // namespace

const char* PoolKindName(PoolKind kind) {
  switch (kind) {
    case PoolKind::kNonPaged:
      return "nonpaged";
    case PoolKind::kNonPagedNx:
      return "nonpaged-nx";
    case PoolKind::kPaged:
      return "paged";
    case PoolKind::kSession:
      return "session";
    case PoolKind::kUnknown:
      break;
  }
  return "unknown";
}

PoolKind KindOfPoolType(std::uint32_t pool_type) {
  constexpr std::uint32_t kPaged = 0x1, kSession = 0x20, kNoExecute = 0x200;
  if ((pool_type & kSession) != 0) return PoolKind::kSession;
  if ((pool_type & kPaged) != 0) return PoolKind::kPaged;
  return (pool_type & kNoExecute) != 0 ? PoolKind::kNonPagedNx : PoolKind::kNonPaged;
}

const Module* System::ModuleAt(VirtAddr address) const {
  for (const Module& module : modules) {
    if (!module.unloaded && address >= module.base && address - module.base < module.size) return &module;
  }
  return nullptr;
}

PoolKind System::PoolKindAt(VirtAddr address) const {
  for (const PoolRegion& region : pool_regions)
    if (address >= region.begin && address < region.end) return region.kind;
  return PoolKind::kUnknown;
}

System ReadSystem(const AddressSpace& space, const KernelSymbols* symbols) {
  System system;
  const ImageFacts& facts = space.image().facts();
  system.machine = facts.machine;
  system.os = WindowsName(std::nullopt);
  if (facts.build) TakeBuild(space, std::nullopt, system);
  if (facts.bugcheck) {
    system.bugcheck = ExplainBugCheck(*facts.bugcheck, facts.machine, facts.build);
    AddExceptionRecord(space, *system.bugcheck);
    AddTrapFrameRegisters(space, *system.bugcheck);
  }
  ReadModulesOf(space, system);
  std::optional<DebuggerBlock> block = ReadBlockOf(space, system);
  if (symbols != nullptr && !facts.triage) block = WithSymbols(space, *symbols, block, system);
  System mapped;
  if (!block && IsBare(facts)) {
    mapped = WithMappedDrivers(space, std::move(mapped));
    block = DecodeBlockOf(space, mapped, system);
  }
  TakeBuild(space, block, system);
  if (block) FollowBlock(space, *block, system);
  if (block && IsBare(facts) && system.modules.empty()) mapped = WithMappedDrivers(space, std::move(mapped));
  TakeMappedDrivers(mapped, system);
  if (!system.kernel_image_base && KernelImage(system)) system.kernel_image_base = KernelImage(system)->base;
  TakeBuild(space, block, system);  // by now the kernel's own resources may be found
  if (system.modules.empty()) system.notes.emplace_back("the image has no list of loaded modules");
  AddUnloaded(space, block, system);
  TellHeadsFromEntries(system);
  return system;
}

}  // namespace poolblame
