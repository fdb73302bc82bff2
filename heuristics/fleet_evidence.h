// What each dump of a fleet says for and against each tag and each machine, as likelihood ratios against "nothing is
// common to these dumps".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "heuristics/fleet.h"

namespace poolblame {

/// One dump's word on a candidate.
struct DumpEvidence {
  const std::string* identity = nullptr;
  const FleetEntry* entry = nullptr;
  double ratio = 0;  // against chance, at most kMostRatio; 0 where the candidate is no suspect at all
  // Of the incident that says most, where the candidate stands beside it:
  const FleetIncident* incident = nullptr;
  const FleetSuspect* suspect = nullptr;
};

/// All damaged dumps, and how often each tag is a neighbour over all of them.
class FleetEvidence {
 public:
  explicit FleetEvidence(const Fleet& fleet);

  [[nodiscard]] const std::vector<const std::pair<const std::string, FleetEntry>*>& damaged() const { return damaged_; }
  /// Tags that are a suspect's anywhere, ascending.
  [[nodiscard]] std::vector<PoolTag> Suspected() const;
  /// Different tags of the fleet's pools, as far as one dump can show them.
  [[nodiscard]] std::uint64_t tags() const { return tags_; }

  /// Damaged dumps with one of these tags among their suspects, as indices, ascending.
  [[nodiscard]] std::vector<std::size_t> DumpsWith(const std::vector<PoolTag>& tags) const;
  /// Of the tags of one candidate (a driver has several): one entry for each dump of DumpsWith, in order of identity.
  /// `presence` multiplies what a dump says: of the driver's being loaded.
  [[nodiscard]] std::vector<DumpEvidence> ForTags(const std::vector<PoolTag>& tags, double presence) const;
  /// Of bad memory in one machine: its dumps only.
  [[nodiscard]] std::vector<DumpEvidence> ForMachine(std::uint64_t machine) const;
  /// Machines with a damaged dump.
  [[nodiscard]] std::vector<std::uint64_t> Machines() const;

 private:
  struct FleetCounts {
    double below = 0, same = 0, pairs = 0;
    std::vector<std::size_t> dumps;  // with the tag among the suspects
  };
  struct IncidentEvidence {
    double ratio = 0;
    const FleetSuspect* suspect = nullptr;  // the one that says most
  };
  class Placement;
  /// How often the tag is a neighbour over the whole fleet.
  [[nodiscard]] double UsualShare(PoolTag tag) const;
  [[nodiscard]] IncidentEvidence OfTags(const FleetIncident& incident, const std::vector<PoolTag>& tags,
                                        const Placement& placement) const;
  /// How often the tag stands there by chance.
  [[nodiscard]] double BaseRate(const FleetIncident& incident, const FleetSuspect& suspect) const;

  std::vector<const std::pair<const std::string, FleetEntry>*> damaged_;
  std::map<PoolTag, FleetCounts> counts_;
  std::uint64_t tags_ = 0;
};

/// Log of how much better `evidence` is explained by the candidate than by chance, whatever its share of the dumps;
/// `others` are dumps in which it is no suspect at all.
double LogLikelihood(const std::vector<DumpEvidence>& evidence, std::size_t others);

/// The same of what is constant over the dumps that stand behind it: distance to the damage, bytes written.
double LogPatterns(const std::vector<DumpEvidence>& behind);

/// How many of them have the commonest distance; nothing where fewer than two have one.
std::optional<std::size_t> ConstantDistance(const std::vector<DumpEvidence>& behind);

}  // namespace poolblame
