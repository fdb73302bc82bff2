// Containers that hold physical memory: full (type 1), summary (2), bitmap (5, 6) and raw.
#include <algorithm>
#include <ostream>
#include <vector>

#include "samples/container.h"
#include "samples/secondary_data.h"

namespace poolblame::samples {
namespace {

void Put(std::ostream& out, const std::uint8_t* bytes, std::size_t size) {
  out.write(reinterpret_cast<const char*>(bytes), static_cast<std::streamsize>(size));
}
void Put(std::ostream& out, const Bytes& bytes) { Put(out, bytes.data(), bytes.size()); }

std::uint64_t HeaderSize(const Snapshot& snapshot) { return snapshot.machine.profile().x64 ? 0x2000 : 0x1000; }

std::uint64_t EndFrame(const Snapshot& snapshot) {
  const PhysicalRun& last = snapshot.machine.memory().runs().back();
  return last.base_pfn + last.pages;
}

/// Runs of frames in the file, ascending; kernel dumps leave out those that nobody owns.
std::vector<PhysicalRun> StoredRuns(const Snapshot& snapshot, const FrameReader& reader, bool kernel_only) {
  if (!kernel_only) return snapshot.machine.memory().runs();
  std::vector<PhysicalRun> stored;
  for (const PhysicalRun& run : snapshot.machine.memory().runs()) {
    for (std::uint64_t pfn = run.base_pfn; pfn < run.base_pfn + run.pages && !run.idle; ++pfn)
      if (reader.Owned(pfn)) stored.push_back({pfn, 1});
  }
  return stored;
}

std::uint64_t PagesOf(const std::vector<PhysicalRun>& runs) {
  std::uint64_t pages = 0;
  for (const PhysicalRun& run : runs) pages += run.pages;
  return pages;
}

Bytes Bitmap(const std::vector<PhysicalRun>& runs, std::uint64_t bits) {
  Bytes bitmap((bits + 7) / 8, 0);
  for (const PhysicalRun& run : runs)
    for (std::uint64_t pfn = run.base_pfn; pfn < run.base_pfn + run.pages; ++pfn)
      bitmap[pfn / 8] = static_cast<std::uint8_t>(bitmap[pfn / 8] | 1U << pfn % 8);
  return bitmap;
}

/// Header, the type's own block, padding to a page, the frames.
void WriteWithBitmap(const Snapshot& snapshot, std::uint32_t type, const Bytes& block,
                     const std::vector<PhysicalRun>& runs, FrameReader& reader, std::ostream& out) {
  const std::uint64_t first = (HeaderSize(snapshot) + block.size() + kPage - 1) / kPage * kPage;
  Put(out, DumpHeader(snapshot, type, first + PagesOf(runs) * kPage));
  Put(out, block);
  Put(out, Bytes(first - HeaderSize(snapshot) - block.size(), 0));
  for (const PhysicalRun& run : runs) reader.Write(run, out);
  Put(out, SecondaryData(snapshot.machine.recipe()));
}

}  // namespace

std::uint64_t AllPages(const Snapshot& snapshot) { return PagesOf(snapshot.machine.memory().runs()); }

void WriteFullDump(const Snapshot& snapshot, std::ostream& out) {
  FrameReader reader(snapshot);
  Put(out, DumpHeader(snapshot, 1, HeaderSize(snapshot) + AllPages(snapshot) * kPage));
  for (const PhysicalRun& run : snapshot.machine.memory().runs()) reader.Write(run, out);
  Put(out, SecondaryData(snapshot.machine.recipe()));
}

void WriteSummaryDump(const Snapshot& snapshot, std::ostream& out) {
  FrameReader reader(snapshot);
  const auto runs = StoredRuns(snapshot, reader, true);
  const std::uint64_t bits = EndFrame(snapshot);
  const std::size_t bitmap_at = snapshot.machine.profile().x64 ? 0x28 : 0x20;
  Bytes block(bitmap_at, 0);
  const Bytes bitmap = Bitmap(runs, bits);
  block.insert(block.end(), bitmap.begin(), bitmap.end());
  PutText(block, 0x00, "SDMPDUMP");
  Put32(block, 0x08, 1);
  Put32(block, 0x0C, (HeaderSize(snapshot) + block.size() + kPage - 1) / kPage * kPage);
  Put32(block, 0x10, bits);
  Put32(block, 0x14, PagesOf(runs));
  Put32(block, 0x18, bits);
  WriteWithBitmap(snapshot, 2, block, runs, reader, out);
}

void WriteBitmapDump(const Snapshot& snapshot, bool kernel_only, std::ostream& out) {
  FrameReader reader(snapshot);
  const auto runs = StoredRuns(snapshot, reader, kernel_only);
  const std::uint64_t bits = EndFrame(snapshot);
  Bytes block(0x38, 0);
  const Bytes bitmap = Bitmap(runs, bits);
  block.insert(block.end(), bitmap.begin(), bitmap.end());
  PutText(block, 0x00, kernel_only ? "SDMPDUMP" : "FDMPDUMP");
  Put64(block, 0x20, (HeaderSize(snapshot) + block.size() + kPage - 1) / kPage * kPage);
  Put64(block, 0x28, PagesOf(runs));
  Put64(block, 0x30, bits);
  WriteWithBitmap(snapshot, kernel_only ? 6 : 5, block, runs, reader, out);
}

void WriteRdmp(const Snapshot& snapshot, std::ostream& out) {
  FrameReader reader(snapshot);
  const std::vector<PhysicalRun>& runs = snapshot.machine.memory().runs();
  Bytes block(0x30 + (runs.size() + 1) * 0x10, 0);  // the last range is none
  const std::uint64_t first_page = 0x2000 + block.size(), pages = snapshot.machine.recipe().pages;
  Put32(block, 0x00, 0x40);
  PutText(block, 0x04, "RDMPDUMP");
  Put64(block, 0x10, first_page - 0x2040 + 0x20);
  Put64(block, 0x18, first_page);
  Put32(block, 0x20, runs.size());
  Put64(block, 0x28, pages);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    Put64(block, 0x30 + i * 0x10, runs[i].base_pfn);
    Put64(block, 0x38 + i * 0x10, runs[i].pages);
  }
  Put(out, DumpHeader(snapshot, 10, first_page + pages * kPage));
  Put(out, block);
  for (const PhysicalRun& run : runs)
    for (std::uint64_t pfn = run.base_pfn; pfn < run.base_pfn + run.pages; ++pfn) Put(out, reader.Read(pfn), kPage);
}

