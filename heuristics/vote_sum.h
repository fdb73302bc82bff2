// How votes make a sum: the one place that groups and caps them, for the ranking and for its explanation alike.
#pragma once

#include <vector>

#include "heuristics/hypothesis.h"
#include "heuristics/report.h"

namespace poolblame {

/// What one vote brings into the sum.
struct VoteShare {
  VoteStanding standing = VoteStanding::kShadowed;
  double log_odds = 0;
};

struct VoteSum {
  double total = 0;
  std::vector<VoteShare> shares;  // one for each vote; they add up to the total
};

/// Inside a group the best and the worst vote count (correlated signals must not add up), the groups add, ownership is
/// capped.
VoteSum SumVotes(const std::vector<Vote>& votes);

/// Of a vote by itself: its row's log-odds times its strength.
double LogOddsOf(const Vote& vote);

}  // namespace poolblame
