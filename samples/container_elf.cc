// ELF cores as QEMU writes them (dump/dump.c): file header, program headers with the notes first, notes, memory.
#include <ostream>
#include <string_view>

#include "samples/container.h"

namespace poolblame::samples {
namespace {

constexpr std::uint32_t kLoad = 1, kNote = 4;

/// One line of the program header table.
struct Segment {
  std::uint32_t type = kLoad;
  std::uint64_t offset = 0, physical = 0, size = 0;
};

Bytes FileHeader(const Recipe& recipe, std::size_t segments) {
  constexpr std::uint16_t kX86 = 3, kX64 = 62, kArm64 = 183;  // EM_386, EM_X86_64, EM_AARCH64
  const bool x64 = recipe.profile.x64;
  Bytes header(x64 ? 0x40 : 0x34, 0);
  PutText(header, 0,
          "\x7F"
          "ELF");
  Put8(header, 4, x64 ? 2 : 1);
  Put8(header, 5, 1);
  Put8(header, 6, 1);
  Put16(header, 0x10, 4);
  Put16(header, 0x12, recipe.arm64 ? kArm64 : x64 ? kX64 : kX86);
  Put32(header, 0x14, 1);
  Put32(header, x64 ? 0x20 : 0x1C, header.size());
  Put16(header, x64 ? 0x34 : 0x28, header.size());
  Put16(header, x64 ? 0x36 : 0x2A, x64 ? 0x38 : 0x20);
  Put16(header, x64 ? 0x38 : 0x2C, segments);
  return header;
}

Bytes ProgramHeader(bool x64, const Segment& segment) {
  Bytes header(x64 ? 0x38 : 0x20, 0);
  Put32(header, 0, segment.type);
  if (x64) {
    Put64(header, 0x08, segment.offset);
    Put64(header, 0x10, segment.physical);  // without paging QEMU gives the physical address twice
    Put64(header, 0x18, segment.physical);
    Put64(header, 0x20, segment.size);
    Put64(header, 0x28, segment.size);
  } else {
    Put32(header, 0x04, segment.offset);
    Put32(header, 0x08, segment.physical);
    Put32(header, 0x0C, segment.physical);
    Put32(header, 0x10, segment.size);
    Put32(header, 0x14, segment.size);
  }
  return header;
}

void AppendNote(Bytes& notes, std::string_view name, std::uint32_t type, const Bytes& descriptor) {
  const std::size_t at = notes.size();
  const std::size_t data = at + 12 + (name.size() + 4) / 4 * 4;
  notes.resize(data + (descriptor.size() + 3) / 4 * 4, 0);
  Put32(notes, at, name.size() + 1);
  Put32(notes, at + 4, descriptor.size());
  Put32(notes, at + 8, type);
  PutText(notes, at + 12, name);
  std::copy(descriptor.begin(), descriptor.end(), notes.begin() + static_cast<std::ptrdiff_t>(data));
}

/// A processor's NT_PRSTATUS, empty, QEMU's own state of it with nothing but CR3 (x86 and x64), and the guest's note.
Bytes Notes(const Snapshot& snapshot, bool with_header) {
  const bool x64 = snapshot.machine.profile().x64;
  Bytes notes;
  AppendNote(notes, "CORE", 1, Bytes(x64 ? 336 : 144, 0));
  Bytes state(0x1B8, 0);
  Put64(state, 0x1A0, snapshot.cr3);
  if (!snapshot.machine.recipe().arm64) AppendNote(notes, "QEMU", 0, state);
  if (with_header) AppendNote(notes, "VMCOREINFO", 0, DumpHeader(snapshot, 1, 0));
  return notes;
}

void Append(std::ostream& out, const Bytes& bytes) {
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

void WriteElfCore(const Snapshot& snapshot, bool with_header, std::ostream& out) {
  const bool x64 = snapshot.machine.profile().x64;
  const auto& runs = snapshot.machine.memory().runs();
  const Bytes notes = Notes(snapshot, with_header);
  const Bytes header = FileHeader(snapshot.machine.recipe(), runs.size() + 1);
  std::uint64_t offset = header.size() + (runs.size() + 1) * (x64 ? 0x38 : 0x20);
  Append(out, header);
  Append(out, ProgramHeader(x64, {kNote, offset, 0, notes.size()}));
  offset += notes.size();
  for (const PhysicalRun& run : runs) {
    Append(out, ProgramHeader(x64, {kLoad, offset, run.base_pfn * kPage, run.pages * kPage}));
    offset += run.pages * kPage;
  }
  Append(out, notes);
  FrameReader reader(snapshot);
  for (const PhysicalRun& run : runs) reader.Write(run, out);
}

}  // namespace poolblame::samples
