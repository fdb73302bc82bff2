#include "tests/image/dump_builder.h"

#include <algorithm>

namespace poolblame::testing {
namespace {

/// The fill pattern of a header page.
Bytes Filled(std::uint64_t size) {
  Bytes bytes;
  for (std::uint64_t at = 0; at < size; at += 4) bytes.Text(at, "PAGE");
  return bytes;
}

void AppendPages(Bytes& file, const PhysicalMemory& memory, const std::vector<TestRun>& runs) {
  const TestPage zeros{};
  for (const TestRun& run : runs) {
    for (std::uint64_t pfn = run.first; pfn < run.first + run.count; ++pfn) {
      const auto page = memory.pages().find(pfn);
      const TestPage& content = page == memory.pages().end() ? zeros : page->second;
      file.Append(content.data(), content.size());
    }
  }
}

/// Writes the bitmap at `at` and the pages at the next page boundary, whose offset it returns.
std::uint64_t AppendBitmapAndPages(Bytes& file, const PhysicalMemory& memory, std::uint64_t at, std::uint64_t bits) {
  std::vector<std::uint8_t> bitmap((bits + 7) / 8);
  for (const auto& [pfn, page] : memory.pages())
    if (pfn < bits) bitmap[pfn / 8] = static_cast<std::uint8_t>(bitmap[pfn / 8] | 1 << pfn % 8);
  file.Resize(at).Append(bitmap.data(), bitmap.size());
  const std::uint64_t first_page = (file.size() + 4095) / 4096 * 4096;
  file.Resize(first_page);
  for (const auto& [pfn, page] : memory.pages())
    if (pfn < bits) file.Append(page.data(), page.size());
  return first_page;
}

std::uint64_t Stored(const PhysicalMemory& memory, std::uint64_t bits) {
  std::uint64_t stored = 0;
  for (const auto& [pfn, page] : memory.pages()) stored += pfn < bits ? 1 : 0;
  return stored;
}

Bytes Summary(Bytes file, std::uint64_t block, std::uint64_t bitmap, const PhysicalMemory& memory, std::uint64_t bits) {
  const std::uint64_t first_page = AppendBitmapAndPages(file, memory, block + bitmap, bits);
  file.Text(block, "SDMPDUMP").U32(block + 0x08, 1).U32(block + 0x0C, first_page);
  file.U32(block + 0x10, bits).U32(block + 0x14, Stored(memory, bits)).U32(block + 0x18, bits);
  return file;
}

Bytes Bitmap(Bytes file, std::uint64_t block, const PhysicalMemory& memory, std::uint64_t bits,
             std::string_view magic) {
  const std::uint64_t first_page = AppendBitmapAndPages(file, memory, block + 0x38, bits);
  file.Text(block, magic).Text(block + 4, "DUMP");
  file.U64(block + 0x20, first_page).U64(block + 0x28, Stored(memory, bits)).U64(block + 0x30, bits);
  return file;
}

/// Appends at the next multiple of 16 and returns the offset.
std::uint64_t AppendAligned(Bytes& file, const std::vector<std::uint8_t>& part) {
  const std::uint64_t offset = (file.size() + 15) / 16 * 16;
  file.Resize(offset).Append(part.data(), part.size());
  return offset;
}

/// The parts both widths keep at the same offsets: drivers, strings, unloaded drivers, end mark. Call it last.
void FinishTriage(Bytes& file, std::uint64_t block, std::uint32_t drivers, std::uint64_t driver_stride) {
  file.U32(block + 0x30, AppendAligned(file, std::vector<std::uint8_t>(drivers * driver_stride, 0xD0)));
  file.U32(block + 0x34, drivers);
  file.U32(block + 0x38, AppendAligned(file, std::vector<std::uint8_t>(64, 0x55))).U32(block + 0x3C, 64);
  file.U32(block + 0x18, AppendAligned(file, std::vector<std::uint8_t>(8)));
  const std::uint64_t end = (file.size() + 15) / 16 * 16;
  file.Text(end, "TRGD").U32(block + 0x04, end + 4).U32(block + 0x08, end);
}

}  // namespace

Bytes& Bytes::Put(std::uint64_t offset, std::uint64_t value, int size) {
  if (bytes_.size() < offset + static_cast<std::uint64_t>(size))
    bytes_.resize(offset + static_cast<std::uint64_t>(size));
  for (int i = 0; i < size; ++i)
    bytes_[offset + static_cast<std::uint64_t>(i)] = static_cast<std::uint8_t>(value >> 8 * i);
  return *this;
}

Bytes& Bytes::Text(std::uint64_t offset, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) U8(offset + i, static_cast<std::uint8_t>(text[i]));
  return *this;
}

