// Type 4, the "minidump": no page tables, only ranges of virtual memory that the crash touched, and name tables.
#include <algorithm>
#include <ostream>
#include <string_view>

#include "samples/container.h"
#include "samples/secondary_data.h"

namespace poolblame::samples {
namespace {

/// Appends to a file in memory and knows where it is.
class TriageFile {
 public:
  explicit TriageFile(Bytes header) : bytes_(std::move(header)) {}
  std::uint64_t Append(const Bytes& more, std::size_t alignment = 8) {
    while (bytes_.size() % alignment != 0) bytes_.push_back(0);
    const std::uint64_t at = bytes_.size();
    bytes_.insert(bytes_.end(), more.begin(), more.end());
    return at;
  }
  Bytes& bytes() { return bytes_; }
  [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }

 private:
  Bytes bytes_;
};

/// DUMP_STRING: a length in characters, then UTF-16 text and its terminator.
Bytes DumpString(std::string_view text) {
  Bytes out(4, 0);
  Put32(out, 0, text.size());
  for (const char c : text) {
    out.push_back(static_cast<std::uint8_t>(c));
    out.push_back(0);
  }
  out.insert(out.end(), {0, 0});
  return out;
}

/// DUMP_DRIVER_ENTRY: 0x90 (x64) or 0x4C (x86) bytes, names as offsets of DUMP_STRINGs.
Bytes DriverEntry(const Snapshot& s, std::size_t index, std::uint64_t name_at) {
  const bool x64 = s.machine.profile().x64;
  const std::uint64_t base = s.machine.layout().driver_bases[index];
  Bytes entry(x64 ? 0x90 : 0x4C, 0);
  Put32(entry, 0, name_at);
  if (x64) {
    Put64(entry, 0x38, base);
    Put64(entry, 0x40, base + 0x1000);
  } else {
    Put32(entry, 0x1C, base);
    Put32(entry, 0x20, base + 0x1000);
  }
  Put32(entry, x64 ? 0x48 : 0x24, Drivers()[index].image_size);
  Put32(entry, x64 ? 0x88 : 0x48, 0x4CE78000U + index * 0x1234);
  return entry;
}

/// A count, then entries of 0x38 (x64) or 0x28 (x86) bytes with the name inside.
Bytes UnloadedTable(const Snapshot& s) {
  const bool x64 = s.machine.profile().x64;
  const auto drivers = UnloadedDrivers(s.machine);
  Bytes out(x64 ? 8 : 4, 0);
  Put32(out, 0, drivers.size());
  for (const UnloadedDriver& driver : drivers) {
    Bytes entry(x64 ? 0x38 : 0x28, 0);
    const std::string_view name = std::string_view(driver.name).substr(0, 12);
    Put16(entry, 0, name.size() * 2);
    Put16(entry, 2, 24);
    const std::size_t text_at = x64 ? 0x10 : 0x8;
    for (std::size_t i = 0; i < name.size(); ++i) Put8(entry, text_at + 2 * i, static_cast<unsigned char>(name[i]));
    if (x64) {
      Put64(entry, 0x28, driver.start);
      Put64(entry, 0x30, driver.end);
    } else {
      Put32(entry, 0x20, driver.start);
      Put32(entry, 0x24, driver.end);
    }
    out.insert(out.end(), entry.begin(), entry.end());
  }
  return out;
}

/// What a crash that has nothing to do with pool touched: of the segment heap any page, so that healthy pages of every
/// kind are met alone.
std::uint64_t PageOfNoDamage(const Snapshot& s) {
  const auto& pools = s.machine.pools();
  if (!s.machine.profile().segment_heap) return pools.front()->pages().front();
  Random random(MixSeed(s.machine.recipe().seed, 0x7A6E));
  const auto& pages = pools[random.Below(pools.size())]->pages();
  return pages.empty() ? pools.front()->pages().front() : pages[random.Below(pages.size())];
}

/// The pool pages of the crash: the damaged one and, where it is mapped, the one behind it; then the kernel's
/// variables.
std::vector<VaRange> BlocksToSave(const Snapshot& s) {
  std::vector<VaRange> ranges;
  std::uint64_t page = s.truth.page & ~(kPage - 1);
  if (!s.machine.memory().Mapped(page)) page = PageOfNoDamage(s);
  ranges.push_back({page, page + kPage});
  if (s.truth.damage_end > page + kPage && s.machine.memory().Mapped(page + kPage)) {
    ranges.push_back({page + kPage, page + 2 * kPage});
  } else if (s.machine.memory().Mapped(page - kPage)) {
    ranges.push_back({page - kPage, page});
  }
  constexpr std::uint32_t kHeapCorruption = 0x13A;  // its third parameter is a chunk, a slot or a subsegment
  const std::uint64_t named = s.bugcheck.parameters[2] & ~(kPage - 1);
  const bool saved = std::any_of(ranges.begin(), ranges.end(), [&](const VaRange& r) { return r.begin == named; });
  if (s.bugcheck.code == kHeapCorruption && !saved && s.machine.memory().Mapped(named)) {
    ranges.push_back({named, named + kPage});
  }
  const std::uint64_t data = s.machine.layout().nt_data;
  ranges.push_back({data + 0x0A8, data + 0xD40});  // unaligned on purpose, as real ones are
  return ranges;
}

struct BlockTable {
  std::uint64_t at = 0;
  std::uint64_t count = 0;
};

BlockTable AppendDataBlocks(const Snapshot& s, TriageFile& file) {
  const bool x64 = s.machine.profile().x64;
  const std::size_t stride = x64 ? 16 : 12;
  Bytes table;
  const auto ranges = BlocksToSave(s);
  for (const VaRange& range : ranges) {
    const std::uint64_t at = file.Append(s.machine.memory().Read(range.begin, range.end - range.begin), 4);
    Bytes row(stride, 0);
    if (x64) {
      Put64(row, 0, range.begin);
    } else {
      Put32(row, 0, range.begin);
    }
    Put32(row, stride - 8, at);
    Put32(row, stride - 4, range.end - range.begin);
    table.insert(table.end(), row.begin(), row.end());
  }
  return {file.Append(table), ranges.size()};
}

/// A stack with return addresses into the kernel and the freed block's address.
Bytes StackBytes(const Snapshot& s) {
  const std::size_t pointer = s.machine.profile().pointer_size();
  Bytes stack(0x400, 0);
  Random random(MixSeed(s.machine.recipe().seed, 0x57AC));
  for (std::size_t at = 0; at < stack.size(); at += pointer) {
    const std::uint64_t draw = random.Below(5);
    const std::uint64_t value = draw == 0   ? s.machine.layout().nt_base + 0x1000 + random.Below(0xFFF)
                                : draw == 1 ? s.bugcheck.parameters[1]
                                : draw == 2 ? random.Below(0x1000)
                                            : 0;
    if (pointer == 8) {
      Put64(stack, at, value);
    } else {
      Put32(stack, at, value);
    }
  }
  return stack;
}

/// Where the parts of the file came to lie.
struct TriageParts {
  std::uint64_t debugger = 0, debugger_size = 0, names = 0, names_end = 0, drivers = 0, unloaded = 0, stack = 0,
                marker = 0;
  BlockTable blocks;
};

TriageParts AppendParts(const Snapshot& s, TriageFile& file) {
  TriageParts parts;
  const Bytes debugger = DebuggerData(s.machine, s.kernel);
  parts.debugger = file.Append(debugger);
  parts.debugger_size = debugger.size();
  std::vector<std::uint64_t> names;
  for (const DriverSpec& driver : Drivers()) names.push_back(file.Append(DumpString(driver.name)));
  parts.names = names.front();
  parts.names_end = file.size();
  Bytes drivers;
  for (std::size_t i = 0; i < Drivers().size(); ++i) {
    const Bytes entry = DriverEntry(s, i, names[i]);
    drivers.insert(drivers.end(), entry.begin(), entry.end());
  }
  parts.drivers = file.Append(drivers);
  parts.unloaded = file.Append(UnloadedTable(s));
  parts.stack = file.Append(StackBytes(s));
  parts.blocks = AppendDataBlocks(s, file);
  parts.marker = file.Append({'T', 'R', 'G', 'D'}, 4);
  return parts;
}

/// TRIAGE_DUMP: 0x80 (x64) or 0x68 (x86) bytes behind the header; all offsets are the file's.
void PutTriageHeader(bool x64, const TriageParts& parts, std::size_t block, Bytes& b) {
  Put32(b, block + 0x04, b.size());
  Put32(b, block + 0x08, parts.marker);
  Put32(b, block + 0x0C, x64 ? 0x348 : 0x320);
  Put32(b, block + 0x10, x64 ? 0xF00 : 0x7D0);
  Put32(b, block + 0x18, parts.unloaded);
  Put32(b, block + 0x28, parts.stack);
  Put32(b, block + 0x2C, 0x400);
  Put32(b, block + 0x30, parts.drivers);
  Put32(b, block + 0x34, Drivers().size());
  Put32(b, block + 0x38, parts.names);
  Put32(b, block + 0x3C, parts.names_end - parts.names);
  if (x64) {
    Put64(b, block + 0x48, 0xFFFFF88003A4E000);  // where the stack was
  } else {
    Put32(b, block + 0x48, 0x8D7F2000);
  }
  Put32(b, block + (x64 ? 0x70 : 0x58), parts.debugger);
  Put32(b, block + (x64 ? 0x74 : 0x5C), parts.debugger_size);
  Put32(b, block + (x64 ? 0x78 : 0x60), parts.blocks.at);
  Put32(b, block + (x64 ? 0x7C : 0x64), parts.blocks.count);
}

}  // namespace

void WriteTriageDump(const Snapshot& s, std::ostream& out) {
  const bool x64 = s.machine.profile().x64;
  TriageFile file(DumpHeader(s, 4, 0));
  file.Append(Bytes(x64 ? 0x80 : 0x68, 0));
  const TriageParts parts = AppendParts(s, file);
  Bytes& b = file.bytes();
  Put64(b, 0xFA0, b.size());  // RequiredDumpSpace, at the same place on both machines
  PutTriageHeader(x64, parts, x64 ? 0x2000 : 0x1000, b);
  const Bytes secondary = SecondaryData(s.machine.recipe());
  b.insert(b.end(), secondary.begin(), secondary.end());
  out.write(reinterpret_cast<const char*>(b.data()), static_cast<std::streamsize>(b.size()));
}

}  // namespace poolblame::samples
