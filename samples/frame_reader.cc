// Frames that belong to nobody get the look of real memory: mostly zero, some code, text, noise, and now and then an
// old copy of a pool page that no address maps any more. They are invented when asked for, so a large image costs no
// memory.
#include <algorithm>
#include <ostream>

#include "samples/container.h"

namespace poolblame::samples {

void SkipZeros(std::uint64_t bytes, std::ostream& out) {
  if (bytes == 0) return;
  if (out.seekp(static_cast<std::streamoff>(bytes - 1), std::ios::cur)) {
    out.put('\0');  // a file ends with what was written last
    return;
  }
  out.clear();
  const Bytes zeros(kPage, 0);
  for (; bytes > 0; bytes -= std::min(bytes, kPage))
    out.write(reinterpret_cast<const char*>(zeros.data()), static_cast<std::streamsize>(std::min(bytes, kPage)));
}

FrameReader::FrameReader(const Snapshot& snapshot) : snapshot_(snapshot), buffer_(kPage) {
  for (const auto& pool : snapshot.machine.pools()) {
    for (const std::uint64_t page : pool->pages()) {
      if (page != (snapshot.truth.page & ~(kPage - 1))) pool_pages_.push_back(page);
    }
  }
}

bool FrameReader::Owned(std::uint64_t pfn) const { return snapshot_.machine.memory().Frame(pfn) != nullptr; }

const std::uint8_t* FrameReader::Read(std::uint64_t pfn) {
  if (const std::uint8_t* frame = snapshot_.machine.memory().Frame(pfn)) return frame;
  Invent(pfn);
  return buffer_.data();
}

void FrameReader::Write(const PhysicalRun& run, std::ostream& out) {
  if (run.idle) return SkipZeros(run.pages * kPage, out);
  for (std::uint64_t pfn = run.base_pfn; pfn < run.base_pfn + run.pages; ++pfn)
    out.write(reinterpret_cast<const char*>(Read(pfn)), static_cast<std::streamsize>(kPage));
}

void FrameReader::Invent(std::uint64_t pfn) {
  Random random(MixSeed(snapshot_.machine.recipe().seed, pfn ^ 0xF111E4));
  std::fill(buffer_.begin(), buffer_.end(), std::uint8_t{0});
  const std::uint64_t kind = random.Below(100);
  if (kind < 60) return;
  if (kind < 72) {  // code-like: a few opcodes with operands
    for (std::size_t at = 0; at + 4 <= kPage; at += 4) {
      const std::uint64_t draw = random.Next();
      Put32(buffer_, at,
            draw % 3 == 0   ? 0x24548B48
            : draw % 3 == 1 ? 0xFFFFFFE8
                            : static_cast<std::uint32_t>(draw >> 40));
    }
  } else if (kind < 84) {
    for (std::size_t at = 0; at < kPage; ++at) buffer_[at] = static_cast<std::uint8_t>(TextCharacter(pfn, at, false));
  } else if (kind < 94 && !pool_pages_.empty()) {
    const std::uint64_t page = pool_pages_[random.Below(pool_pages_.size())];
    std::copy_n(snapshot_.machine.memory().At(page), kPage, buffer_.begin());
  } else {
    for (std::size_t at = 0; at < 0x400; at += 8) Put64(buffer_, at, random.Next());
  }
}

}  // namespace poolblame::samples
