// What would stand behind a boundary if the bytes before it went on as they are: the last of them again and again, and
// where they are records with a counter, its next values.
#pragma once

#include <cstdint>
#include <vector>

#include "heuristics/content.h"

namespace poolblame {

class Foretold {
 public:
  /// `left` must hold `lag` bytes; counters are seen where it holds three records. `mirrored`: both sides stand in
  /// reverse, so that the bytes in front of a boundary can be asked for.
  Foretold(Bytes left, std::uint32_t lag, bool mirrored = false);
  /// The byte `i` behind the boundary. Cost: the counters of one record.
  [[nodiscard]] std::uint8_t operator[](std::size_t i) const;

 private:
  /// A dword of the record that differs by the same step from one record to the next.
  struct Counter {
    std::uint32_t at, last, step;
  };
  [[nodiscard]] std::uint32_t ShiftOf(std::size_t byte) const;
  [[nodiscard]] std::uint32_t ValueAt(Bytes dword) const;

  Bytes period_;
  bool mirrored_;
  std::vector<Counter> counters_;
};

}  // namespace poolblame
