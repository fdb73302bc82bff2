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

}  // namespace poolblame::testing
