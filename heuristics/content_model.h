// What memory looks like, word by word: the textures that writes have in general, and what the blocks of each tag of
// this image hold. From both follows whose a word is likelier to be: the block's own, or a write's that ran over it.
// Words are judged by class and not by value, so that nothing has to be known of any driver's structures.
#pragma once

#include <cstdint>
#include <map>
#include <span>

#include "heuristics/own_content.h"
#include "heuristics/usual_front.h"
#include "parser/pool/pool_census.h"

namespace poolblame {

/// One way that written memory looks.
struct Texture {
  const char* name;  // for people: "text", "zeros"
  double share;      // of all writes
  ByClass wide;      // share of each class among 64-bit words
  ByClass narrow;    // among 32-bit words: half of all random dwords look like kernel addresses
};
inline constexpr std::size_t kTextureCount = 6;
std::span<const Texture> AllTextures();

/// Nats of each class in the texture of that number, for words of 4 or 8 bytes.
const ByClass& TextureScores(std::size_t texture, std::uint32_t word_size);

/// Nats of a word of this class where nothing is known.
double AnythingScore(WordClass word);
const ByClass& AnythingScores();

/// What the pool of one image holds.
struct ImageContents {
  std::map<PoolTag, OwnContent> tags;  // by name, for every tag with enough allocated samples that is not a generic one
  std::map<PoolTag, UsualFront> fronts;  // of the same tags
  ByClass header_end{};                  // nats of the last word of an x64 header, which nothing checks
  double examples = 0;                   // blocks that all of this was learned from
  double unlike_share = 1;               // of them that are not as their tag's others
  /// Many blocks are unlike their siblings: not filled yet, copied, or one of a kind. Then to be so is no damage.
  [[nodiscard]] bool is_varied() const;
  /// Enough blocks, and few of them unlike their siblings: to be so is a sign of damage.
  [[nodiscard]] bool tell_damage() const;
  /// Share of the tag's blocks that are not as its others: its own, and the image's where it has few.
  [[nodiscard]] double UnlikeShare(PoolTag tag) const;
};
/// Cost: one pass over the census's samples.
ImageContents LearnContents(const PoolCensus& census, const System& system);

}  // namespace poolblame
