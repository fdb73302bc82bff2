#include "parser/pool/heap_keys.h"

namespace poolblame {
std::optional<KeyVote> KeyBallot::Winner() const {
  std::optional<KeyVote> best;
  for (const auto& [key, votes] : counts_) {
    if (!best) {
      best = KeyVote{key, votes, 0};
    } else if (votes > best->votes) {
      best = KeyVote{key, votes, best->votes};
    } else if (votes > best->second) {
      best->second = votes;
    }
  }
  return best;
}

std::optional<KeyVote> VoteForHeapKey(const std::vector<PageSegment>& segments, const SegmentHeapLayout& layout) {
  KeyBallot ballot;
  for (const PageSegment& segment : segments)
    if (segment.context)
      ballot.Vote(segment.signature ^ segment.address.value ^ segment.context->value ^ layout.segment_signature);
  return ballot.Winner();
}

}  // namespace poolblame
