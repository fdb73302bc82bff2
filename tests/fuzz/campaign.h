// Runs many hostile inputs in child processes, so that a crash, a hang or a hunger for memory is a number in a table
// and the rest of the inputs still run.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "parser/base/byte_view.h"

namespace poolblame::fuzz {

inline constexpr long kCpuSeconds = 1;    // what one input may take, sanitizers included
inline constexpr long kWallSeconds = 10;  // for an input that waits; generous, because machines are busy
/// What one input may hold beside itself. A healthy image of this size needs under 4 MiB.
inline constexpr std::uint64_t kMemoryLimit = std::uint64_t{64} << 20;

struct Campaign {
  std::string name;  // "full-x64 mutants"
  std::uint64_t count = 0;
  std::function<ByteView(std::uint64_t index)> input;  // bytes that depend on the index alone, until the next call
  std::function<void(ByteView)> exercise;              // one of exercise.h
};

struct Failure {
  std::uint64_t index = 0;
  std::string what;  // "signal 11", "more than 1 s", "held 123456789 bytes"
};

struct Outcome {
  std::uint64_t tried = 0;
  std::uint64_t slowest_input = 0;
  double slowest_seconds = 0;     // CPU time of the slowest input
  double total_seconds = 0;       // CPU time of all inputs that came to their end
  std::uint64_t peak_bytes = 0;   // most that one input held at once
  std::vector<Failure> failures;  // at most kMaxFailures; the campaign ends there
  static constexpr std::size_t kMaxFailures = 20;
};

/// Cost: one fork, plus one for each failure.
Outcome Run(const Campaign& campaign);

}  // namespace poolblame::fuzz
