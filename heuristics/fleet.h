// Many dumps as one set of facts: of each what a ranking over all of them needs, known by the crash it is of, so that
// the same crash reported twice is one. Sets are merged in any order and grouping with the same result.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "heuristics/report.h"
#include "parser/base/pool_tag.h"
#include "parser/pool/adjacency.h"

namespace poolblame {

/// One explanation of an incident. Probabilities are kept as the report rounds them, in parts of 10,000: whole numbers
/// are the same on every machine.
struct FleetSuspect {
  SuspectRole role = SuspectRole::kUnknown;
  std::uint32_t probability = 0;            // in 10,000
  std::int32_t ownership = 0;               // hundredths of log-odds that the tag's fame added to it
  bool is_victim = false;                   // the block that was hit did it itself
  PoolTag tag;                              // by name(); of a block
  std::string driver;                       // as the report names it; mostly empty
  NeighbourCounts neighbours;               // of the tag, in the incident's neighbourhood
  std::uint32_t blocks = 0, same_size = 0;  // healthy blocks of the tag, and those of this block's size
  std::optional<std::int64_t> distance;     // from this block's payload to the first bad byte
  friend auto operator<=>(const FleetSuspect& a, const FleetSuspect& b) = default;
};

struct FleetVictim {
  std::optional<PoolTag> tag;  // nothing where it was overwritten
  std::uint64_t size = 0;
  friend auto operator<=>(const FleetVictim&, const FleetVictim&) = default;
};

struct FleetIncident {
  std::uint64_t pairs = 0;       // of the neighbourhood: what the suspects' counts are parts of
  std::uint64_t pairs_same = 0;  // of these, of one tag
  bool random_places = false;    // slots, which the heap hands out in random order
  FleetVictim victim;
  std::vector<std::uint8_t> bytes;      // the first that are wrong, at most kMaxBytes
  std::optional<std::uint64_t> page;    // physical
  std::optional<std::uint64_t> column;  // bit of a 64-bit memory word, where a single bit is wrong
  std::vector<FleetSuspect> suspects;   // as the report ranks them, at most kMaxSuspects
  friend auto operator<=>(const FleetIncident&, const FleetIncident&) = default;

  static constexpr std::size_t kMaxBytes = 8;
  static constexpr std::size_t kMaxSuspects = 32;  // a report has hardly more than ten
};

/// What tells one crash from another, as far as the dump says it.
struct CrashIdentity {
  std::string machine;  // "x64"
  std::optional<std::uint32_t> build;
  std::optional<std::uint64_t> system_time, up_time;
  std::optional<std::uint32_t> code;
  std::vector<std::uint64_t> parameters;
  friend auto operator<=>(const CrashIdentity&, const CrashIdentity&) = default;
};

struct FleetDump {
  std::uint64_t pool_blocks = 0;  // of two reports of one crash the one that saw more speaks
  CrashIdentity crash;
  Verdict verdict = Verdict::kInconclusive;
  std::optional<std::uint64_t> machine_fingerprint;
  std::uint32_t tags = 0;                // different ones among its neighbours
  std::vector<std::string> modules;      // loaded, in small letters, ascending; empty where not known
  std::vector<FleetIncident> incidents;  // at most kMaxIncidents
  friend auto operator<=>(const FleetDump&, const FleetDump&) = default;

  static constexpr std::size_t kMaxIncidents = 16;  // one write leaves one or two
};

/// All reports of one crash.
struct FleetEntry {
  FleetDump dump;               // the best of them
  std::set<std::string> paths;  // of the images
  std::uint64_t reports = 1;    // how many there were
};

class Fleet {
 public:
  void Add(FleetDump dump, std::string path) { Add(FleetEntry{std::move(dump), {std::move(path)}, 1}); }
  void Add(FleetEntry entry);
  void Merge(Fleet other);
  /// By identity.
  [[nodiscard]] const std::map<std::string, FleetEntry>& entries() const { return entries_; }

 private:
  std::map<std::string, FleetEntry> entries_;
};

/// The crash that the dump is of: when and with what it ended, where the header says it; else all that was found.
std::string IdentityOf(const FleetDump& dump);

}  // namespace poolblame
