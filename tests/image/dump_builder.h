// Crash dumps and raw images for the tests of parser/image, byte by byte. Offsets are typed by hand from the published
// layouts and not taken from parser/format.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/image/memory_builder.h"

namespace poolblame::testing {

/// A file under construction: little-endian numbers at absolute offsets; the file grows as needed.
class Bytes {
 public:
  Bytes& U8(std::uint64_t offset, std::uint64_t value) { return Put(offset, value, 1); }
  Bytes& U32(std::uint64_t offset, std::uint64_t value) { return Put(offset, value, 4); }
  Bytes& U64(std::uint64_t offset, std::uint64_t value) { return Put(offset, value, 8); }
  Bytes& Text(std::uint64_t offset, std::string_view text);
  Bytes& Append(const std::uint8_t* data, std::size_t size);
  Bytes& Resize(std::uint64_t size);
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] const std::vector<std::uint8_t>& vector() const { return bytes_; }

 private:
  Bytes& Put(std::uint64_t offset, std::uint64_t value, int size);

  std::vector<std::uint8_t> bytes_;
};

struct TestRun {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

/// Header fields that the tests vary.
struct TestHeader {
  std::uint32_t type = 1;
  std::uint64_t table_base = 0x1AB000;
  bool pae = false;  // x86 only
  std::uint32_t build = 7601;
};

/// `PAGEDU64` and `PAGEDUMP` headers whose untouched fields hold the fill pattern, as the kernel leaves them.
Bytes Header64(const TestHeader& header);
Bytes Header32(const TestHeader& header);

/// Type 1 with these runs, in this order; pages that `memory` lacks are zeros.
Bytes FullDump64(const PhysicalMemory& memory, const std::vector<TestRun>& runs, TestHeader header = {});
Bytes FullDump32(const PhysicalMemory& memory, const std::vector<TestRun>& runs, TestHeader header = {});
/// One run a stretch of pages that `memory` has.
std::vector<TestRun> RunsOf(const PhysicalMemory& memory);

/// Type 2; the bitmap has `bits` bits.
Bytes SummaryDump64(const PhysicalMemory& memory, std::uint64_t bits, TestHeader header = {});
Bytes SummaryDump32(const PhysicalMemory& memory, std::uint64_t bits, TestHeader header = {});
/// Types 5, 6 and 7 with `FDMP` or `SDMP`; header.type says which.
Bytes BitmapDump64(const PhysicalMemory& memory, std::uint64_t bits, std::string_view magic, TestHeader header);
Bytes BitmapDump32(const PhysicalMemory& memory, std::uint64_t bits, std::string_view magic, TestHeader header);

/// File offset = physical address, up to the highest page.
Bytes RawImage(const PhysicalMemory& memory);

struct TestRange {
  std::uint64_t address = 0;
  std::vector<std::uint8_t> bytes;
};

/// Type 4. `block_stride` is that of the x86 data blocks, on which sources disagree.
struct TestTriage {
  std::vector<TestRange> blocks;
  TestRange stack;
  TestRange data_page;
  std::vector<std::uint8_t> debugger_data;
  std::uint64_t debugger_data_address = 0;
  std::uint32_t drivers = 2;
};
Bytes TriageDump64(const TestTriage& triage);
Bytes TriageDump32(const TestTriage& triage, std::uint64_t block_stride);

}  // namespace poolblame::testing
