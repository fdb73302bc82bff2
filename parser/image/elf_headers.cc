// Headers and notes of ELF cores; both widths become one here.
#include <algorithm>
#include <string_view>

#include "parser/format/elf_core.h"
#include "parser/image/container.h"
#include "parser/image/elf_core.h"

namespace poolblame {
namespace {

/// Where the program headers lie, as the file header says.
struct SegmentTable {
  std::uint64_t offset = 0;
  std::uint64_t stride = 0;  // bytes from one to the next
  std::uint64_t count = 0;
};

template <typename Header>
Result<SegmentTable> FindTable(ByteView bytes, std::uint64_t segment_size, std::uint64_t info_offset) {
  const Result<Header> header = bytes.Read<Header>(0, "ELF header");
  if (!header) return tl::unexpected(header.error());
  if (header->e_type != kElfTypeCore)
    return Fail(ErrorKind::kUnsupported,
                "ELF file that is no core (a program or a library): give a dump of the machine's memory",
                offsetof(Header, e_type), 0, header->e_type);
  SegmentTable table{header->e_phoff, header->e_phentsize, header->e_phnum};
  if (table.count == kElfManySegments) {
    const Result<Le32> info = bytes.Read<Le32>(header->e_shoff + info_offset, "ELF section header 0 (sh_info)");
    if (!info) return tl::unexpected(info.error());
    table.count = *info;
  }
  if (table.stride < segment_size)
    return Fail(ErrorKind::kUnsupported, "ELF core with program headers of " + std::to_string(table.stride) +
                                             " bytes: the header is damaged, take the dump again");
  if (table.count > kMaxElfSegments)
    return Fail(ErrorKind::kLimit, "ELF program header list", offsetof(Header, e_phnum), kMaxElfSegments, table.count);
  return table;
}

template <typename Wire>
std::vector<ElfSegment> ReadTable(ByteView bytes, const SegmentTable& table, ImageFacts& facts) {
  std::vector<ElfSegment> segments;
  for (std::uint64_t i = 0; i < table.count; ++i) {
    const auto wire = bytes.TryRead<Wire>(table.offset + i * table.stride);
    if (!wire) {
      NoteTruncation(facts, "the ELF header counts " + std::to_string(table.count) + " program headers, " +
                                std::to_string(i) + " are in the file");
      break;
    }
    segments.push_back({wire->p_type, wire->p_offset, wire->p_vaddr, wire->p_paddr, wire->p_filesz, wire->p_memsz});
  }
  return segments;
}

constexpr std::uint64_t RoundUpToWord(std::uint64_t value) { return (value + 3) & ~std::uint64_t{3}; }

/// One note after the other: calls `visit(name, descriptor)`.
template <typename Visitor>
void ForEachNote(ByteView notes, std::size_t& left, Visitor&& visit) {
  std::uint64_t at = 0;
  for (; left > 0; --left) {
    const auto note = notes.TryRead<ElfNote>(at);
    if (!note) return;
    const std::uint64_t name_at = at + sizeof(ElfNote);
    const std::uint64_t data_at = name_at + RoundUpToWord(note->n_namesz);
    if (!notes.Contains(name_at, note->n_namesz) || !notes.Contains(data_at, note->n_descsz)) return;
    const std::string_view name(reinterpret_cast<const char*>(notes.data()) + name_at, note->n_namesz);
    visit(name.substr(0, name.find('\0')), ByteView(notes.data() + data_at, note->n_descsz));
    at = data_at + RoundUpToWord(note->n_descsz);
  }
}

void AddProcessor(ByteView state, std::vector<PhysAddr>& processors) {
  constexpr std::size_t kMost = 64;  // any of them will do, unless it was in a program
  const auto cr3 = state.TryRead<Le64>(kElfQemuCr3At);
  if (cr3 && *cr3 != 0 && processors.size() < kMost) processors.push_back(PhysAddr{*cr3});
}

/// The part of a segment that is in the file.
ByteView InFile(ByteView bytes, const ElfSegment& segment) {
  if (segment.offset >= bytes.size()) return {};
  return {bytes.data() + segment.offset,
          static_cast<std::size_t>(std::min<std::uint64_t>(segment.file_size, bytes.size() - segment.offset))};
}

}  // namespace

Result<std::vector<ElfSegment>> ReadElfSegments(ByteView bytes, ImageFacts& facts) {
  const std::uint8_t width = bytes.size() > kElfClassOffset ? bytes[kElfClassOffset] : 0;
  const std::uint8_t order = bytes.size() > kElfDataOffset ? bytes[kElfDataOffset] : 0;
  if (bytes.size() > kElfDataOffset && order != kElfLittleEndian)
    return Fail(ErrorKind::kUnsupported, "ELF core of a big-endian machine: Windows runs on none", kElfDataOffset, 0,
                order);
  if (width == kElfClass32) {
    const auto table = FindTable<ElfHeader32>(bytes, sizeof(ElfSegment32), kElfSectionInfoOffset32);
    if (!table) return tl::unexpected(table.error());
    return ReadTable<ElfSegment32>(bytes, *table, facts);
  }
  const auto table = FindTable<ElfHeader64>(bytes, sizeof(ElfSegment64), kElfSectionInfoOffset64);
  if (!table) return tl::unexpected(table.error());
  return ReadTable<ElfSegment64>(bytes, *table, facts);
}

ElfNotes ReadElfNotes(ByteView bytes, const std::vector<ElfSegment>& segments) {
  ElfNotes notes;
  std::size_t left = kMaxElfNotes;
  for (const ElfSegment& segment : segments) {
    if (segment.type != kElfSegmentNote) continue;
    ForEachNote(InFile(bytes, segment), left, [&](std::string_view name, ByteView data) {
      if (name == kElfNoteOfVirtualBox) notes.by_virtual_box = true;
      if (name == kElfNoteOfQemu) AddProcessor(data, notes.processors);
      if (name == kElfNoteOfGuest && IsCrashDump(data)) notes.crash_dump_header = data;
    });
  }
  return notes;
}

}  // namespace poolblame
