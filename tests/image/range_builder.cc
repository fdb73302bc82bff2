#include "tests/image/range_builder.h"

namespace poolblame::testing {
namespace {

/// CRC-32C as RFC 3720 defines it, masked as snappy's framing format says.
std::uint32_t SnappyChecksum(const std::vector<std::uint8_t>& content) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const std::uint8_t byte : content) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc % 2 == 1 ? 0x82F63B78 : 0);
  }
  crc = ~crc;
  return (crc >> 15 | crc << 17) + 0xA282EAD8;
}

std::vector<std::uint8_t> Chunk(std::uint8_t type, const std::vector<std::uint8_t>& data,
                                const std::vector<std::uint8_t>& content) {
  Bytes chunk;
  chunk.U32(0, (data.size() + 4) << 8 | type).U32(4, SnappyChecksum(content));
  return chunk.Append(data.data(), data.size()).vector();
}

/// A page as a snappy block of one literal: 4096 as a varint, then a literal whose length stands in two bytes.
std::vector<std::uint8_t> LiteralBlock(const std::vector<std::uint8_t>& page) {
  std::vector<std::uint8_t> block = {0x80, 0x20, 61 << 2, 0xFF, 0x0F};
  block.insert(block.end(), page.begin(), page.end());
  return block;
}

}  // namespace

std::vector<std::uint8_t> PagesOf(const PhysicalMemory& memory, const TestRun& run) {
  std::vector<std::uint8_t> bytes;
  for (std::uint64_t pfn = run.first; pfn < run.first + run.count; ++pfn) {
    const auto page = memory.pages().find(pfn);
    const TestPage content = page == memory.pages().end() ? TestPage{} : page->second;
    bytes.insert(bytes.end(), content.begin(), content.end());
  }
  return bytes;
}

void AppendLimeRange(Bytes& file, std::uint64_t start, const std::vector<std::uint8_t>& content) {
  const std::uint64_t at = file.size();
  file.Text(at, "EMiL").U32(at + 0x04, 1).U64(at + 0x08, start);
  file.U64(at + 0x10, start + content.size() - 1).U64(at + 0x18, 0);
  file.Append(content.data(), content.size());
}

Bytes LimeImage(const PhysicalMemory& memory, const std::vector<TestRun>& runs) {
  Bytes file;
  for (const TestRun& run : runs) AppendLimeRange(file, run.first * 4096, PagesOf(memory, run));
  return file;
}

std::vector<std::uint8_t> PlainChunk(const std::vector<std::uint8_t>& content) { return Chunk(1, content, content); }

std::vector<std::uint8_t> PackedChunk(const std::vector<std::uint8_t>& packed,
                                      const std::vector<std::uint8_t>& content) {
  return Chunk(0, packed, content);
}

void AppendAvmlRange(Bytes& file, std::uint64_t start, std::uint64_t size, const std::vector<std::uint8_t>& chunks) {
  const std::uint64_t at = file.size();
  file.Text(at, "AVML").U32(at + 0x04, 2).U64(at + 0x08, start).U64(at + 0x10, start + size - 1).U64(at + 0x18, 0);
  file.U32(at + 0x20, 0x6FF).Text(at + 0x24, "sNaPpY").Append(chunks.data(), chunks.size());
  file.U64(file.size(), 10 + chunks.size());
}

Bytes AvmlImage(const PhysicalMemory& memory, const std::vector<TestRun>& runs) {
  Bytes file;
  for (const TestRun& run : runs) {
    std::vector<std::uint8_t> chunks;
    for (std::uint64_t i = 0; i < run.count; ++i) {
      const std::vector<std::uint8_t> page = PagesOf(memory, {run.first + i, 1});
      const std::vector<std::uint8_t> chunk = i % 2 == 0 ? PlainChunk(page) : PackedChunk(LiteralBlock(page), page);
      chunks.insert(chunks.end(), chunk.begin(), chunk.end());
    }
    AppendAvmlRange(file, run.first * 4096, run.count * 4096, chunks);
  }
  return file;
}

std::uint64_t ProgramHeaderAt(std::size_t index, bool wide) { return wide ? 0x40 + index * 0x38 : 0x34 + index * 0x20; }

Bytes ElfCore(const std::vector<TestSegment>& segments, bool wide) {
  Bytes file;
  file.Text(0,
            "\x7F"
            "ELF")
      .U8(4, wide ? 2 : 1)
      .U8(5, 1)
      .U8(6, 1)
      .U8(0x10, 4)
      .U8(0x12, wide ? 62 : 3)
      .U32(0x14, 1);
  file.U32(wide ? 0x20 : 0x1C, ProgramHeaderAt(0, wide)).U8(wide ? 0x36 : 0x2A, wide ? 0x38 : 0x20);
  file.U8(wide ? 0x38 : 0x2C, segments.size());
  file.Resize(ProgramHeaderAt(segments.size(), wide));
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const TestSegment& segment = segments[i];
    const std::uint64_t at = ProgramHeaderAt(i, wide), size = segment.content.size();
    file.U32(at, segment.type);
    if (wide)
      file.U64(at + 8, file.size())
          .U64(at + 0x10, segment.virtual_address)
          .U64(at + 0x18, segment.physical)
          .U64(at + 0x20, size)
          .U64(at + 0x28, size);
    else
      file.U32(at + 4, file.size())
          .U32(at + 8, segment.virtual_address)
          .U32(at + 0x0C, segment.physical)
          .U32(at + 0x10, size)
          .U32(at + 0x14, size);
    file.Append(segment.content.data(), segment.content.size());
  }
  return file;
}

std::vector<std::uint8_t> ElfNoteBytes(const std::string& name, const std::vector<std::uint8_t>& descriptor) {
  Bytes note;
  note.U32(0, name.size() + 1).U32(4, descriptor.size()).U32(8, 0).Text(12, name);
  note.Resize(12 + (name.size() + 4) / 4 * 4).Append(descriptor.data(), descriptor.size());
  return note.Resize((note.size() + 3) / 4 * 4).vector();
}

std::vector<TestSegment> SegmentsOf(const PhysicalMemory& memory) {
  std::vector<TestSegment> segments;
  for (const TestRun& run : RunsOf(memory)) segments.push_back({run.first * 4096, PagesOf(memory, run)});
  return segments;
}

}  // namespace poolblame::testing
