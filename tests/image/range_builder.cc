#include "tests/image/range_builder.h"

namespace poolblame::testing {

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

}  // namespace poolblame::testing
