#include "heuristics/correlate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "heuristics/fleet_evidence.h"
#include "heuristics/owner.h"
#include "parser/base/ascii.h"

namespace poolblame {
namespace {

using namespace correlate;

/// One thing that may be common to the fleet, before it is put in words.
struct CommonCause {
  CandidateRole role = CandidateRole::kTag;
  std::vector<PoolTag> tags;  // ascending
  Owner owner;
  std::uint64_t machine = 0;
  double prior = 0, log_odds = 0, probability = 0;
  std::vector<DumpEvidence> behind;
};

std::vector<DumpEvidence> Behind(const std::vector<DumpEvidence>& evidence) {
  std::vector<DumpEvidence> behind;
  for (const DumpEvidence& dump : evidence)
    if (dump.ratio >= kBehind) behind.push_back(dump);
  return behind;
}

/// Owners of the suspected tags: by the tables, where modules decide those that are loaded in every damaged dump with
/// the tag; else as the reports themselves say, where they agree.
class Owners {
 public:
  Owners(const FleetEvidence& evidence, const TagDatabase& tags) {
    for (const PoolTag tag : evidence.Suspected()) Learn(tag, evidence, tags);
  }
  [[nodiscard]] const Owner& Of(PoolTag tag) const { return owners_.at(tag); }

 private:
  void Learn(PoolTag tag, const FleetEvidence& evidence, const TagDatabase& tags) {
    std::map<std::string, std::size_t> loaded;
    std::set<std::string> named;
    std::size_t dumps = 0;
    for (const std::size_t index : evidence.DumpsWith({tag})) {
      const FleetDump& dump = evidence.damaged()[index]->second.dump;
      for (const FleetIncident& incident : dump.incidents)
        for (const FleetSuspect& suspect : incident.suspects)
          if (suspect.tag == tag && !suspect.driver.empty()) named.insert(suspect.driver);
      if (dump.modules.empty()) continue;
      ++dumps;
      for (const std::string& module : dump.modules) ++loaded[module];
    }
    System system;
    for (const auto& [module, count] : loaded)
      if (count == dumps) system.modules.push_back({module, "", {}, 0, 0, false});
    Owner& owner = owners_[tag] = OwnerOf(tag, tags, system);
    if (owner.driver.empty() && named.size() == 1 && !TagDatabase::IsGeneric(tag))
      owner = {*named.begin(), "", "reports"};
  }

  std::map<PoolTag, Owner> owners_;
};

/// What it says that a driver was loaded in a dump with damage: against how often it is in clean ones.
class LoadedDrivers {
 public:
  explicit LoadedDrivers(const Fleet& fleet) {
    for (const auto& [identity, entry] : fleet.entries()) {
      if (entry.dump.verdict != Verdict::kClean || entry.dump.modules.empty()) continue;
      ++clean_;
      for (const std::string& module : entry.dump.modules) ++loaded_[module];
    }
  }
  [[nodiscard]] double PresenceOf(const std::string& driver) const {
    if (driver.empty()) return 1;
    const auto found = loaded_.find(Lower(driver));
    const double loaded = found == loaded_.end() ? 0 : found->second;
    return std::min(kMostPresence, (clean_ + 1) / (loaded + 1));
  }

