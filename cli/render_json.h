// The report for machines: REPORT.md's document, key for key. Everything that is not ASCII is escaped, so that the
// document is also safe to look at in a terminal.
#pragma once

#include <string>

#include "cli/analysis.h"
#include "cli/explain.h"

namespace poolblame::cli {

enum class JsonForm { kIndented, kOneLine };

/// "poolblame.report/1", with a line end; incidents of `explain` have their `explanation`. Same facts, same bytes.
std::string RenderReportJson(const ImageReport& facts, JsonForm form, const ExplainChoice& explain = {});

/// "poolblame.info/1": the report's image, bugcheck and coverage, and the modules.
std::string RenderInfoJson(const ImageReport& facts, JsonForm form);

}  // namespace poolblame::cli
