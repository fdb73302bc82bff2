// B1, B4, A6: the bytes of the block's end go on over its boundary, in phase: a repeated byte, a dword pattern,
// records. Looks the same: a fill that covers a whole page (freed or verifier memory), zeros behind zeros; so zeros
// vote weakly.
#include <algorithm>
#include <string>

#include "heuristics/content.h"
#include "heuristics/siblings.h"
#include "heuristics/signals/signals.h"

namespace poolblame {
namespace {

constexpr double kNatsOfOneVote = 6;  // strength 1: five bytes of non-zero pattern behind the boundary
constexpr double kMostStrength = 3;
constexpr std::uint32_t kZerosOfOneVote = 8;
constexpr std::uint32_t kSimpleLag = 8;

std::string Describe(const Continuation& c, const std::string& block) {
  const std::string bytes = std::to_string(c.right_matched) + " of " + std::to_string(c.right_total);
  if (c.all_zero()) return bytes + " damaged bytes are zero, as are the last bytes of " + block;
  if (c.lag <= kSimpleLag)
    return bytes + " bytes over the boundary continue the " + std::to_string(c.lag) + "-byte pattern of the end of " +
           block;
  return bytes + " bytes over the boundary continue records of " + std::to_string(c.lag) + " bytes at the end of " +
         block;
}

/// What is known to be damaged and, where it goes on with the same pattern, what nothing vouches for behind it: a tag
/// that nobody has, and the last bytes of a header, which cannot be checked.
Bytes BytesThatMayBelong(const Scene& scene, const Crossing& crossing) {
  const Bytes all = Bytes(scene.bytes).subspan(crossing.boundary);
  const SceneBlock& last = scene.blocks[scene.spots.back().block];
  const std::uint32_t known = std::min(crossing.end - crossing.boundary, kMaxLag);
  const std::uint32_t tag_end = scene.run_fit == nullptr ? 0 : last.begin + last.tag_end() - crossing.boundary;
  for (const std::uint32_t end : {last.payload() - crossing.boundary, tag_end}) {
    if (end <= known || end > std::min<std::size_t>(kMaxLag, all.size())) continue;
    const Continuation c = FindContinuation(PayloadOf(scene, crossing.block), all.first(end));
    if (c.score > 0 && c.right_matched == c.right_total) return all.first(end);
  }
  return all.first(known);
}

/// The block's siblings hold records of this size, too: then it is the owner's array, and no chance likeness of two
/// blocks. A quarter of the bytes have to repeat and be more than zeros, in two siblings.
bool SiblingsHaveStride(const Scene& scene, std::size_t block, std::uint32_t lag) {
  constexpr std::size_t kFewestSiblings = 2, kFewestRecords = 3;
  std::size_t with_stride = 0;
  for (const Sibling& sibling : SiblingsOf(scene, block)) {
    if (sibling.payload.size() < kFewestRecords * lag) continue;
    std::size_t repeated = 0;
    for (std::size_t i = lag; i < sibling.payload.size(); ++i)
      if (sibling.payload[i] != 0 && sibling.payload[i] == sibling.payload[i - lag]) ++repeated;
    if (repeated * 4 >= sibling.payload.size() - lag && ++with_stride >= kFewestSiblings) return true;
  }
  return false;
}

}  // namespace

void VoteContentContinues(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  const auto crossing = CrossingOf(scene, h);
  if (!crossing) return;
  const Continuation c = FindContinuation(PayloadOf(scene, crossing->block), BytesThatMayBelong(scene, *crossing));
  if (c.score <= 0) return;
  const std::uint64_t at = scene.AddressOf(crossing->boundary);
  const std::string text = Describe(c, h.kind == FaultKind::kOverrun ? "this block" : "the block before");
  if (c.all_zero()) {
    const double strength = std::min(1.0, static_cast<double>(c.right_matched) / kZerosOfOneVote);
    votes.push_back({Weight::kContinuesZero, strength, at, text});
    return;
  }
  const Weight weight = c.lag <= kSimpleLag ? Weight::kContinuesPattern : Weight::kContinuesStride;
  votes.push_back({weight, std::min(kMostStrength, c.score / kNatsOfOneVote), at, text});
  if (weight == Weight::kContinuesStride && SiblingsHaveStride(scene, crossing->block, c.lag))
    votes.push_back({Weight::kStrideInSiblings, 1, at,
                     "other blocks of that tag hold records of " + std::to_string(c.lag) + " bytes, too"});
}

}  // namespace poolblame
