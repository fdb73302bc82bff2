// The two keys of one boot under which the segment heap hides its sizes, taken from the image itself. Every page
// segment states HeapKey XORed with what is known of it; every LFH subsegment states LfhKey XORed with sizes that its
// blocks show. They all have to agree, so they vote, and a smashed header is outvoted.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "parser/pool/page_segment.h"

namespace poolblame {

/// The winner of a vote: how many named it, and how many named the second.
struct KeyVote {
  std::uint64_t key = 0;
  std::uint64_t votes = 0, second = 0;
  [[nodiscard]] std::uint64_t margin() const { return votes - second; }
};

/// Votes of unequal weight are not needed: each structure names one candidate, or a few that only the true one shares
/// with others.
class KeyBallot {
 public:
  void Vote(std::uint64_t key) { ++counts_[key]; }
  /// The key with most votes, of several the smallest; nothing without votes.
  [[nodiscard]] std::optional<KeyVote> Winner() const;

 private:
  std::map<std::uint64_t, std::uint64_t> counts_;
};

/// HeapKey by the segments' signatures.
std::optional<KeyVote> VoteForHeapKey(const std::vector<PageSegment>& segments, const SegmentHeapLayout& layout);

}  // namespace poolblame
