// Which tag keeps standing next to the victims? A Bayes update over many dumps in the manner of Exterminator's
// cumulative mode (Novark, Berger, Zorn, PLDI 2007): every tag may be the common culprit, every machine may have bad
// memory, or nothing is common at all. A neighbour that recurs counts only as far as the images' own healthy parts do
// not explain it.
//
// The ranking is a function of the set of dumps: they are gone through in the order of their identity, so neither the
// order nor the grouping in which they came changes a bit of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "heuristics/fleet.h"
#include "pooltag/tag_database.h"

namespace poolblame {

/// Every constant of the ranking, with where it comes from. Those that name no source are judgements, tried on fleets
/// of seeds 1000 and 1001 (tests/evaluation) and not fitted.
namespace correlate {
// Exterminator: a site is guilty with prior 1/(c*N), c = 4, and told from 0.95 on.
inline constexpr double kPriorDivisor = 4;
inline constexpr double kAccuse = 0.95;
// Nightingale et al., EuroSys 2011: one machine in 190 crashes by its processor within eight months.
inline constexpr double kHardwarePrior = 1.0 / 190;
// Signals across dumps need three of them: with two, a neighbour common to both is chance for some tag of sixty.
inline constexpr std::size_t kFewestDumps = 3;
// Half of the fleets with one culprit show it by four dumps, hardly any needs more than eight (poolblame_fleets): where
// that many show none, that nothing is common to them may be said by less.
inline constexpr std::size_t kDumpsToTell = 8;
inline constexpr double kNobody = 0.75;
// Part of the dumps that the common culprit answers for: not known, so each of these is as likely.
inline constexpr double kShares[] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
// One dump is never worth more than this, up: a probability is a judgement, and may be wrong for a reason that the next
// dump does not share.
inline constexpr double kMostRatio = 40;
// A tag's share of the neighbours is measured on what is healthy and may be this much larger where damage is noticed.
inline constexpr double kBaseMargin = 1.5;
inline constexpr double kVictimMargin = 3;  // of being hit: only damage that somebody checks for is reported
// Pairs that the fleet's own share of a tag stands for in an image that has few of them (a triage dump).
inline constexpr double kFleetPairs = 16;
// Placement: pairs after which a neighbour that was seen below this victim's tag before is no news. Blocks of any size
// are placed in sequence, so that the same start-up makes the same neighbours; slots are handed out at random.
inline constexpr double kSequentialPlaces = 4;
inline constexpr double kRandomPlaces = 64;
// A dump stands behind a candidate that explains it this much better than chance.
inline constexpr double kBehind = 2;
// Share of incidents that hardware answers for where nothing is known (the prior of one dump's own judgement).
inline constexpr double kHardwareShare = 0.05;
// Of bad memory: that a fault comes back in the same page, or the same column, against 1 in some hundred pages of a
// pool and 1 in 64 columns; a DIMM may as well fail in many places.
inline constexpr double kSamePage = 20, kOtherPage = 0.5;
inline constexpr double kSameColumn = 8, kOtherColumn = 0.3;
// A driver that was loaded in every damaged dump and in few clean ones: more is the mark of a vendor, not of guilt.
inline constexpr double kMostPresence = 5;
// Constant distance and common bytes: a new value comes as often as one seen before (concentration of a Chinese
// restaurant process), a size has at least this share of its tag, four bytes that are not all alike this one.
inline constexpr double kConcentration = 1;
inline constexpr double kLeastSizeShare = 0.05;
inline constexpr double kBytesShare = 1.0 / 64;
inline constexpr double kMostPattern = 20;
}  // namespace correlate

/// A dump that stands behind a candidate.
struct DumpBehind {
  std::string identity, path;  // the first of its paths
  double ratio = 1;            // how much better the candidate explains it than chance does
};

/// One tag of a candidate.
struct CandidateTag {
  PoolTag tag;
  double probability = 0;
  std::size_t dumps = 0;  // that stand behind it
};

enum class CandidateRole { kDriver, kTag, kHardware };

struct Candidate {
  CandidateRole role = CandidateRole::kTag;
  double probability = 0;
  Owner owner;                                   // of kDriver
  std::vector<CandidateTag> tags;                // most probable first; one where the owner is not known
  std::uint64_t machine = 0;                     // of kHardware
  std::vector<DumpBehind> dumps;                 // by identity
  std::size_t machines = 0;                      // different ones among them, as far as known
  std::size_t victims = 0;                       // different tags among their victims
  std::optional<std::size_t> constant_distance;  // dumps with the commonest distance to the damage
  double log_odds = 0;                           // of all dumps, without the prior
  std::optional<std::uint64_t> more_dumps;       // as good as these, until it is settled; 0 = it is, nothing = never
};

enum class FleetVerdict { kCulprit, kHardware, kNobody, kUndecided };
/// "culprit", "hardware", "nobody", "undecided".
const char* FleetVerdictName(FleetVerdict verdict);

struct Ranking {
  FleetVerdict verdict = FleetVerdict::kUndecided;
  std::uint64_t reports = 0, dumps = 0;  // dumps: each crash once
  std::uint64_t damaged = 0, clean = 0, inconclusive = 0;
  std::uint64_t machines = 0;         // that could be told apart
  std::uint64_t tags = 0;             // what the prior is shared among
  double nobody = 1;                  // probability that nothing is common
  std::vector<Candidate> candidates;  // most probable first
};

/// Ranks. Cost: dumps times tags that are ever suspected.
Ranking Correlate(const Fleet& fleet, const TagDatabase& tags);

}  // namespace poolblame