Bytes& Bytes::Append(const std::uint8_t* data, std::size_t size) {
  bytes_.insert(bytes_.end(), data, data + size);
  return *this;
}

Bytes& Bytes::Resize(std::uint64_t size) {
  bytes_.resize(size);
  return *this;
}

Bytes Header64(const TestHeader& header) {
  Bytes file = Filled(0x2000);
  file.Text(0, "PAGEDU64").U32(0x08, 15).U32(0x0C, header.build).U64(0x10, header.table_base);
  file.U64(0x20, 0xFFFFF80002800E50).U32(0x30, 0x8664).U32(0x34, 2).U32(0x38, 0x19);
  file.U64(0x40, 0x20).U64(0x48, 0xFFFFFA8001234000).U64(0x50, 0xFFFFFA8001234050).U64(0x58, 0x4050002);
  file.U64(0x80, 0xFFFFF800027E50A0).U32(0xF98, header.type);
  return file;
}

Bytes Header32(const TestHeader& header) {
  Bytes file = Filled(0x1000);
  file.Text(0, "PAGEDUMP").U32(0x08, 15).U32(0x0C, header.build).U32(0x10, header.table_base);
  file.U32(0x18, 0x8055A620).U32(0x20, 0x14C).U32(0x24, 1).U32(0x28, 0x19);
  file.U32(0x2C, 0x20).U32(0x30, 0x81234000).U32(0x34, 0x81234050).U32(0x38, 0x0A0A0001);
  file.U8(0x5C, header.pae ? 1 : 0).U32(0x60, 0x80545CE0).U32(0xF88, header.type);
  return file;
}

Bytes FullDump64(const PhysicalMemory& memory, const std::vector<TestRun>& runs, TestHeader header) {
  header.type = 1;
  Bytes file = Header64(header);
  std::uint64_t pages = 0, at = 0x98;
  for (const TestRun& run : runs) {
    file.U64(at, run.first).U64(at + 8, run.count);
    at += 16;
    pages += run.count;
  }
  file.U32(0x88, runs.size()).U64(0x90, pages);
  AppendPages(file, memory, runs);
  return file;
}

Bytes FullDump32(const PhysicalMemory& memory, const std::vector<TestRun>& runs, TestHeader header) {
  header.type = 1;
  Bytes file = Header32(header);
  std::uint64_t pages = 0, at = 0x6C;
  for (const TestRun& run : runs) {
    file.U32(at, run.first).U32(at + 4, run.count);
    at += 8;
    pages += run.count;
  }
  file.U32(0x64, runs.size()).U32(0x68, pages);
  AppendPages(file, memory, runs);
  return file;
}

std::vector<TestRun> RunsOf(const PhysicalMemory& memory) {
  std::vector<TestRun> runs;
  for (const auto& [pfn, page] : memory.pages()) {
    if (runs.empty() || runs.back().first + runs.back().count != pfn) runs.push_back({pfn, 0});
    ++runs.back().count;
  }
  return runs;
}

Bytes SummaryDump64(const PhysicalMemory& memory, std::uint64_t bits, TestHeader header) {
  header.type = 2;
  return Summary(Header64(header), 0x2000, 0x28, memory, bits);
}

Bytes SummaryDump32(const PhysicalMemory& memory, std::uint64_t bits, TestHeader header) {
  header.type = 2;
  return Summary(Header32(header), 0x1000, 0x20, memory, bits);
}

