// Simulated fleets: dumps of many machines with a truth that is common to them, each made by the sample builder, judged
// by the reader and handed on as the report's JSON, as a user's script would do it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "heuristics/fleet.h"
#include "pooltag/tag_database.h"

namespace poolblame::evaluation {

enum class FleetKind {
  kCulprit,      // one tag's blocks are overrun by few bytes without a content that tells, in every dump
  kMixed,        // the same in every second dump on average; the others are independent faults
  kIndependent,  // faults of all kinds, each by whoever it hits
  kMemory,       // one machine, one bit of one physical page
};

struct FleetTruth {
  FleetKind kind = FleetKind::kCulprit;
  std::string tag;  // of kCulprit
};

/// One dump of a fleet, as `correlate` gets it.
struct DrawnDump {
  std::string recipe;
  FleetEntry entry;
  bool insufficient = false;  // the word of the dump's own report; else "suspect"
};

struct DrawnFleet {
  FleetTruth truth;
  std::vector<DrawnDump> dumps;
  std::uint32_t drawn = 0;  // images that were made for them
};

/// Fleet `index` of `seed`, the same on every machine. Of kCulprit and kMixed only dumps are kept that do not settle
/// the matter alone: not "strong", and no suspect above 0.9. Of all kinds only dumps with damage; fewer than `dumps`
/// where too many images had none.
DrawnFleet DrawFleet(FleetKind kind, std::uint64_t seed, std::uint64_t index, std::size_t dumps,
                     const TagDatabase& tags);

}  // namespace poolblame::evaluation
