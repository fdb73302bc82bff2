// ELF cores of a whole machine. A segment's physical address is the truth: dumps with paging (QEMU's `-p`) have one
// segment for each mapping, so one page of memory may be there under many virtual addresses, and those are not needed.
// Where physical addresses are no truth, the file is refused (a process's core: all are zero) or the segment is left
// out
// (/proc/kcore: all ones).
#include "parser/image/elf_core.h"

#include <algorithm>
#include <string_view>
#include <tuple>

#include "parser/format/elf_core.h"
#include "parser/image/crash_dump.h"
#include "parser/image/physical_ranges.h"

namespace poolblame {
namespace {

constexpr std::size_t kXenSearchBytes = 0x10000;  // the names of sections lie behind the header or at the end

constexpr std::uint64_t kNoAddress = ~std::uint64_t{0};

/// True when no segment has a physical address though some have a virtual one.
bool IsProcessCore(const std::vector<ElfSegment>& loads) {
  const auto lacks_physical = [](const ElfSegment& load) { return load.physical_address == 0; };
  const auto has_virtual = [](const ElfSegment& load) { return load.virtual_address != 0; };
  return std::ranges::all_of(loads, lacks_physical) && std::ranges::any_of(loads, has_virtual);
}

bool IsDevice(const ElfSegment& load) {
  return load.physical_address >= kDeviceMemoryStart && load.physical_address < kDeviceMemoryEnd;
}

/// Mappings of one place in the file to one physical place, told several times, become one: only what differs overlaps.
/// The order of the ranges is kept, for the first of those that differ wins.
std::vector<PhysicalRange> UniteAliases(const std::vector<PhysicalRange>& ranges) {
  struct Alias {
    std::uint64_t shift, start, end;  // shift: from physical address to file offset, modulo 2^64
    std::size_t order;
  };
  std::vector<Alias> aliases;
  aliases.reserve(ranges.size());
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const PhysicalRange& range = ranges[i];
    aliases.push_back({range.offset.value - range.start.value, range.start.value, range.start.value + range.length, i});
  }
  std::ranges::sort(aliases, {}, [](const Alias& a) { return std::tuple(a.shift, a.start, a.order); });
  std::vector<Alias> united;
  for (const Alias& alias : aliases) {
    if (united.empty() || united.back().shift != alias.shift || united.back().end < alias.start) {
      united.push_back(alias);
      continue;
    }
    united.back().end = std::max(united.back().end, alias.end);
    united.back().order = std::min(united.back().order, alias.order);
  }
  std::ranges::sort(united, {}, &Alias::order);
  std::vector<PhysicalRange> out;
  out.reserve(united.size());
  for (const Alias& alias : united)
    out.push_back({PhysAddr{alias.start}, alias.end - alias.start, FileOffset{alias.start + alias.shift}});
  return out;
}

/// Segments that hold no memory of ours, by reason.
struct LeftOut {
  std::size_t unplaced = 0, devices = 0;
  std::uint64_t unstored_bytes = 0;  // p_memsz beyond p_filesz; saturates
};

void NoteLeftOut(const LeftOut& left_out, ImageFacts& facts) {
  if (left_out.unplaced > 0)
    facts.notes.push_back(std::to_string(left_out.unplaced) +
                          " segments have no physical address that can be and are left out");
  if (left_out.devices > 0)
    facts.notes.push_back(std::to_string(left_out.devices) + " segments are device memory and are left out");
  if (left_out.unstored_bytes > 0)
    facts.notes.push_back("the writer of the core left out " + std::to_string(left_out.unstored_bytes) +
                          " bytes of its segments");
}

std::vector<PhysicalRange> RangesOf(const std::vector<ElfSegment>& loads, bool by_virtual_box, ImageFacts& facts) {
  std::vector<PhysicalRange> ranges;
  LeftOut left_out;
  for (const ElfSegment& load : loads) {
    const std::uint64_t start = load.physical_address;
    if (load.memory_size > load.file_size)
      left_out.unstored_bytes += std::min(load.memory_size - load.file_size, ~left_out.unstored_bytes);
    if (load.file_size == 0) continue;
    if (start == kNoAddress || load.file_size > kNoAddress - start)
      ++left_out.unplaced;
    else if (by_virtual_box && IsDevice(load))
      ++left_out.devices;
    else
      ranges.push_back({PhysAddr{start}, load.file_size, FileOffset{load.offset}});
  }
  NoteLeftOut(left_out, facts);
  return UniteAliases(ranges);
}

/// The crash dump header that the guest left, as far as it can be read; its facts replace the bare ones.
std::optional<CrashDumpHeader> HeaderOfGuest(ByteView note, const OpenOptions& options, ImageFacts& facts) {
  if (note.empty()) return std::nullopt;
  Result<CrashDumpHeader> header = ReadCrashDumpHeader(note);
  if (!header) {
    facts.notes.push_back("the crash dump header in the core's notes cannot be used (" + header.error().what + ")");
    return std::nullopt;
  }
  header->facts.container = facts.container;
  header->facts.truncated = facts.truncated;
  header->facts.notes.insert(header->facts.notes.begin(), facts.notes.begin(), facts.notes.end());
  facts = header->facts;
  ApplyOptions(options, facts);
  return std::move(*header);
}

/// Xen's cores have their memory in sections and no segments at all.
tl::unexpected<Error> RefuseWithoutMemory(ByteView bytes) {
  constexpr std::string_view kXenNote = ".note.Xen";
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const bool is_xen =
      text.substr(0, kXenSearchBytes).find(kXenNote) != std::string_view::npos ||
      text.substr(text.size() - std::min(text.size(), kXenSearchBytes)).find(kXenNote) != std::string_view::npos;
  if (is_xen)
    return Fail(ErrorKind::kUnsupported,
                "Xen core, whose memory lies in sections: let Windows write a dump (`xl trigger DOMAIN nmi` makes it "
                "crash)");
  return Fail(ErrorKind::kUnsupported, "ELF core without memory segments: take the dump again");
}

}  // namespace

Result<ImageParts> OpenElfCore(ByteView bytes, const OpenOptions& options) {
  ImageParts parts = BareParts("elf", options);
  Result<std::vector<ElfSegment>> segments = ReadElfSegments(bytes, parts.facts);
  if (!segments) return tl::unexpected(segments.error());
  const ElfNotes notes = ReadElfNotes(bytes, *segments);
  std::erase_if(*segments, [](const ElfSegment& segment) { return segment.type != kElfSegmentLoad; });
  if (IsProcessCore(*segments))
    return Fail(ErrorKind::kUnsupported,
                "ELF core without physical addresses (of one process): give a dump of the whole machine's memory");
  if (segments->empty() && !parts.facts.truncated) return RefuseWithoutMemory(bytes);
  const auto header = HeaderOfGuest(notes.crash_dump_header, options, parts.facts);
  MapRanges(bytes, RangesOf(*segments, notes.by_virtual_box, parts.facts), parts);
  if (header && parts.facts.directory_table_base)
    SettleTableBase(*header, parts.pages, parts.facts);
  else
    parts.lacks_page_tables = true;
  parts.processors = notes.processors;
  return parts;
}

}  // namespace poolblame
