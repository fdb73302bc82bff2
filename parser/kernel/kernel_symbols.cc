#include "parser/kernel/kernel_symbols.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "parser/base/little_endian.h"
#include "parser/format/pe_image.h"
#include "parser/kernel/mapped_drivers.h"
#include "parser/kernel/nt_headers.h"

namespace poolblame {
namespace {

struct BlockField {
  std::string_view name;  // as the kernel's PDB has it
  Le64 DebuggerBlock::*field;
};

/// The block is a list of addresses of variables; these are the ones that somebody reads here.
constexpr auto kBlockFields = std::to_array<BlockField>({
    {"PsLoadedModuleList", &DebuggerBlock::PsLoadedModuleList},
    {"NtBuildLab", &DebuggerBlock::NtBuildLab},
    {"PoolTrackTable", &DebuggerBlock::PoolTrackTable},
    {"ExpPagedPoolDescriptor", &DebuggerBlock::ExpPagedPoolDescriptor},
    {"NonPagedPoolDescriptor", &DebuggerBlock::NonPagedPoolDescriptor},
    {"MmNonPagedPoolStart", &DebuggerBlock::MmNonPagedPoolStart},
    {"MmNonPagedPoolEnd", &DebuggerBlock::MmNonPagedPoolEnd},
    {"MmPagedPoolStart", &DebuggerBlock::MmPagedPoolStart},
    {"MmPagedPoolEnd", &DebuggerBlock::MmPagedPoolEnd},
    {"MmNumberOfPhysicalPages", &DebuggerBlock::MmNumberOfPhysicalPages},
    {"MmUnloadedDrivers", &DebuggerBlock::MmUnloadedDrivers},
    {"MmLastUnloadedDriver", &DebuggerBlock::MmLastUnloadedDriver},
});
constexpr std::string_view kBigPageTable = "PoolBigPageTable";  // no field of the block has it

constexpr auto kSymbolNames = [] {
  std::array<std::string_view, kBlockFields.size() + 1> names{};
  for (std::size_t i = 0; i < kBlockFields.size(); ++i) names[i] = kBlockFields[i].name;
  names.back() = kBigPageTable;
  return names;
}();

/// Where the block, the list of drivers or the kernel's own header says that it is.
std::optional<VirtAddr> FindKernel(const AddressSpace& space, const std::optional<DebuggerBlock>& block,
                                   const System& system) {
  const std::uint64_t mask = PointerSize(space.machine()) == 4 ? 0xFFFFFFFF : ~std::uint64_t{0};
  if (block && block->KernBase != 0) return VirtAddr{block->KernBase & mask};
  if (!system.modules.empty() && !system.modules.front().unloaded) return system.modules.front().base;
  const std::vector<Module> drivers = FindMappedDrivers(space);
  const auto kernel = std::ranges::find(drivers, std::string("ntoskrnl.exe"), &Module::name);
  return kernel == drivers.end() ? std::nullopt : std::optional(kernel->base);
}

std::optional<DriverImage> KernelImageAt(const AddressSpace& space, VirtAddr base) {
  Module module;
  module.base = base;
  module.size = ReadSizeOfImage(space, base).value_or(0);
  return ReadDriverImage(space, module);
}

bool SameGuid(const std::string& a, const std::string& b) {
  const auto upper = [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; };
  return std::ranges::equal(a, b, [&](char x, char y) { return upper(x) == upper(y); });
}

/// How many variables of the block and of `system` were filled in.
std::size_t FillIn(const KernelSymbols& symbols, const DriverImage& kernel, DebuggerBlock& block, System& system) {
  std::size_t filled = 0;
  const auto address = [&](std::string_view name) -> std::optional<VirtAddr> {
    const auto found = symbols.offsets.find(name);
    if (found == symbols.offsets.end() || found->second == 0 || found->second >= kernel.size) return std::nullopt;
    ++filled;
    return kernel.base + found->second;
  };
  if (block.KernBase == 0) block.KernBase = Le64{kernel.base.value};
  for (const BlockField& row : kBlockFields) {
    if (block.*row.field != 0) continue;
    if (const auto variable = address(row.name)) block.*row.field = Le64{variable->value};
  }
  system.pool_big_page_table = address(kBigPageTable);
  return filled;
}

}  // namespace

std::span<const std::string_view> KernelSymbolNames() { return kSymbolNames; }

std::string ReadPdbGuid(const AddressSpace& space, const DriverImage& image) {
  const auto debug = space.Read<ImageDebugDirectory>(image.debug.begin);
  if (image.debug.size < sizeof(ImageDebugDirectory) || !debug || debug->Type != kImageDebugTypeCodeView) return "";
  if (debug->AddressOfRawData >= image.size) return "";
  std::array<std::uint8_t, kCodeViewAgeAt> record{};
  if (space.Read(image.base + debug->AddressOfRawData, record) != Presence::kPresent) return "";
  if (ByteView(record.data(), record.size()).TryRead<Le32>(0).value_or(Le32{}) != kCodeViewSignature) return "";
  // A number of four bytes and two of two, lowest byte first, then eight bytes as they lie.
  constexpr std::array<std::size_t, 16> kOrder = {7, 6, 5, 4, 9, 8, 11, 10, 12, 13, 14, 15, 16, 17, 18, 19};
  std::string guid;
  for (const std::size_t at : kOrder) {
    guid += "0123456789ABCDEF"[record[at] >> 4];
    guid += "0123456789ABCDEF"[record[at] & 15];
  }
  return guid;
}

std::optional<DebuggerBlock> WithSymbols(const AddressSpace& space, const KernelSymbols& symbols,
                                         std::optional<DebuggerBlock> block, System& system) {
  const auto base = FindKernel(space, block, system);
  const auto kernel = base ? KernelImageAt(space, *base) : std::nullopt;
  if (!kernel) {
    system.notes.emplace_back("the symbols are not used: where the kernel's image begins is not known");
    return block;
  }
  const std::string guid = ReadPdbGuid(space, *kernel);
  if (!guid.empty() && !symbols.guid.empty() && !SameGuid(guid, symbols.guid)) {
    system.notes.push_back("the symbols are not used: they are of PDB " + symbols.guid + ", the kernel's is " + guid);
    return block;
  }
  DebuggerBlock whole = block.value_or(DebuggerBlock{});
  const std::size_t filled = FillIn(symbols, *kernel, whole, system);
  if (filled == 0) {
    system.notes.emplace_back("the symbols add nothing to what the image says");
    return block;
  }
  const bool checked = !guid.empty() && !symbols.guid.empty();
  system.notes.push_back("addresses of " + std::to_string(filled) + " of the kernel's variables are from the symbols" +
                         (checked ? ", whose PDB is the kernel's" : "; whether they are this kernel's is not known"));
  return whole;
}

}  // namespace poolblame
