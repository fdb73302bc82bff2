// Reads back what `analyze --format json` wrote, as far as a ranking over many dumps needs it. The file may be
// anything: what is missing is taken for not known, and every list has a cap.
#pragma once

#include "cli/json_reading.h"
#include "heuristics/fleet.h"

namespace poolblame::cli {

inline constexpr const char* kReportSchema = "poolblame.report/1";

/// Fails with kCorrupt, naming the part that no report of ours would lack.
Result<FleetEntry> ReadReport(const ReadJson& report);

}  // namespace poolblame::cli
