// LiME: each run of RAM behind a header of 32 bytes (LiME's doc/README).
#include <ostream>

#include "samples/container.h"

namespace poolblame::samples {
namespace {

Bytes RangeHeader(const char* magic, std::uint32_t version, std::uint64_t start, std::uint64_t length) {
  Bytes header(0x20, 0);
  PutText(header, 0x00, magic);
  Put32(header, 0x04, version);
  Put64(header, 0x08, start);
  Put64(header, 0x10, start + length - 1);
  return header;
}

void Append(std::ostream& out, const std::uint8_t* bytes, std::size_t size) {
  out.write(reinterpret_cast<const char*>(bytes), static_cast<std::streamsize>(size));
}

}  // namespace

void WriteLime(const Snapshot& snapshot, std::ostream& out) {
  FrameReader reader(snapshot);
  for (const PhysicalRun& run : snapshot.machine.memory().runs()) {
    const Bytes header = RangeHeader("EMiL", 1, run.base_pfn * kPage, run.pages * kPage);
    Append(out, header.data(), header.size());
    for (std::uint64_t pfn = run.base_pfn; pfn < run.base_pfn + run.pages; ++pfn) Append(out, reader.Read(pfn), kPage);
  }
}

}  // namespace poolblame::samples
