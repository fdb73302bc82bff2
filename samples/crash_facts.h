// What a dump header says about the crash.
#pragma once

#include <array>
#include <cstdint>

namespace poolblame::samples {

inline constexpr std::uint32_t kNobodysCrash = 0xE2;     // MANUALLY_INITIATED_CRASH: somebody pressed the keys
inline constexpr std::uint32_t kLiveSystemDump = 0x161;  // LIVE_SYSTEM_DUMP: nothing crashed

/// Bug check code and its four parameters.
struct BugCheckFacts {
  std::uint32_t code = kNobodysCrash;
  std::array<std::uint64_t, 4> parameters{};
};

}  // namespace poolblame::samples
