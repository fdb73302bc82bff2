// Offsets: KDDEBUGGER_DATA64 from the public WDBGEXTS metadata and Volatility 2's kdbg tables, LDR_DATA_TABLE_ENTRY and
// _UNLOADED_DRIVERS from PDB-derived structure tables.
#include "samples/kernel_data.h"

#include <algorithm>
#include <array>

#include "samples/big_page_table.h"
#include "samples/driver_image.h"
#include "samples/page_tables.h"
#include "samples/tracker_table.h"

namespace poolblame::samples {
namespace {

// In the kernel's two data pages:
constexpr std::uint64_t kKdbgAt = 0x0A0;
constexpr std::uint64_t kVariablesAt = 0x800;   // pointer-sized variables, 8 bytes apart
constexpr std::uint64_t kPagedArrayAt = 0xA00;  // ExpPagedPoolDescriptor[]
constexpr std::uint64_t kModuleHeadAt = 0xB00;
constexpr std::uint64_t kProcessHeadAt = 0xB20;
constexpr std::uint64_t kBuildLabAt = 0xB40;
constexpr std::uint64_t kTrackTableAt = 0xC00;
constexpr std::uint64_t kUnloadedArrayAt = 0x1000;

constexpr std::uint32_t kKdbgTag = 0x4742444B;  // appears as `KDBG`
constexpr std::uint64_t kUnloadedSlots = 50;

/// A KDBG field that is the address of a variable, and the variable's value.
struct Variable {
  std::uint32_t field;
  std::uint64_t value;
};

std::uint64_t PoolBase(const Machine& machine, PoolKind kind) {
  for (const auto& pool : machine.pools()) {
    if (pool->setup().kind == kind) return pool->setup().base;
  }
  return 0;
}
std::uint64_t PoolEnd(const Machine& machine, PoolKind kind) {
  std::uint64_t end = 0;
  for (const auto& pool : machine.pools()) {
    if (pool->setup().kind == kind) end = std::max(end, pool->end());
  }
  return (end + 0x3FFFFF) & ~std::uint64_t{0x3FFFFF};
}

/// The pool's ranges have fixed variables up to Windows Vista on x64 and always on x86; later they read zero.
std::vector<Variable> Variables(const Machine& machine) {
  const bool ranges = !machine.profile().x64 || machine.profile().build < 7600;
  const PoolKind paged = PoolKind::kPaged;
  const PoolKind nonpaged = PoolKind::kNonPaged;
  const KernelLayout& layout = machine.layout();
  return {{0x070, 1},  // ExpNumberOfPagedPools, beside the prototype descriptor
          {0x110, ranges ? PoolBase(machine, nonpaged) : 0},
          {0x118, ranges ? PoolEnd(machine, machine.profile().nx_pool ? PoolKind::kNonPagedNx : nonpaged) : 0},
          {0x120, ranges ? PoolBase(machine, paged) : 0},
          {0x128, ranges ? PoolEnd(machine, paged) : 0},
          {0x1D0, machine.profile().x64 ? 0xFFFF080000000000U : 0x80000000U},
          {0x0F8, machine.recipe().pages + machine.recipe().idle_pages},
          {0x220, layout.nt_data + kUnloadedArrayAt},
          {0x228, UnloadedDrivers(machine).size()}};
}

/// UNICODE_STRING with its text at `text_at`. Returns the address behind the text.
std::uint64_t PutUnicode(KernelMemory& memory, std::uint64_t at, std::string_view text, std::uint64_t text_at) {
  Bytes wide;
  for (const char c : text) {
    wide.push_back(static_cast<std::uint8_t>(c));
    wide.push_back(0);
  }
  const auto bytes = static_cast<std::uint32_t>(wide.size());
  wide.insert(wide.end(), {0, 0});
  memory.Write32(at, bytes | (bytes + 2) << 16);
  memory.WritePointer(at + memory.pointer_size(), text_at);
  memory.Write(text_at, wide);
  return (text_at + wide.size() + 7) & ~std::uint64_t{7};
}

void LinkList(KernelMemory& memory, std::uint64_t head, const std::vector<std::uint64_t>& entries) {
  std::uint64_t previous = head;
  for (const std::uint64_t entry : entries) {
    memory.WritePointer(previous, entry);
    memory.WritePointer(entry + memory.pointer_size(), previous);
    previous = entry;
  }
  memory.WritePointer(previous, head);
  memory.WritePointer(head + memory.pointer_size(), previous);
}

/// LDR_DATA_TABLE_ENTRYs 0xC0 apart in the first list page, names in the pages behind.
void WriteModuleList(Machine& machine, std::uint64_t head) {
  KernelMemory& memory = machine.memory();
  const std::uint64_t base = machine.layout().nt_lists;
  for (std::uint64_t page = 0; page < 3; ++page) memory.MapNew(base + page * kPage);
  std::vector<std::uint64_t> entries;
  std::uint64_t text = base + 2 * kPage - 0x200;
  const bool x64 = machine.profile().x64;
  for (std::size_t i = 0; i < Drivers().size(); ++i) {
    const DriverSpec& driver = Drivers()[i];
    const std::uint64_t entry = base + 0x40 + i * 0xC0;
    const std::uint64_t image = machine.layout().driver_bases[i];
    memory.WritePointer(entry + (x64 ? 0x30 : 0x18), image);
    memory.WritePointer(entry + (x64 ? 0x38 : 0x1C), image + 0x1000);
    memory.Write32(entry + (x64 ? 0x40 : 0x20), driver.image_size);
    const std::string folder = i < 2 ? "\\SystemRoot\\system32\\" : "\\SystemRoot\\system32\\drivers\\";
    text = PutUnicode(memory, entry + (x64 ? 0x48 : 0x24), folder + driver.name, text);
    text = PutUnicode(memory, entry + (x64 ? 0x58 : 0x2C), driver.name, text);
    memory.Write32(entry + (x64 ? 0x68 : 0x34), 0x09004000);
    memory.Write32(entry + machine.profile().ldr_timestamp_at, 0x4CE78000U + static_cast<std::uint32_t>(i) * 0x1234U);
    entries.push_back(entry);
  }
  LinkList(memory, head, entries);
}

/// A PE header with one section: enough for readers that check an image base.
Bytes ImageHeader(const Recipe& recipe, std::size_t index) {
  const bool x64 = recipe.profile.x64;
  Bytes header(0x200, 0);
  PutText(header, 0, "MZ");
  Put32(header, 0x3C, 0x80);
  PutText(header, 0x80, "PE");
  Put16(header, 0x84, PeMachine(recipe));
  Put16(header, 0x86, 1);
  Put32(header, 0x88, 0x4CE78000U + index * 0x1234);
  Put16(header, 0x94, x64 ? 0xF0 : 0xE0);
  Put16(header, 0x98, x64 ? 0x20B : 0x10B);
  Put32(header, 0x98 + 0x38, Drivers()[index].image_size);
  const std::size_t section = 0x98 + (x64 ? 0xF0 : 0xE0);
  PutText(header, section, ".text");
  Put32(header, section + 8, Drivers()[index].image_size - 0x1000);
  Put32(header, section + 0xC, 0x1000);
  Put32(header, section + 0x24, 0x68000020);
  return header;
}

/// Code that gives the driver's pool tags to the allocator: `mov r8d, tag` (x64) or `push tag` (x86), then a call
/// through the import table, with noise between.
Bytes ImageCode(bool x64, std::size_t index) {
  Bytes code(kPage, 0xCC);
  Random random(MixSeed(7, index));
  std::size_t at = 0;
  for (const TagSpec& spec : Tags()) {
    if (spec.driver != index) continue;
    for (std::size_t noise = 0; noise < 24; ++noise) code[at++] = random.Byte();
    const std::string_view move = x64 ? "\x41\xB8" : "\x68";
    PutText(code, at, move);
    at += move.size();
    Put32(code, at, TagOf(spec.tag));
    PutText(code, at + 4, "\xFF\x15");
    Put32(code, at + 6, 0x2000);
    at += 10;
  }
  return code;
}

void WriteImage(Machine& machine, std::size_t index) {
  KernelMemory& memory = machine.memory();
  const std::uint64_t base = machine.layout().driver_bases[index];
  if (!memory.MapNew(base) || !memory.MapNew(base + kPage)) return;
  memory.Write(base, ImageHeader(machine.recipe(), index));
  memory.Write(base + kPage, ImageCode(machine.profile().x64, index));
}

/// Third-party drivers first: they matter most where RAM is scarce. Leaves frames for the page tables and a few for
/// nobody.
void WriteImages(Machine& machine) {
  const std::uint64_t spare = 4 + machine.recipe().pages / 40;
  std::uint64_t tables = TablesNeeded(machine.memory(), machine.paging());
  WriteImage(machine, 0);
  for (const bool third_party : {true, false}) {
    for (std::size_t i = 1; i < Drivers().size(); ++i) {
      if (Drivers()[i].third_party != third_party || machine.memory().free_frames() < tables + spare + 2) continue;
      WriteImage(machine, i);
      tables = TablesNeeded(machine.memory(), machine.paging());
    }
  }
}

void WriteUnloaded(Machine& machine) {
  KernelMemory& memory = machine.memory();
  const bool x64 = machine.profile().x64;
  const std::uint64_t stride = x64 ? 40 : 24;
  const std::uint64_t base = machine.layout().nt_data + kUnloadedArrayAt;
  std::uint64_t text = base + kUnloadedSlots * stride;
  std::uint64_t slot = base;
  for (const UnloadedDriver& driver : UnloadedDrivers(machine)) {
    text = PutUnicode(memory, slot, driver.name, text);
    memory.WritePointer(slot + (x64 ? 0x10 : 0x8), driver.start);
    memory.WritePointer(slot + (x64 ? 0x18 : 0xC), driver.end);
    memory.Write64(slot + (x64 ? 0x20 : 0x10), 0x01CF5D3A00000000U + slot % 0x1000);
    slot += stride;
  }
}

void WriteHeaps(Machine& machine) {
  std::vector<std::uint64_t> heaps;
  for (const auto& pool : machine.pools()) heaps.push_back(pool->setup().base);
  heaps.push_back(machine.layout().heaps.last_heap);
  WriteHeapManager(machine.memory(), machine.layout().heaps, HeapLayoutFor(machine.profile().build), heaps);
}

}  // namespace

std::vector<UnloadedDriver> UnloadedDrivers(const Machine& machine) {
  const std::uint64_t base = machine.layout().driver_bases.back() + 0x400000;
  return {{"crashdmp.sys", base, base + 0xE000},
          {"dump_diskdump.sys", base + 0x10000, base + 0x1A000},
          {"usbfltold.sys", base + 0x40000, base + 0x4B000}};
}

Bytes DebuggerData(const Machine& machine, const KernelData& data) {
  const std::uint32_t size = machine.profile().kdbg_size;
  Bytes block(size, 0);
  const std::uint64_t sign = machine.profile().x64 ? 0 : 0xFFFFFFFF00000000U;  // 32-bit addresses are sign-extended
  const auto set = [&](std::size_t at, std::uint64_t va) {
    if (at + 8 <= block.size()) Put64(block, at, va | sign);
  };
  const KernelLayout& layout = machine.layout();
  if (machine.profile().x64) {
    Put64(block, 0, data.kdbg);
    Put64(block, 8, data.kdbg);
  } else {
    Put32(block, 0, data.kdbg);
    Put32(block, 4, data.kdbg);
  }
  Put32(block, 0x010, kKdbgTag);
  Put32(block, 0x014, size);
  set(0x018, layout.nt_base);
  if (!machine.profile().x64 && machine.recipe().pae) Put16(block, 0x036, 1);
  set(0x048, data.loaded_modules);
  set(0x050, data.active_processes);
  if (!machine.profile().segment_heap) set(0x068, layout.nt_data + kPagedArrayAt);
  set(0x1B8, layout.nt_data + kTrackTableAt);
  if (!machine.profile().segment_heap) set(0x1C0, machine.pools().front()->setup().descriptor);
  set(0x208, layout.nt_data + kBuildLabAt);
  std::uint64_t variable = layout.nt_data + kVariablesAt;
  for (const Variable& row : Variables(machine)) {
    set(row.field, variable);
    variable += 8;
  }
  return block;
}

KernelData WriteKernelData(Machine& machine) {
  KernelMemory& memory = machine.memory();
  const std::uint64_t data_page = machine.layout().nt_data;
  const KernelData data{data_page + kKdbgAt, data_page + kModuleHeadAt, data_page + kProcessHeadAt};
  for (const auto& pool : machine.pools()) pool->Settle();
  std::uint64_t variable = data_page + kVariablesAt;
  for (const Variable& row : Variables(machine)) {
    memory.WritePointer(variable, row.value);
    variable += 8;
  }
  std::uint64_t slot = data_page + kPagedArrayAt;
  for (const auto& pool : machine.pools()) {
    if (pool->setup().kind != PoolKind::kPaged || pool->setup().descriptor == 0) continue;
    memory.WritePointer(slot, pool->setup().descriptor);
    slot += memory.pointer_size();
  }
  if (machine.profile().segment_heap) WriteHeaps(machine);
  LinkList(memory, data.active_processes, {});
  const std::string lab =
      std::to_string(machine.profile().build) + ".0." + (machine.profile().x64 ? "amd64" : "x86") + "fre.sample";
  memory.Write(data_page + kBuildLabAt, Bytes(lab.begin(), lab.end()));
  WriteModuleList(machine, data.loaded_modules);
  WriteUnloaded(machine);
  WriteBigPageTable(machine, data_page + kTrackTableAt);
  if (machine.recipe().tracker) WriteTrackerTable(machine, data_page + kTrackTableAt);
  memory.Write(data.kdbg, DebuggerData(machine, data));
  machine.recipe().code ? WriteDriverImages(machine) : WriteImages(machine);
  return data;
}

}  // namespace poolblame::samples
