// DUMP_HEADER32 and DUMP_HEADER64. Fields nobody sets keep the fill pattern `PAGE`, as Windows leaves them.
#include "samples/container.h"

namespace poolblame::samples {
namespace {

constexpr std::uint64_t kSystemTime = 0x01CF5D3A12345678;  // a fixed day in 2014: images must not depend on the clock
constexpr std::uint64_t kUpTime = 0x0000000C92A69C00;
constexpr std::uint32_t kLiveDump = 0x10;       // of Attributes
constexpr std::uint64_t kMinute = 600'000'000;  // in units of 100 ns

std::uint64_t SystemTime(const Snapshot& s) {
  return kSystemTime + (s.machine.recipe().minutes + s.machine.recipe().later) * kMinute;
}

std::uint64_t UpTime(const Snapshot& s) { return kUpTime + s.machine.recipe().later * kMinute; }

void PutHeader64(const Snapshot& s, Bytes& out, std::uint32_t dump_type, std::uint64_t file_bytes) {
  PutText(out, 0x000, "PAGEDU64");
  Put32(out, 0x008, 0xF);
  Put32(out, 0x00C, s.machine.profile().build);
  Put64(out, 0x010, s.cr3);
  Put64(out, 0x018, 0xFFFFFA8000000000);
  Put64(out, 0x020, s.kernel.loaded_modules);
  Put64(out, 0x028, s.kernel.active_processes);
  Put32(out, 0x030, PeMachine(s.machine.recipe()));
  Put32(out, 0x034, s.machine.recipe().processors);
  Put32(out, 0x038, s.bugcheck.code);
  for (std::size_t i = 0; i < 4; ++i) Put64(out, 0x040 + 8 * i, s.bugcheck.parameters[i]);
  Put64(out, 0x080, s.kernel.kdbg);
  const auto& runs = s.machine.memory().runs();
  Put32(out, 0x088, runs.size());
  Put64(out, 0x090, AllPages(s));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    Put64(out, 0x098 + 16 * i, runs[i].base_pfn);
    Put64(out, 0x0A0 + 16 * i, runs[i].pages);
  }
  Put32(out, 0x348 + 0x30, 0x10001F);
  Put64(out, 0x348 + 0xF8, s.machine.layout().nt_base + 0x1100);
  Put32(out, 0xF00, 0x80000003);
  Put32(out, 0xF98, dump_type);
  Put64(out, 0xFA0, file_bytes);
  Put64(out, 0xFA8, SystemTime(s));
  Put64(out, 0x1030, UpTime(s));
  Put32(out, 0x1040, 1);
  if (s.machine.recipe().live > 0) Put32(out, 0x1050, kLiveDump);
}

void PutHeader32(const Snapshot& s, Bytes& out, std::uint32_t dump_type, std::uint64_t file_bytes) {
  PutText(out, 0x000, "PAGEDUMP");
  Put32(out, 0x008, 0xF);
  Put32(out, 0x00C, s.machine.profile().build);
  Put32(out, 0x010, s.cr3);
  Put32(out, 0x014, 0x81000000);
  Put32(out, 0x018, s.kernel.loaded_modules);
  Put32(out, 0x01C, s.kernel.active_processes);
  Put32(out, 0x020, 0x14C);
  Put32(out, 0x024, s.machine.recipe().processors);
  Put32(out, 0x028, s.bugcheck.code);
  for (std::size_t i = 0; i < 4; ++i) Put32(out, 0x02C + 4 * i, s.bugcheck.parameters[i]);
  Put8(out, 0x05C, s.machine.recipe().pae ? 1 : 0);
  Put32(out, 0x060, s.kernel.kdbg);
  const auto& runs = s.machine.memory().runs();
  Put32(out, 0x064, runs.size());
  Put32(out, 0x068, AllPages(s));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    Put32(out, 0x06C + 8 * i, runs[i].base_pfn);
    Put32(out, 0x070 + 8 * i, runs[i].pages);
  }
  Put32(out, 0x320, 0x1003F);
  Put32(out, 0x320 + 0xB8, s.machine.layout().nt_base + 0x1100);
  Put32(out, 0x7D0, 0x80000003);
  Put32(out, 0xF88, dump_type);
  Put32(out, 0xF94, 1);
  Put64(out, 0xFA0, file_bytes);
  Put64(out, 0xFB8, UpTime(s));
  Put64(out, 0xFC0, SystemTime(s));
  if (s.machine.recipe().live > 0) Put32(out, 0x8A0, kLiveDump);
}

}  // namespace

Bytes DumpHeader(const Snapshot& snapshot, std::uint32_t dump_type, std::uint64_t file_bytes) {
  const bool x64 = snapshot.machine.profile().x64;
  Bytes out(x64 ? 0x2000 : 0x1000);
  for (std::size_t at = 0; at < out.size(); at += 4) PutText(out, at, "PAGE");
  if (x64) {
    PutHeader64(snapshot, out, dump_type, file_bytes);
  } else {
    PutHeader32(snapshot, out, dump_type, file_bytes);
  }
  return out;
}

}  // namespace poolblame::samples
