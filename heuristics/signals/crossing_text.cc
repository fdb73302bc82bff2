// B2: text without a terminator crosses the boundary: a string that was copied without looking at the buffer's size.
// Looks the same: the victim's sizes and tag are printable by chance; so text has to cover all of the damage.
#include <algorithm>
#include <string>

#include "heuristics/content.h"
#include "heuristics/siblings.h"
#include "heuristics/signals/signals.h"

namespace poolblame {

void VoteCrossingText(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  constexpr double kCharactersOfOneVote = 4, kMostStrength = 2;
  constexpr std::uint32_t kWindow = 256;
  const auto crossing = CrossingOf(scene, h);
  if (!crossing) return;
  const std::uint32_t length = crossing->end - crossing->boundary;
  const Bytes right = Bytes(scene.bytes).subspan(crossing->boundary);
  const auto text =
      FindCrossingText(PayloadOf(scene, crossing->block), right.first(std::min<std::size_t>(right.size(), kWindow)));
  if (!text) return;
  const std::uint32_t character = text->utf16 ? 2 : 1;
  const std::uint32_t covered = (text->right_characters + (text->terminated ? 1 : 0)) * character;
  if (covered < length) return;
  votes.push_back({Weight::kContinuesText, std::min(kMostStrength, text->right_characters / kCharactersOfOneVote),
                   scene.AddressOf(crossing->boundary),
                   std::string(text->utf16 ? "UTF-16" : "ASCII") + " text of " +
                       (h.kind == FaultKind::kOverrun ? "this block" : "the block before") +
                       " goes on over the boundary for " + std::to_string(text->right_characters) + " characters"});
}

}  // namespace poolblame
