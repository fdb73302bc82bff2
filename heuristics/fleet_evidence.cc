#include "heuristics/fleet_evidence.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "heuristics/correlate.h"

namespace poolblame {
namespace {

using namespace correlate;

/// Suspects' probabilities without what the tags' fame added: it is one fact, however many dumps there are.
std::vector<double> Shares(const FleetIncident& incident) {
  std::vector<double> shares;
  double sum = 0;
  for (const FleetSuspect& suspect : incident.suspects) {
    shares.push_back(suspect.probability * std::exp(-suspect.ownership / 100.0));
    sum += shares.back();
  }
  for (double& share : shares) share = sum > 0 ? share / sum : 0;
  return shares;
}

/// Victims whose neighbours the same start-up would make the same.
using VictimPlace = std::pair<std::uint64_t, bool>;
VictimPlace PlaceOf(const FleetVictim& victim) {
  return victim.tag ? VictimPlace{victim.tag->value, true} : VictimPlace{victim.size, false};
}

/// How much likelier a place is under bad memory than by chance; the first one says nothing.
double RecurrenceOf(const std::optional<std::uint64_t>& place, std::set<std::uint64_t>& seen, double same,
                    double other) {
  if (!place) return 1;
  const bool first = seen.empty();
  const bool is_new = seen.insert(*place).second;
  return first ? 1 : is_new ? other : same;
}

/// Logarithm of how much better a Chinese restaurant process explains the values than independent draws do. `shares`
/// has for each value how often it is drawn, by chance, once a repetition.
double LogRepetition(const std::map<std::vector<std::int64_t>, std::pair<std::size_t, double>>& values) {
  double log = 0;
  std::size_t seen = 0;
  for (const auto& [value, of] : values) {
    const auto& [count, share] = of;
    for (std::size_t i = 0; i < count; ++i, ++seen) {
      const double again = i == 0 ? kConcentration * share : static_cast<double>(i) + kConcentration * share;
      log += std::log(again / (static_cast<double>(seen) + kConcentration) / share);
    }
  }
  // That nothing is constant is as likely under guilt.
  return std::min(std::log(0.5 + 0.5 * std::exp(log)), std::log(kMostPattern));
}

double SizeShare(const FleetSuspect& suspect) {
  if (suspect.blocks == 0) return 1;
  return std::max(kLeastSizeShare, static_cast<double>(suspect.same_size) / suspect.blocks);
}

/// The first bytes written, where they say anything.
std::optional<std::vector<std::int64_t>> TellingBytes(const FleetIncident& incident) {
  constexpr std::size_t kEnough = 4;
  if (incident.bytes.size() < kEnough) return std::nullopt;
  const std::vector<std::int64_t> first(incident.bytes.begin(), incident.bytes.begin() + kEnough);
  if (std::all_of(first.begin(), first.end(), [&](std::int64_t b) { return b == first[0]; })) return std::nullopt;
  return first;
}

}  // namespace

/// How often a candidate was seen below each sort of victim.
class FleetEvidence::Placement {
 public:
  /// The chance of seeing it once more: what was a neighbour once is likelier to be one again.
  [[nodiscard]] double Again(const FleetIncident& incident, double base) const {
    const auto found = seen_.find(PlaceOf(incident.victim));
    const double seen = found == seen_.end() ? 0 : found->second;
    const double places = incident.random_places ? kRandomPlaces : kSequentialPlaces;
    return (places * base + seen) / (places + seen);
  }
  void See(const FleetIncident& incident) { ++seen_[PlaceOf(incident.victim)]; }

