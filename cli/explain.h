// The whole reasoning of chosen incidents, as text and as JSON: every hypothesis, every vote, the sum, and what the
// word of confidence took.
#pragma once

#include <cstdint>
#include <optional>

#include "cli/json_sections.h"
#include "cli/text_writer.h"
#include "heuristics/report.h"

namespace poolblame::cli {

/// Which incidents are explained.
struct ExplainChoice {
  bool wanted = false;
  std::optional<std::uint32_t> incident;  // nothing: all
  [[nodiscard]] bool Includes(const Incident& which) const { return wanted && (!incident || *incident == which.id); }
};

/// Sections under the incidents. The numbers of a hypothesis add up to its sum, digit by digit.
void WriteExplanations(TextWriter& out, const Report& report, const ExplainChoice& choice);

Json JsonExplanation(const Incident& incident);

}  // namespace poolblame::cli