void WriteRawImage(const Snapshot& snapshot, std::ostream& out) {
  FrameReader reader(snapshot);
  std::uint64_t pfn = 0;
  for (const PhysicalRun& run : snapshot.machine.memory().runs()) {
    SkipZeros((run.base_pfn - pfn) * kPage, out);
    reader.Write(run, out);
    pfn = run.base_pfn + run.pages;
  }
}

std::uint64_t PoolPagesBase(const Snapshot& snapshot) {
  constexpr std::uint64_t kPagesBefore = 4;
  std::uint64_t page = snapshot.truth.page & ~(kPage - 1);
  if (page == 0) page = snapshot.machine.pools().front()->pages().front();
  for (std::uint64_t i = 0; i < kPagesBefore && snapshot.machine.memory().Mapped(page - kPage); ++i) page -= kPage;
  return page;
}

void WritePoolPages(const Snapshot& snapshot, std::ostream& out) {
  constexpr std::uint64_t kMaxPages = 16;
  const KernelMemory& memory = snapshot.machine.memory();
  std::uint64_t page = PoolPagesBase(snapshot);
  for (std::uint64_t i = 0; i < kMaxPages && memory.Mapped(page); ++i, page += kPage) Put(out, memory.At(page), kPage);
}

}  // namespace poolblame::samples
