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
  if (h.kind != FaultKind::kOverrun || !h.block || scene.spots.front().kind == SpotKind::kNamed) return;
  const std::uint32_t length = h.write_end - h.write_begin;
  const Bytes right = Bytes(scene.bytes).subspan(h.write_begin);
  const auto text =
      FindCrossingText(PayloadOf(scene, *h.block), right.first(std::min<std::size_t>(right.size(), kWindow)));
  if (!text) return;
  const std::uint32_t character = text->utf16 ? 2 : 1;
  const std::uint32_t covered = (text->right_characters + (text->terminated ? 1 : 0)) * character;
  if (covered < length) return;
  votes.push_back({Weight::kContinuesText, std::min(kMostStrength, text->right_characters / kCharactersOfOneVote),
                   scene.AddressOf(h.write_begin),
                   std::string(text->utf16 ? "UTF-16" : "ASCII") +
                       " text of this block goes on over the boundary for " + std::to_string(text->right_characters) +
                       " characters"});
}

}  // namespace poolblame
