// The files that `correlate` is given: a report a line, whole documents of several lines, partial results, mixed. A
// line that cannot be read is told and left out; the others count.
#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include "heuristics/fleet.h"

namespace poolblame::cli {

struct UnreadableLine {
  std::string file;
  std::uint64_t line = 0;  // where the document begins, from 1
  std::string what;
};

struct FleetInput {
  Fleet fleet;
  std::vector<UnreadableLine> unreadable;  // at most kMaxUnreadable are kept
  std::uint64_t unreadable_count = 0;
  std::uint64_t read = 0;  // documents

  static constexpr std::size_t kMaxUnreadable = 16;

  /// Reads to the end; `file` is what a complaint calls it.
  void ReadAll(std::istream& in, const std::string& file);

 private:
  void Take(const std::string& text, const std::string& file, std::uint64_t line);
  void Refuse(const std::string& file, std::uint64_t line, std::string what);
};

}  // namespace poolblame::cli
