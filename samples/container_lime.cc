// LiME (its doc/README) and AVML version 2 (src/image.rs of microsoft/avml): runs of RAM, each behind a header of 32
// bytes.
#include <algorithm>
#include <ostream>

#include "samples/container.h"
#include "samples/snappy_writer.h"

namespace poolblame::samples {
namespace {

Bytes RangeHeader(const char* magic, std::uint32_t version, const PhysicalRun& run) {
  Bytes header(0x20, 0);
  PutText(header, 0x00, magic);
  Put32(header, 0x04, version);
  Put64(header, 0x08, run.base_pfn * kPage);
  Put64(header, 0x10, (run.base_pfn + run.pages) * kPage - 1);
  return header;
}

void Append(std::ostream& out, const std::uint8_t* bytes, std::size_t size) {
  out.write(reinterpret_cast<const char*>(bytes), static_cast<std::streamsize>(size));
}

/// AVML's blocks are of 16 MiB at most, and those of zeros only are left out.
void WriteAvmlBlock(FrameReader& reader, const PhysicalRun& block, std::ostream& out) {
  Bytes plain;
  for (std::uint64_t pfn = block.base_pfn; pfn < block.base_pfn + block.pages; ++pfn) {
    const std::uint8_t* const page = reader.Read(pfn);
    plain.insert(plain.end(), page, page + kPage);
  }
  if (std::all_of(plain.begin(), plain.end(), [](std::uint8_t byte) { return byte == 0; })) return;
  const Bytes header = RangeHeader("AVML", 2, block);
  const Bytes stream = SnappyStream(plain);
  Bytes length(8, 0);  // of the stream
  Put64(length, 0, stream.size());
  Append(out, header.data(), header.size());
  Append(out, stream.data(), stream.size());
  Append(out, length.data(), length.size());
}

}  // namespace

void WriteLime(const Snapshot& snapshot, std::ostream& out) {
  FrameReader reader(snapshot);
  for (const PhysicalRun& run : snapshot.machine.memory().runs()) {
    const Bytes header = RangeHeader("EMiL", 1, run);
    Append(out, header.data(), header.size());
    reader.Write(run, out);
  }
}

void WriteAvml(const Snapshot& snapshot, std::ostream& out) {
  constexpr std::uint64_t kBlockPages = 0x1000;
  FrameReader reader(snapshot);
  for (const PhysicalRun& run : snapshot.machine.memory().runs()) {
    if (run.idle) continue;
    for (std::uint64_t done = 0; done < run.pages; done += kBlockPages)
      WriteAvmlBlock(reader, {run.base_pfn + done, std::min(kBlockPages, run.pages - done)}, out);
  }
}

}  // namespace poolblame::samples