Bytes BitmapDump64(const PhysicalMemory& memory, std::uint64_t bits, std::string_view magic, TestHeader header) {
  return Bitmap(Header64(header), 0x2000, memory, bits, magic);
}

Bytes BitmapDump32(const PhysicalMemory& memory, std::uint64_t bits, std::string_view magic, TestHeader header) {
  return Bitmap(Header32(header), 0x1000, memory, bits, magic);
}

Bytes RawImage(const PhysicalMemory& memory) {
  Bytes file;
  for (const auto& [pfn, page] : memory.pages()) file.Resize(pfn * 4096).Append(page.data(), page.size());
  return file;
}

Bytes TriageDump64(const TestTriage& triage) {
  constexpr std::uint64_t kBlock = 0x2000;
  Bytes file = Header64({4});
  file.U64(0x80, triage.debugger_data_address).Resize(kBlock + 0x80);
  file.U32(kBlock + 0x28, AppendAligned(file, triage.stack.bytes)).U32(kBlock + 0x2C, triage.stack.bytes.size());
  file.U64(kBlock + 0x48, triage.stack.address).U64(kBlock + 0x60, triage.data_page.address);
  file.U32(kBlock + 0x68, AppendAligned(file, triage.data_page.bytes))
      .U32(kBlock + 0x6C, triage.data_page.bytes.size());
  file.U32(kBlock + 0x70, AppendAligned(file, triage.debugger_data)).U32(kBlock + 0x74, triage.debugger_data.size());
  std::vector<std::uint64_t> offsets;
  for (const TestRange& range : triage.blocks) offsets.push_back(AppendAligned(file, range.bytes));
  const std::uint64_t list = AppendAligned(file, std::vector<std::uint8_t>(triage.blocks.size() * 16));
  file.U32(kBlock + 0x78, list).U32(kBlock + 0x7C, triage.blocks.size());
  for (std::size_t i = 0; i < triage.blocks.size(); ++i)
    file.U64(list + i * 16, triage.blocks[i].address)
        .U32(list + i * 16 + 8, offsets[i])
        .U32(list + i * 16 + 12, triage.blocks[i].bytes.size());
  FinishTriage(file, kBlock, triage.drivers, 0x90);
  return file;
}

Bytes TriageDump32(const TestTriage& triage, std::uint64_t block_stride) {
  constexpr std::uint64_t kBlock = 0x1000;
  Bytes file = Header32({4});
  file.U32(0x60, triage.debugger_data_address).Resize(kBlock + 0x68);
  file.U32(kBlock + 0x28, AppendAligned(file, triage.stack.bytes)).U32(kBlock + 0x2C, triage.stack.bytes.size());
  file.U32(kBlock + 0x48, triage.stack.address).U32(kBlock + 0x4C, triage.data_page.address);
  file.U32(kBlock + 0x50, AppendAligned(file, triage.data_page.bytes))
      .U32(kBlock + 0x54, triage.data_page.bytes.size());
  file.U32(kBlock + 0x58, AppendAligned(file, triage.debugger_data)).U32(kBlock + 0x5C, triage.debugger_data.size());
  std::vector<std::uint64_t> offsets;
  for (const TestRange& range : triage.blocks) offsets.push_back(AppendAligned(file, range.bytes));
  const std::uint64_t list = AppendAligned(file, std::vector<std::uint8_t>(triage.blocks.size() * block_stride));
  file.U32(kBlock + 0x60, list).U32(kBlock + 0x64, triage.blocks.size());
  const std::uint64_t offset_place = block_stride == 16 ? 8 : 4;
  for (std::size_t i = 0; i < triage.blocks.size(); ++i)
    file.U32(list + i * block_stride, triage.blocks[i].address)
        .U32(list + i * block_stride + offset_place, offsets[i])
        .U32(list + i * block_stride + offset_place + 4, triage.blocks[i].bytes.size());
  FinishTriage(file, kBlock, triage.drivers, 0x4C);
  return file;
}

}  // namespace poolblame::testing