 private:
  std::map<VictimPlace, double> seen_;
};

FleetEvidence::FleetEvidence(const Fleet& fleet) {
  for (const auto& item : fleet.entries()) {
    const FleetDump& dump = item.second.dump;
    tags_ = std::max<std::uint64_t>(tags_, dump.tags);
    if (dump.incidents.empty()) continue;
    damaged_.push_back(&item);
    for (const FleetIncident& incident : dump.incidents) {
      std::set<PoolTag> counted;
      for (const FleetSuspect& suspect : incident.suspects) {
        if (suspect.role != SuspectRole::kBlock || !counted.insert(suspect.tag).second) continue;
        FleetCounts& counts = counts_[suspect.tag];
        const std::size_t index = damaged_.size() - 1;
        if (counts.dumps.empty() || counts.dumps.back() != index) counts.dumps.push_back(index);
        counts.below += static_cast<double>(suspect.neighbours.below);
        counts.same += static_cast<double>(suspect.neighbours.below_same);
        counts.pairs += static_cast<double>(incident.pairs);
      }
    }
  }
  tags_ = std::max<std::uint64_t>({tags_, counts_.size(), 1});
}

std::vector<PoolTag> FleetEvidence::Suspected() const {
  std::vector<PoolTag> tags;
  for (const auto& [tag, counts] : counts_) tags.push_back(tag);
  return tags;
}

std::vector<std::size_t> FleetEvidence::DumpsWith(const std::vector<PoolTag>& tags) const {
  std::vector<std::size_t> dumps;
  for (const PoolTag tag : tags) {
    const std::vector<std::size_t>& own = counts_.at(tag).dumps;
    dumps.insert(dumps.end(), own.begin(), own.end());
  }
  std::sort(dumps.begin(), dumps.end());
  dumps.erase(std::unique(dumps.begin(), dumps.end()), dumps.end());
  return dumps;
}

std::vector<std::uint64_t> FleetEvidence::Machines() const {
  std::set<std::uint64_t> machines;
  for (const auto* item : damaged_)
    if (const auto& machine = item->second.dump.machine_fingerprint) machines.insert(*machine);
  return {machines.begin(), machines.end()};
}

double FleetEvidence::UsualShare(PoolTag tag) const {
  const FleetCounts& fleet = counts_.at(tag);
  const double even = 1.0 / static_cast<double>(tags_);
  return (fleet.below - fleet.same + kFleetPairs * even) / (fleet.pairs + kFleetPairs);
}

double FleetEvidence::BaseRate(const FleetIncident& incident, const FleetSuspect& suspect) const {
  const FleetCounts& fleet = counts_.at(suspect.tag);
  const auto below = static_cast<double>(suspect.neighbours.below);
  const auto same = static_cast<double>(suspect.neighbours.below_same);
  const auto pairs = static_cast<double>(incident.pairs);
  // It was hit, and some tags' blocks are looked at more often than others'.
  if (suspect.is_victim) return kVictimMargin * (below + kFleetPairs * UsualShare(suspect.tag)) / (pairs + kFleetPairs);
  // Where blocks of one tag come in bursts, that one of them stands below another says nothing.
  if (incident.victim.tag == suspect.tag) {
    const double usual = (fleet.same + 1) / (fleet.below + 2);
    return kBaseMargin * (same + kFleetPairs * usual) / (below + kFleetPairs);
  }
  const double others = std::max(pairs - static_cast<double>(incident.pairs_same), below - same);
  return kBaseMargin * (below - same + kFleetPairs * UsualShare(suspect.tag)) / (others + kFleetPairs);
}

/// What one incident says of the candidate that has `tags`.
FleetEvidence::IncidentEvidence FleetEvidence::OfTags(const FleetIncident& incident, const std::vector<PoolTag>& tags,
                                                      const Placement& placement) const {
  const std::vector<double> shares = Shares(incident);
  IncidentEvidence evidence;
  double largest = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const FleetSuspect& suspect = incident.suspects[i];
    if (suspect.role != SuspectRole::kBlock || !std::binary_search(tags.begin(), tags.end(), suspect.tag)) continue;
    double base = BaseRate(incident, suspect);
    for (const PoolTag tag : tags)
      if (tag != suspect.tag) base += kBaseMargin * UsualShare(tag);
    evidence.ratio += shares[i] / placement.Again(incident, std::min(1.0, base));
    if (shares[i] > largest) evidence.suspect = &suspect;
    largest = std::max(largest, shares[i]);
  }
  return evidence;
}

