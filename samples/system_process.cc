// Offsets: KPROCESS and EPROCESS from PDB-derived headers (Vergilius; 26100 from published tables of its offsets).
// ARM64's object begins as x64's does; where its name lies is not known of these builds, and x64's place is used.
#include "samples/system_process.h"

#include <algorithm>
#include <array>

namespace poolblame::samples {
namespace {

/// Where ImageFileName lies in EPROCESS from this build on; 0 where there was none.
struct NameRow {
  std::uint32_t first_build, x86, x64;
};
constexpr std::array kNameRows = {
    NameRow{26100, 0, 0x338},     NameRow{19041, 0x1AC, 0x5A8}, NameRow{15063, 0x17C, 0x450},
    NameRow{10586, 0x174, 0x450}, NameRow{9200, 0x170, 0x438},  NameRow{7600, 0x16C, 0x2E0},
    NameRow{6000, 0x14C, 0x238},  NameRow{3790, 0x164, 0x268},  NameRow{2600, 0x174, 0},
};

}  // namespace

void WriteSystemProcess(Machine& machine, std::uint64_t cr3) {
  KernelMemory& memory = machine.memory();
  const bool x64 = machine.profile().x64;
  const std::uint32_t build = machine.profile().build, pointer = memory.pointer_size();
  const std::uint64_t process = machine.layout().process;
  const auto link = [&](std::uint64_t head) {
    memory.WritePointer(head, head);
    memory.WritePointer(head + pointer, head);
  };
  link(process + 8);                    // Header.WaitListHead
  link(process + (x64 ? 0x18 : 0x10));  // ProfileListHead
  memory.WritePointer(process + (x64 ? 0x28 : 0x18), cr3);
  const NameRow& row = *std::ranges::find_if(kNameRows, [&](const NameRow& r) { return build >= r.first_build; });
  const std::string_view name = "System";
  memory.Write(process + (x64 ? row.x64 : row.x86), Bytes(name.begin(), name.end()));
}

}  // namespace poolblame::samples