 private:
  double clean_ = 0;
  std::map<std::string, double> loaded_;
};

CommonCause OfTags(CandidateRole role, std::vector<PoolTag> tags, const Owner& owner, const FleetEvidence& evidence,
                   const LoadedDrivers& loaded) {
  CommonCause h;
  h.role = role;
  h.tags = std::move(tags);
  h.owner = owner;
  h.prior = 1 / (kPriorDivisor * static_cast<double>(evidence.tags()));
  const std::vector<DumpEvidence> dumps = evidence.ForTags(h.tags, loaded.PresenceOf(owner.driver));
  h.behind = Behind(dumps);
  h.log_odds = LogLikelihood(dumps, evidence.damaged().size() - dumps.size()) + LogPatterns(h.behind);
  return h;
}

std::vector<CommonCause> EnumerateCauses(const FleetEvidence& evidence, const Owners& owners,
                                         const LoadedDrivers& loaded) {
  std::vector<CommonCause> all;
  std::map<std::string, std::vector<PoolTag>> drivers;
  for (const PoolTag tag : evidence.Suspected()) {
    const Owner& owner = owners.Of(tag);
    if (!owner.driver.empty()) drivers[Lower(owner.driver)].push_back(tag);
    all.push_back(OfTags(CandidateRole::kTag, {tag}, owner, evidence, loaded));
  }
  // A driver may overrun blocks of several tags by the same mistake.
  for (const auto& [driver, tags] : drivers)
    if (tags.size() > 1) all.push_back(OfTags(CandidateRole::kDriver, tags, owners.Of(tags.front()), evidence, loaded));
  const std::vector<std::uint64_t> machines = evidence.Machines();
  for (const std::uint64_t machine : machines) {
    CommonCause h;
    h.role = CandidateRole::kHardware;
    h.machine = machine;
    h.prior = std::min(kHardwarePrior, 1 / (kPriorDivisor * static_cast<double>(machines.size())));
    const std::vector<DumpEvidence> dumps = evidence.ForMachine(machine);
    h.behind = Behind(dumps);
    h.log_odds = LogLikelihood(dumps, 0);
    all.push_back(std::move(h));
  }
  return all;
}

/// Fills the probabilities; returns that of "nothing is common". Priors may add up to more than 1 where drivers are
/// among the hypotheses: it is their ratio to "nothing" that counts.
double Normalise(std::vector<CommonCause>& all) {
  constexpr double kNobodyPrior = 0.5;
  double most = 0, sum = 0;
  for (const CommonCause& h : all) most = std::max(most, h.log_odds);
  for (CommonCause& h : all) sum += h.probability = h.prior * std::exp(h.log_odds - most);
  const double nobody = kNobodyPrior * std::exp(-most);
  for (CommonCause& h : all) h.probability /= sum + nobody;
  return nobody / (sum + nobody);
}

/// Dumps as good as those there are, until the candidate is told; nothing where they speak against it.
std::optional<std::uint64_t> MoreDumps(const Candidate& candidate, std::size_t damaged) {
  constexpr double kMost = 1000;
  const std::size_t lacking = kFewestDumps - std::min(kFewestDumps, candidate.dumps.size());
  if (candidate.probability >= kAccuse) return lacking;
  const double gain = candidate.log_odds / static_cast<double>(std::max<std::size_t>(damaged, 1));
  const double p = candidate.probability;
  const double wanted = std::log(kAccuse / (1 - kAccuse)) - std::log(p / (1 - p));
  if (p <= 0 || gain <= 0 || wanted > gain * kMost) return std::nullopt;
  return std::max<std::uint64_t>(lacking, static_cast<std::uint64_t>(std::ceil(wanted / gain)));
}

std::vector<DumpBehind> DumpsOf(const std::vector<DumpEvidence>& behind) {
  std::vector<DumpBehind> dumps;
  for (const DumpEvidence& dump : behind)
    dumps.push_back({*dump.identity, dump.entry->paths.empty() ? "" : *dump.entry->paths.begin(), dump.ratio});
  return dumps;
}

/// Adds a hypothesis to the candidate it speaks of; the dumps are those of the most probable one.
void AddTo(Candidate& candidate, const CommonCause& h) {
  const bool first = candidate.probability == 0 || h.log_odds > candidate.log_odds;
  candidate.probability += h.probability;
  if (h.role == CandidateRole::kTag) candidate.tags.push_back({h.tags.front(), h.probability, h.behind.size()});
  if (!first) return;
  candidate.log_odds = h.log_odds;
  candidate.dumps = DumpsOf(h.behind);
  candidate.constant_distance = ConstantDistance(h.behind);
  std::set<std::uint64_t> machines;
  std::set<PoolTag> victims;
  for (const DumpEvidence& dump : h.behind) {
    if (const auto& machine = dump.entry->dump.machine_fingerprint) machines.insert(*machine);
    if (dump.incident != nullptr && dump.incident->victim.tag) victims.insert(*dump.incident->victim.tag);
  }
  candidate.machines = machines.size();
  candidate.victims = victims.size();
}

std::string NameOf(const CommonCause& h) {
  if (h.role == CandidateRole::kHardware) return "machine " + std::to_string(h.machine);
  return h.owner.driver.empty() ? "tag " + h.tags.front().hex() : "driver " + Lower(h.owner.driver);
}

std::vector<Candidate> CandidatesOf(const std::vector<CommonCause>& all, std::size_t damaged) {
  std::map<std::string, Candidate> by_name;
  for (const CommonCause& h : all) {
    Candidate& candidate = by_name[NameOf(h)];
    candidate.owner = h.owner;
    candidate.machine = h.machine;
    candidate.role = h.role == CandidateRole::kTag && !h.owner.driver.empty() ? CandidateRole::kDriver : h.role;
    AddTo(candidate, h);
  }
  std::vector<Candidate> candidates;
  for (auto& [name, candidate] : by_name) {
    std::stable_sort(candidate.tags.begin(), candidate.tags.end(),
                     [](const CandidateTag& a, const CandidateTag& b) { return a.probability > b.probability; });
    candidate.more_dumps = MoreDumps(candidate, damaged);
    candidates.push_back(std::move(candidate));
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.probability > b.probability; });
  return candidates;
}

void CountDumps(const Fleet& fleet, Ranking& ranking) {
  std::set<std::uint64_t> machines;
  for (const auto& [identity, entry] : fleet.entries()) {
    const FleetDump& dump = entry.dump;
    ranking.reports += entry.reports;
    ++ranking.dumps;
    if (!dump.incidents.empty())
      ++ranking.damaged;
    else
      ++(dump.verdict == Verdict::kClean ? ranking.clean : ranking.inconclusive);
    if (dump.machine_fingerprint) machines.insert(*dump.machine_fingerprint);
  }
  ranking.machines = machines.size();
}

FleetVerdict VerdictOf(const Ranking& ranking) {
  if (ranking.damaged == 0)
    return ranking.clean > 0 && ranking.inconclusive == 0 ? FleetVerdict::kNobody : FleetVerdict::kUndecided;
  if (!ranking.candidates.empty()) {
    const Candidate& first = ranking.candidates.front();
    if (first.probability >= kAccuse && first.dumps.size() >= kFewestDumps)
      return first.role == CandidateRole::kHardware ? FleetVerdict::kHardware : FleetVerdict::kCulprit;
  }
  if (ranking.damaged >= kDumpsToTell && ranking.nobody >= kNobody) return FleetVerdict::kNobody;
  return FleetVerdict::kUndecided;
}

}  // namespace

const char* FleetVerdictName(FleetVerdict verdict) {
  switch (verdict) {
    case FleetVerdict::kCulprit:
      return "culprit";
    case FleetVerdict::kHardware:
      return "hardware";
    case FleetVerdict::kNobody:
      return "nobody";
    case FleetVerdict::kUndecided:
      break;
  }
  return "undecided";
}

Ranking Correlate(const Fleet& fleet, const TagDatabase& tags) {
  Ranking ranking;
  CountDumps(fleet, ranking);
  const FleetEvidence evidence(fleet);
  ranking.tags = evidence.tags();
  std::vector<CommonCause> all = EnumerateCauses(evidence, Owners(evidence, tags), LoadedDrivers(fleet));
  ranking.nobody = Normalise(all);
  ranking.candidates = CandidatesOf(all, evidence.damaged().size());
  ranking.verdict = VerdictOf(ranking);
  return ranking;
}

}  // namespace poolblame
