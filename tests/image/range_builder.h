// Containers of physical ranges for the tests of parser/image, byte by byte: LiME, AVML, ELF cores. Offsets are typed
// by hand from the published layouts and not taken from parser/format.
#pragma once

#include "tests/image/dump_builder.h"

namespace poolblame::testing {

/// LiME with these runs, in this order; pages that `memory` lacks are zeros.
Bytes LimeImage(const PhysicalMemory& memory, const std::vector<TestRun>& runs);
/// Appends one LiME range of `content` that starts at `start`, which need not be a page's.
void AppendLimeRange(Bytes& file, std::uint64_t start, const std::vector<std::uint8_t>& content);

/// The pages of a run, one after the other; those that `memory` lacks are zeros.
std::vector<std::uint8_t> PagesOf(const PhysicalMemory& memory, const TestRun& run);

/// One AVML range whose snappy stream is the identifier and `chunks`, with its length behind it.
void AppendAvmlRange(Bytes& file, std::uint64_t start, std::uint64_t size, const std::vector<std::uint8_t>& chunks);
/// A snappy chunk that stores `content`, 65,536 bytes at most, as it is.
std::vector<std::uint8_t> PlainChunk(const std::vector<std::uint8_t>& content);
/// A snappy chunk of these packed bytes that unpack to `content`.
std::vector<std::uint8_t> PackedChunk(const std::vector<std::uint8_t>& packed,
                                      const std::vector<std::uint8_t>& content);
/// AVML with these runs, in chunks of a page, every second one packed.
Bytes AvmlImage(const PhysicalMemory& memory, const std::vector<TestRun>& runs);

/// A segment of an ELF core: PT_LOAD unless `type` says otherwise.
struct TestSegment {
  std::uint64_t physical = 0;
  std::vector<std::uint8_t> content;
  std::uint64_t virtual_address = 0;
  std::uint32_t type = 1;
};

/// Program headers at 0x40 (ELF64) or 0x34 (ELF32), contents behind them in the same order.
Bytes ElfCore(const std::vector<TestSegment>& segments, bool wide = true);
/// Where program header `index` of such a file lies.
std::uint64_t ProgramHeaderAt(std::size_t index, bool wide = true);
/// A note with this name and descriptor, for a segment of type 4.
std::vector<std::uint8_t> ElfNoteBytes(const std::string& name, const std::vector<std::uint8_t>& descriptor);
/// All stretches of `memory` as segments.
std::vector<TestSegment> SegmentsOf(const PhysicalMemory& memory);

}  // namespace poolblame::testing