std::vector<DumpEvidence> FleetEvidence::ForTags(const std::vector<PoolTag>& tags, double presence) const {
  std::vector<DumpEvidence> all;
  Placement placement;
  for (const std::size_t index : DumpsWith(tags)) {
    const auto* item = damaged_[index];
    const std::vector<FleetIncident>& incidents = item->second.dump.incidents;
    DumpEvidence evidence{&item->first, &item->second, 0, nullptr, nullptr};
    double best = 0;
    for (const FleetIncident& incident : incidents) {
      const IncidentEvidence own = OfTags(incident, tags, placement);
      evidence.ratio += presence * own.ratio / static_cast<double>(incidents.size());
      if (own.ratio <= best) continue;
      best = own.ratio;
      evidence.incident = &incident;
      evidence.suspect = own.suspect;
    }
    evidence.ratio = std::min(evidence.ratio, kMostRatio);
    if (evidence.ratio >= kBehind) placement.See(*evidence.incident);
    all.push_back(evidence);
  }
  return all;
}

std::vector<DumpEvidence> FleetEvidence::ForMachine(std::uint64_t machine) const {
  std::vector<DumpEvidence> all;
  std::set<std::uint64_t> pages, columns;
  for (const auto* item : damaged_) {
    const FleetDump& dump = item->second.dump;
    if (dump.machine_fingerprint != machine) continue;
    DumpEvidence evidence{&item->first, &item->second, 0, nullptr, nullptr};
    for (const FleetIncident& incident : dump.incidents) {
      const std::vector<double> shares = Shares(incident);
      double share = 0;
      for (std::size_t i = 0; i < shares.size(); ++i)
        if (incident.suspects[i].role == SuspectRole::kHardware) share += shares[i];
      if (share == 0) continue;
      const double where = RecurrenceOf(incident.page, pages, kSamePage, kOtherPage) *
                           RecurrenceOf(incident.column, columns, kSameColumn, kOtherColumn);
      evidence.ratio += share / kHardwareShare * where / static_cast<double>(dump.incidents.size());
      evidence.incident = &incident;
    }
    evidence.ratio = std::min(evidence.ratio, kMostRatio);
    all.push_back(evidence);
  }
  return all;
}

double LogLikelihood(const std::vector<DumpEvidence>& evidence, std::size_t others) {
  std::vector<double> logs;
  for (const double share : kShares) {
    double log = static_cast<double>(others) * std::log(1 - share);
    for (const DumpEvidence& dump : evidence) log += std::log(1 - share + share * dump.ratio);
    logs.push_back(log);
  }
  const double most = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double log : logs) sum += std::exp(log - most);
  return most + std::log(sum / static_cast<double>(logs.size()));
}

double LogPatterns(const std::vector<DumpEvidence>& behind) {
  std::map<std::vector<std::int64_t>, std::pair<std::size_t, double>> distances, bytes;
  for (const DumpEvidence& dump : behind) {
    if (dump.suspect == nullptr) continue;
    if (dump.suspect->distance && !dump.suspect->is_victim) {
      auto& [count, share] = distances[{*dump.suspect->distance}];
      ++count;
      share = std::max(share, SizeShare(*dump.suspect));
    }
    if (const auto telling = TellingBytes(*dump.incident)) {
      auto& [count, share] = bytes[*telling];
      ++count;
      share = kBytesShare;
    }
  }
  return LogRepetition(distances) + LogRepetition(bytes);
}

std::optional<std::size_t> ConstantDistance(const std::vector<DumpEvidence>& behind) {
  std::map<std::int64_t, std::size_t> distances;
  for (const DumpEvidence& dump : behind)
    if (dump.suspect != nullptr && dump.suspect->distance) ++distances[*dump.suspect->distance];
  std::size_t most = 0;
  for (const auto& [distance, count] : distances) most = std::max(most, count);
  if (most < 2) return std::nullopt;
  return most;
}

}  // namespace poolblame
