#include "heuristics/content_model.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "pooltag/tag_database.h"

namespace poolblame {
namespace {

// Order: zero, fill, small, text, wide text, pointer, other. Rows add up to 1. A texture is known by what it consists
// of mainly; what else it may hold is left to the small numbers.
constexpr std::array<Texture, kTextureCount> kTextures = {{
    Texture{"zeros", 0.15, {.94, .005, .02, .01, .01, .01, .005}, {.94, .005, .02, .01, .01, .01, .005}},
    Texture{"text", 0.22, {.02, .005, .01, .92, .01, .01, .025}, {.02, .01, .01, .91, .02, .01, .02}},
    Texture{"wide text", 0.14, {.02, .002, .01, .01, .92, .01, .028}, {.02, .002, .01, .02, .92, .01, .018}},
    Texture{"pointers", 0.12, {.03, .005, .01, .01, .01, .92, .015}, {.03, .005, .01, .01, .01, .92, .015}},
    Texture{"structures", 0.20, {.42, .02, .20, .01, .01, .21, .13}, {.45, .02, .22, .02, .01, .19, .09}},
    Texture{"data", 0.17, {.01, .002, .01, .02, .01, .01, .938}, {.02, .002, .01, .03, .01, .45, .478}},
}};
constexpr ByClass kAnything = {.35, .03, .17, .08, .07, .16, .14};

/// Images whose blocks are filled alike have up to 2.9 unlike ones in 100, in 16 of 100 tags; others 3.5 to 12, and 26
/// to 50.
constexpr double kMostUnlike = 0.03;
constexpr double kUnlikeByOneWrite = 2;  // blocks: the one that it began in, and the one that it ended in

}  // namespace

std::span<const Texture> AllTextures() { return kTextures; }

const ByClass& TextureScores(std::size_t texture, std::uint32_t word_size) {
  static const auto kScores = [] {
    std::array<std::array<ByClass, 2>, kTextures.size()> scores;
    for (std::size_t t = 0; t < kTextures.size(); ++t)
      for (std::size_t c = 0; c < kWordClasses; ++c) {
        scores[t][0][c] = std::log(kTextures[t].narrow[c]);
        scores[t][1][c] = std::log(kTextures[t].wide[c]);
      }
    return scores;
  }();
  return kScores[texture][word_size == 8 ? 1 : 0];
}

const ByClass& AnythingScores() {
  static const ByClass kScores = [] {
    ByClass scores;
    for (std::size_t c = 0; c < kWordClasses; ++c) scores[c] = std::log(kAnything[c]);
    return scores;
  }();
  return kScores;
}

double AnythingScore(WordClass word) { return AnythingScores()[static_cast<std::size_t>(word)]; }

bool ImageContents::is_varied() const {
  constexpr double kMostTags = 0.2;
  double odd_tags = -1;  // one write's victim is no variety
  for (const auto& [tag, front] : fronts) odd_tags += front.unlike() > 0 ? 1 : 0;
  return unlike_share > kMostUnlike || odd_tags > kMostTags * static_cast<double>(fronts.size());
}

bool ImageContents::tell_damage() const {
  constexpr double kFewest = 200;  // blocks: of fewer, none may be unlike by chance
  if (examples < kFewest || is_varied()) return false;
  const double one_more = unlike_share + 1 / examples;  // that a few blocks do not have by chance
  return one_more <= kMostUnlike;
}

double ImageContents::UnlikeShare(PoolTag tag) const {
  constexpr double kAsImage = 12;  // blocks that the image's share counts as
  const auto found = fronts.find(tag);
  if (found == fronts.end()) return unlike_share;
  const double own = std::max(0.0, found->second.unlike() - kUnlikeByOneWrite / 2);
  return (own + kAsImage * unlike_share) / (found->second.examples() + kAsImage);
}

ImageContents LearnContents(const PoolCensus& census, const System& system) {
  ImageContents contents;
  if (census.layout == nullptr) return contents;
  const std::uint32_t header = census.layout->header_size, word_size = census.layout->is_64bit ? 8 : 4;
  ByClass counts = kAnything;
  double words = 1, blocks = 1, unlike = 0.5 - kUnlikeByOneWrite;
  for (const auto& [tag, statistics] : census.tags) {
    std::vector<Example> examples;
    for (const BlockSample& sample : statistics.samples) {
      if (sample.state != BlockState::kAllocated || sample.size <= header) continue;
      counts[static_cast<std::size_t>(ClassOf(Bytes(sample.header + header - word_size, word_size)))] += 1;
      words += 1;
      if (CacheAlignedGap(*census.layout, sample.header, sample.size) != 0) continue;  // data begins further on
      const std::uint64_t address = sample.address.value == 0 ? 0 : sample.address.value + header;
      examples.push_back({Bytes(sample.header + header, sample.size - header), address});
    }
    if (examples.size() < OwnContent::kFewestSamples || TagDatabase::IsGeneric(tag)) continue;
    contents.tags.emplace(tag, OwnContent(examples, word_size, &system));
    const UsualFront& front = contents.fronts.emplace(tag, UsualFront(examples, word_size, &system)).first->second;
    blocks += front.examples();
    unlike += front.unlike();
  }
  contents.unlike_share = std::max(0.5, unlike) / blocks;
  contents.examples = blocks - 1;
  for (std::size_t c = 0; c < kWordClasses; ++c) contents.header_end[c] = std::log(counts[c] / words);
  return contents;
}

}  // namespace poolblame
