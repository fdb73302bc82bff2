// What memory looks like, word by word: the textures that writes have in general, and what the blocks of each tag of
// this image hold. From both follows whose a word is likelier to be: the block's own, or a write's that ran over it.
// Words are judged by class and not by value, so that nothing has to be known of any driver's structures.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>

#include "heuristics/content.h"
#include "parser/pool/pool_census.h"

namespace poolblame {

inline constexpr std::size_t kWordClasses = 7;
/// One number for each WordClass, in enum order.
using ByClass = std::array<double, kWordClasses>;

/// One way that written memory looks.
struct Texture {
  const char* name;  // for people: "text", "zeros"
  double share;      // of all writes
  ByClass wide;      // share of each class among 64-bit words
  ByClass narrow;    // among 32-bit words: half of all random dwords look like kernel addresses
};
std::span<const Texture> AllTextures();

/// Nats of a word of this class where nothing is known.
double AnythingScore(WordClass word);
const ByClass& AnythingScores();

/// What the blocks of one tag hold, learned from healthy samples: by place for the first words, together for the rest.
class OwnContent {
 public:
  static constexpr std::size_t kFrontWords = 32;
  static constexpr std::size_t kFewestSamples = 3;

  OwnContent(std::span<const Bytes> payloads, std::uint32_t word_size);
  /// Nats of `word` as word number `index` of a block: of its class, or of its value where all blocks have the same.
  [[nodiscard]] double Score(Bytes word, std::size_t index) const;
  /// The same where all blocks have the same value; 0 elsewhere.
  [[nodiscard]] double ConstantScore(Bytes word, std::size_t index) const;

 private:
  struct Place {
    std::uint32_t samples = 0;
    bool is_constant = true;
    std::uint64_t value = 0;
    ByClass counts{};
    ByClass scores{};
    void Add(std::uint64_t word, WordClass word_class);
    void Finish(const ByClass& expected);
  };
  std::uint32_t word_size_;
  std::array<Place, kFrontWords> front_{};
  Place body_;
};

/// What the pool of one image holds.
struct ImageContents {
  std::map<PoolTag, OwnContent> tags;  // by name, for every tag with enough allocated samples that is not a generic one
  ByClass header_end{};                // nats of the last word of an x64 header, which nothing checks
};
/// Cost: one pass over the census's samples.
ImageContents LearnContents(const PoolCensus& census);

}  // namespace poolblame
