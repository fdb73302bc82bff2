// The report for a person at 3 am: the first line is the answer, then why, then the picture, then what to do next.
#pragma once

#include <cstddef>
#include <string>

#include "cli/analysis.h"
#include "cli/explain.h"
#include "cli/style.h"

namespace poolblame::cli {

struct TextOptions {
  Palette palette{false};
  std::size_t columns = 100;
  std::size_t top = 3;   // suspects shown for each incident
  bool verbose = false;  // every incident in full, log-odds, all notes
  ExplainChoice explain;
};

/// The whole text, with a line end. Same facts and options, same bytes.
std::string RenderReportText(const ImageReport& facts, const TextOptions& options);

}  // namespace poolblame::cli
