#include "heuristics/vote_sum.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace poolblame {
namespace {

/// The votes of one group that count, by index.
struct Extremes {
  double best = 0, worst = 0;
  std::optional<std::size_t> best_vote, worst_vote;
  void Add(double value, std::size_t vote) {
    if (value > best) {
      best = value;
      best_vote = vote;
    }
    if (value < worst) {
      worst = value;
      worst_vote = vote;
    }
  }
};

/// Takes what is above the cap from the vote that carries the group there.
double Cap(Extremes& group, VoteSum& sum) {
  const double whole = group.best + group.worst, capped = std::clamp(whole, -kOwnershipCap, kOwnershipCap);
  if (capped == whole) return whole;
  VoteShare& share = sum.shares[whole > 0 ? *group.best_vote : *group.worst_vote];
  share.standing = VoteStanding::kCapped;
  share.log_odds -= whole - capped;
  return capped;
}

}  // namespace

double LogOddsOf(const Vote& vote) { return WeightOf(vote.weight).log_odds * vote.strength; }

VoteSum SumVotes(const std::vector<Vote>& votes) {
  constexpr std::size_t kGroups = static_cast<std::size_t>(SignalGroup::kCrash) + 1;
  std::array<Extremes, kGroups> groups{};
  VoteSum sum;
  for (std::size_t i = 0; i < votes.size(); ++i) {
    const double value = LogOddsOf(votes[i]);
    groups[static_cast<std::size_t>(WeightOf(votes[i].weight).group)].Add(value, i);
    sum.shares.push_back({value == 0 ? VoteStanding::kCounts : VoteStanding::kShadowed, 0});
  }
  for (std::size_t g = 0; g < kGroups; ++g) {
    Extremes& group = groups[g];
    if (group.best_vote) sum.shares[*group.best_vote] = {VoteStanding::kCounts, group.best};
    if (group.worst_vote) sum.shares[*group.worst_vote] = {VoteStanding::kCounts, group.worst};
    const bool has_cap = g == static_cast<std::size_t>(SignalGroup::kOwnership);
    sum.total += has_cap ? Cap(group, sum) : group.best + group.worst;
  }
  return sum;
}

}  // namespace poolblame
