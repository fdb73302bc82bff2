// A partial result of `correlate`: the facts of the dumps that it read, one JSON line a crash, to be merged with
// others.
#pragma once

#include <string>

#include "cli/json_reading.h"
#include "heuristics/fleet.h"

namespace poolblame::cli {

inline constexpr const char* kFleetStateSchema = "poolblame.correlate-state/1";

/// Ascending by identity: the same fleet, the same bytes.
std::string FleetStateLines(const Fleet& fleet);

/// One line. Fails with kCorrupt where it is none of ours.
Result<FleetEntry> ReadFleetState(const ReadJson& line);

}  // namespace poolblame::cli
