// hiberfil.sys. Where the header names what: Volatility's vtypes (from public symbols), Hibr2Bin, LeechCore.
#include <algorithm>
#include <array>
#include <ostream>

#include "samples/container.h"
#include "samples/xpress_writer.h"

namespace poolblame::samples {
namespace {

constexpr std::size_t kSetPages = 16;

/// Up to Windows 7. Of a table: its link and entries, and where these have the next table, the count, start and end.
struct TableRow {
  std::uint32_t last_build;
  bool x64;
  std::uint32_t header, first_table, link, next, count, entry, start, end;
};
constexpr std::array kTableRows = {
    TableRow{3790, false, 0xA8, 0x58, 0x10, 0x04, 0x0C, 0x10, 0x04, 0x08},
    TableRow{3790, true, 0xC0, 0x68, 0x20, 0x08, 0x14, 0x20, 0x08, 0x10},
    TableRow{6002, false, 0xF0, 0x50, 0x0C, 0x04, 0x08, 0x08, 0x00, 0x04},
    TableRow{6001, true, 0x138, 0x68, 0x20, 0x08, 0x14, 0x20, 0x08, 0x10},
    TableRow{6002, true, 0x138, 0x68, 0x18, 0x08, 0x10, 0x10, 0x00, 0x08},
    TableRow{7601, false, 0xE0, 0x4C, 0x08, 0x00, 0x04, 0x08, 0x00, 0x04},
    TableRow{7601, true, 0x128, 0x60, 0x10, 0x00, 0x08, 0x10, 0x00, 0x08},
};

/// From Windows 8 on. Which x86 build has 0x338 and which 0x340 is not known; their fields are the same.
struct SetRow {
  std::uint32_t last_build;
  bool x64;
  std::uint32_t header, loader_pages, boot_page, kernel_page, kernel_pages;
};
constexpr std::array kSetRows = {
    SetRow{9600, true, 0x360, 0x58, 0x60, 0x68, 0x1C8},   SetRow{10586, true, 0x3B0, 0x58, 0x68, 0x70, 0x218},
    SetRow{14393, true, 0x3C8, 0x58, 0x68, 0x70, 0x220},  SetRow{17134, true, 0x3D8, 0x58, 0x68, 0x70, 0x230},
    SetRow{19045, true, 0x3E0, 0x58, 0x68, 0x70, 0x230},  SetRow{22631, true, 0x448, 0x58, 0x68, 0x70, 0x230},
    SetRow{~0U, true, 0x4D8, 0x58, 0x68, 0x70, 0x238},    SetRow{9600, false, 0x2C8, 0x48, 0x50, 0x54, 0x1B0},
    SetRow{10586, false, 0x310, 0x48, 0x50, 0x54, 0x1F8}, SetRow{14393, false, 0x328, 0x48, 0x50, 0x54, 0x200},
    SetRow{~0U, false, 0x338, 0x48, 0x50, 0x54, 0x210},
};

template <typename Rows>
const auto& RowOf(const Rows& rows, const WindowsProfile& profile) {
  return *std::ranges::find_if(
      rows, [&](const auto& row) { return row.x64 == profile.x64 && profile.build <= row.last_build; });
}

void PutPointer(Bytes& out, std::size_t at, std::uint64_t value, bool x64) {
  if (x64)
    Put64(out, at, value);
  else
    Put32(out, at, value);
}

void PadToPage(Bytes& out) { out.resize((out.size() + kPage - 1) / kPage * kPage); }

std::vector<std::uint64_t> AllFrames(const Snapshot& snapshot) {
  std::vector<std::uint64_t> frames;
  for (const PhysicalRun& run : snapshot.machine.memory().runs())
    for (std::uint64_t i = 0; i < run.pages; ++i) frames.push_back(run.base_pfn + i);
  return frames;
}

Bytes PagesOf(FrameReader& reader, std::span<const std::uint64_t> frames) {
  Bytes plain;
  for (const std::uint64_t pfn : frames) {
    const std::uint8_t* const page = reader.Read(pfn);
    plain.insert(plain.end(), page, page + kPage);
  }
  return plain;
}

/// A block of 16 pages behind its header; packed bytes are rounded up to 8, and 0x10000 of them are stored ones.
void GrowBlock(Bytes& out, Bytes plain) {
  plain.resize(kSetPages * kPage);
  Bytes packed = PackXpress(plain);
  std::size_t length = packed.size();
  if ((length + 7) / 8 * 8 >= plain.size()) {
    length = plain.size();
    packed = std::move(plain);
  }
  const std::size_t at = out.size();
  out.resize(at + 0x20);
  PutText(out, at, "\x81\x81xpress");
  Put32(out, at + 0x08, (length - 1) << 10);
  packed.resize((length + 7) / 8 * 8);
  out.insert(out.end(), packed.begin(), packed.end());
}

/// The table on `page` of the file, and its blocks; returns the runs it had no room for.
std::span<const PhysicalRun> GrowTable(Bytes& out, const TableRow& row, std::span<const PhysicalRun> runs,
                                       FrameReader& reader) {
  const std::size_t at = out.size(), room = (kPage - row.link) / row.entry;
  const auto mine = runs.first(std::min(runs.size(), room));
  out.resize(at + kPage);
  Put32(out, at + row.count, mine.size());
  std::vector<std::uint64_t> frames;
  for (std::size_t i = 0; i < mine.size(); ++i) {
    const std::size_t entry = at + row.link + i * row.entry;
    PutPointer(out, entry + row.start, mine[i].base_pfn, row.x64);
    PutPointer(out, entry + row.end, mine[i].base_pfn + mine[i].pages, row.x64);
    for (std::uint64_t p = 0; p < mine[i].pages; ++p) frames.push_back(mine[i].base_pfn + p);
  }
  for (std::size_t i = 0; i < frames.size(); i += kSetPages) {
    const std::span<const std::uint64_t> rest(frames.data() + i, std::min(kSetPages, frames.size() - i));
    GrowBlock(out, PagesOf(reader, rest));
  }
  PadToPage(out);
  if (mine.size() < runs.size()) PutPointer(out, at + row.next, out.size() / kPage, row.x64);
  return runs.subspan(mine.size());
}

Bytes WithTables(const Snapshot& snapshot, FrameReader& reader) {
  constexpr std::size_t kFirstTable = 3;  // behind the header, a free page and the processor's state
  const TableRow& row = RowOf(kTableRows, snapshot.machine.profile());
  Bytes out(kFirstTable * kPage, 0);
  Put32(out, 0x0C, row.header);
  PutPointer(out, row.first_table, kFirstTable, row.x64);
  PutPointer(out, 2 * kPage + (row.x64 ? 0x10 : 0x2D4), snapshot.cr3, row.x64);
  const std::vector<PhysicalRun> runs = snapshot.machine.memory().runs();
  for (std::span<const PhysicalRun> rest(runs); !rest.empty();) rest = GrowTable(out, row, rest, reader);
  return out;
}

/// Up to 16 pages: word, one descriptor for each run of frames, data. Method 0 is plain Xpress, 2 has Huffman codes.
void GrowSet(Bytes& out, std::span<const std::uint64_t> frames, bool huffman, bool x64, FrameReader& reader) {
  std::vector<std::uint64_t> descriptors;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (i > 0 && frames[i] == frames[i - 1] + 1)
      ++descriptors.back();
    else
      descriptors.push_back(frames[i] << 4);
  }
  Bytes data = PagesOf(reader, frames);
  const Bytes packed = huffman ? PackXpressHuffman(data) : PackXpress(data);
  if (packed.size() < data.size()) data = packed;
  std::size_t at = out.size();
  const std::size_t width = x64 ? 8 : 4;
  out.resize(at + 4 + descriptors.size() * width);
  Put32(out, at, (huffman ? 2U : 0U) << 30 | data.size() << 8 | descriptors.size());
  at += 4;
  for (std::size_t i = 0; i < descriptors.size(); ++i) PutPointer(out, at + i * width, descriptors[i], x64);
  out.insert(out.end(), data.begin(), data.end());
}

Bytes WithSets(const Snapshot& snapshot, FrameReader& reader) {
  const SetRow& row = RowOf(kSetRows, snapshot.machine.profile());
  const std::vector<std::uint64_t> frames = AllFrames(snapshot);
  const std::size_t for_loader = frames.size() / 3;
  Bytes out(2 * kPage, 0);
  Put32(out, 0x0C, row.header);
  const auto stream = [&](std::size_t first, std::size_t end, std::uint32_t page_at, std::uint32_t count_at,
                          bool huffman) {
    PadToPage(out);
    PutPointer(out, page_at, out.size() / kPage, row.x64);
    PutPointer(out, count_at, end - first, row.x64);
    for (std::size_t i = first; i < end; i += kSetPages)
      GrowSet(out, {frames.data() + i, std::min(kSetPages, end - i)}, huffman, row.x64, reader);
  };
  stream(0, for_loader, row.boot_page, row.loader_pages, false);
  stream(for_loader, frames.size(), row.kernel_page, row.kernel_pages, true);
  return out;
}

}  // namespace

void WriteHibernation(const Snapshot& snapshot, std::ostream& out) {
  FrameReader reader(snapshot);
  const bool has_tables = snapshot.machine.profile().build < 9200;
  Bytes file = has_tables ? WithTables(snapshot, reader) : WithSets(snapshot, reader);
  PutText(file, 0x00, has_tables ? "hibr" : "HIBR");
  PadToPage(file);
  out.write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
}

}  // namespace poolblame::samples
