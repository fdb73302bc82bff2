// How often the printed length and origin of a write are right: of overruns and underruns whose culprit is named first
// and by its virtual address, since the ranges are said of that block's write.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/evaluation/outcome.h"

namespace poolblame::evaluation {

/// Printed ranges against true places.
struct RangeCount {
  std::uint64_t total = 0, inside = 0;
  std::vector<std::uint64_t> widths;  // bytes between the ends
  void Add(std::uint64_t earliest, std::uint64_t latest, std::uint64_t truth);
  /// 0 without any.
  [[nodiscard]] std::uint64_t MedianWidth() const;
};

struct ExtentCount {
  RangeCount starts, ends;
  std::uint64_t unknown_starts = 0;  // printed as before what the image has
};

class Extents {
 public:
  void Add(const Outcome& outcome);
  /// Empty where no write was measured.
  [[nodiscard]] std::string Table() const;

  [[nodiscard]] const ExtentCount& Row(const std::string& name) const { return rows_.at(name); }
  [[nodiscard]] std::uint64_t strides_right() const { return strides_right_; }
  [[nodiscard]] std::uint64_t strides_wrong() const { return strides_wrong_; }

 private:
  void AddRanges(const Outcome& outcome, const WriteExtent& write);
  void AddDetails(const Outcome& outcome, const WriteExtent& write);

  std::map<std::string, ExtentCount> rows_;
  std::uint64_t records_ = 0, strides_right_ = 0, strides_wrong_ = 0;
  std::uint64_t others_ = 0, strides_of_others_ = 0;
  std::uint64_t slacks_ = 0, slacks_right_ = 0;
};

}  // namespace poolblame::evaluation
