// C1, C3, C4: slack. A linear overrun has to fill the block first; a block whose end is untouched did not overrun, and
// one whose end is written where all its siblings' ends are not, may well have.
// Looks the same: full blocks are common, and old bytes of a former owner fill the slack too.
#include <algorithm>
#include <string>

#include "heuristics/content.h"
#include "heuristics/siblings.h"
#include "heuristics/signals/signals.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kUntouchedTail = 12;  // zeros at the end: more than the rounding of any request
constexpr std::uint32_t kWrittenTail = 2;

bool DamageIsZero(const Scene& scene, const Hypothesis& h) {
  return std::all_of(scene.bytes.begin() + h.write_begin, scene.bytes.begin() + h.write_end,
                     [](std::uint8_t b) { return b == 0; });
}

/// All same-size siblings (four or more) end with at least `kUntouchedTail` zeros.
bool SiblingsEndUntouched(const Scene& scene, std::size_t block) {
  constexpr std::size_t kFewest = 4;
  const std::vector<Sibling> siblings = SameSizeSiblings(scene, block);
  return siblings.size() >= kFewest && std::all_of(siblings.begin(), siblings.end(), [](const Sibling& s) {
           return TrailingZeros(s.payload) >= kUntouchedTail;
         });
}

/// Every other block of the tag is bigger than this one.
bool IsSmallestOfItsTag(const Scene& scene, const SceneBlock& block) {
  constexpr std::uint64_t kFewest = 4;  // other blocks, of any size
  const auto tag = block.tag();
  if (!tag || TagDatabase::IsGeneric(tag->name())) return false;
  const TagStatistics* others = scene.census->Tag(tag->name());
  if (others == nullptr || others->allocated < kFewest || others->sizes.empty()) return false;
  return others->sizes.begin()->first > block.pool_size();
}

}  // namespace

void VoteSizes(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (h.kind != FaultKind::kOverrun || !h.block || !scene.shows_damage()) return;
  const SceneBlock& block = scene.blocks[*h.block];
  const Bytes payload = PayloadOf(scene, *h.block);
  if (block.block == nullptr || payload.empty()) return;
  const std::uint32_t zeros = TrailingZeros(payload);
  const std::uint64_t at = scene.AddressOf(block.end);
  if (zeros >= std::min<std::size_t>(kUntouchedTail, payload.size()) && !DamageIsZero(scene, h)) {
    votes.push_back({Weight::kTailUntouched, 1, at,
                     "the last " + std::to_string(zeros) + " bytes of this block are zero: nothing was written there"});
    return;
  }
  if (zeros > kWrittenTail) return;
  if (IsSmallestOfItsTag(scene, block))
    votes.push_back({Weight::kSmallestOfItsTag, 1, at,
                     "this block is the smallest of its tag and written to its last byte: it may have been asked for "
                     "too small"});
  if (SiblingsEndUntouched(scene, *h.block))
    votes.push_back({Weight::kTailWrittenUnlikeSiblings, 1, at,
                     "this block is written to its last byte; other blocks of this tag and size are not"});
  else
    votes.push_back({Weight::kFilledToTheEnd, 1, at, "this block is written to its last byte"});
}

}  // namespace poolblame
