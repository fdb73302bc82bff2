// Which kind was told for which: true kind against the kind of the first incident, with what the tool itself says it is
// not sure of counted apart.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tests/evaluation/outcome.h"

namespace poolblame::evaluation {

struct ConfusionCell {
  std::uint64_t told = 0;          // reported as suspect or strong; in column "none": nothing was reported
  std::uint64_t insufficient = 0;  // reported, and the tool says that it is not sure
  [[nodiscard]] std::uint64_t all() const { return told + insufficient; }
};

/// How often the kind was right; an image without an incident is one where it was not.
struct KindCount {
  std::uint64_t images = 0, right = 0;
  std::uint64_t told = 0, told_right = 0;  // the same of reports that the tool stands by
};

class Confusion {
 public:
  using Row = std::map<std::string, ConfusionCell>;

  /// Of images that are clean or whose damage somebody could see; the caller leaves out the others.
  void Add(const Outcome& outcome);
  /// True kind, or "clean" -> kind of the first incident, or "none".
  [[nodiscard]] const std::map<std::string, Row>& rows() const { return rows_; }
  [[nodiscard]] ConfusionCell At(const std::string& truth, const std::string& told) const;
  /// By true kind; clean images have none.
  [[nodiscard]] const std::map<std::string, KindCount>& kinds() const { return kinds_; }
  [[nodiscard]] KindCount AllKinds() const;

 private:
  std::map<std::string, Row> rows_;
  std::map<std::string, KindCount> kinds_;
};

}  // namespace poolblame::evaluation
