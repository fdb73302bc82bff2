// What a dump header says about the crash.
#pragma once

#include <array>
#include <cstdint>

namespace poolblame::samples {

/// Bug check code and its four parameters. 0x161 is LIVE_SYSTEM_DUMP: nobody crashed.
struct BugCheckFacts {
  std::uint32_t code = 0x161;
  std::array<std::uint64_t, 4> parameters{};
};

}  // namespace poolblame::samples
