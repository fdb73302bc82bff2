#include "heuristics/run_owners.h"

#include <cmath>

namespace poolblame {
namespace {

constexpr double kKnownShare = 0.8;  // of blocks that hold what their tag's others do

/// What blocks hold whose header this may have been.
void AddKnownAbove(const Scene& scene, const SceneBlock& above, const RunWindow& w, Alternatives& own) {
  const std::uint32_t data = w.data_word(), end = w.words(), size = above.pool_size();
  if (const OwnContent* known = ContentOf(scene, above)) {
    own.push_back({SumsOf(w, *known, data, end), std::log(kKnownShare)});
    return;
  }
  if (scene.contents == nullptr) return;
  double total = 0;
  for (const auto& [tag, content] : scene.contents->tags) total += BlocksOfSize(scene, tag, size, true);
  for (const auto& [tag, content] : scene.contents->tags)
    if (const double share = BlocksOfSize(scene, tag, size, true) / total; share > 0)
      own.push_back({SumsOf(w, content, data, end), std::log(kKnownShare * share)});
}

}  // namespace

const OwnContent* ContentOf(const Scene& scene, const SceneBlock& block) {
  if (block.block == nullptr || scene.contents == nullptr || !block.block->tag_known) return nullptr;
  const auto found = scene.contents->tags.find(block.block->tag().name());
  return found == scene.contents->tags.end() ? nullptr : &found->second;
}

const UsualFront* FrontOf(const Scene& scene, const SceneBlock& block) {
  if (ContentOf(scene, block) == nullptr) return nullptr;
  const auto found = scene.contents->fronts.find(block.block->tag().name());
  return found == scene.contents->fronts.end() ? nullptr : &found->second;
}

Sums SumsOf(const RunWindow& w, const OwnContent& content, std::uint32_t begin, std::uint32_t end) {
  const bool is_example = content.WasExample(w.AddressOf(begin));
  return {begin, end, [&, is_example](std::uint32_t i) {
            return w.IsSilent(i) ? 0 : content.Score({w.Word(i), i - begin, w.AddressOf(i), is_example});
          }};
}

std::vector<double> OwnBelow(const Scene& scene, const SceneBlock& below, const RunWindow& w) {
  const OwnContent* known = ContentOf(scene, below);
  const double unlike = known == nullptr    ? 1
                        : w.header_is_sound ? scene.contents->UnlikeShare(below.block->tag().name())
                                            : 1 - kKnownShare;
  Alternatives own = OwnOf(w, 0, w.left_words(), unlike);
  if (known != nullptr) own.push_back({SumsOf(w, *known, 0, w.left_words()), std::log(1 - unlike)});
  // Blocks are often used in part: from some word on they may hold zeros.
  constexpr double kUsedInPart = 0.3;
  const double share = std::log(kUsedInPart / (w.left_words() + 1));
  std::vector<double> out;
  double zeros_from_some_word = kNeverLog;
  for (std::uint32_t i = 0; i <= w.left_words(); ++i) {
    const double whole = Any(own, 0, i);
    if (i > 0) zeros_from_some_word += w.classes[i - 1] == WordClass::kZero ? 0 : kNeverLog;
    zeros_from_some_word = LogSum(zeros_from_some_word, whole + share);
    out.push_back(LogSum(whole + std::log(1 - kUsedInPart), zeros_from_some_word));
  }
  return out;
}

double BlocksOfSize(const Scene& scene, PoolTag tag, std::uint32_t size, bool any_size) {
  constexpr double kOtherSize = 0.05;
  const TagStatistics& statistics = *scene.census->Tag(tag);
  const auto same = statistics.sizes.find(size);
  const double others = any_size ? kOtherSize * static_cast<double>(statistics.allocated) : 0;
  return others + (same == statistics.sizes.end() ? 0 : same->second);
}

std::vector<double> OwnAbove(const Scene& scene, const SceneBlock& above, const RunWindow& w) {
  const std::uint32_t data = w.data_word(), end = w.words();
  Alternatives own = OwnOf(w, data, end, 1 - kKnownShare);
  AddKnownAbove(scene, above, w, own);
  std::vector<double> out(end + 1);
  for (std::uint32_t i = data; i <= end; ++i) out[i] = Any(own, i, end);
  const bool has_end = above.header_size > kCheckedHeader && scene.contents != nullptr;
  const ByClass& header_end = has_end ? scene.contents->header_end : AnythingScores();
  for (std::uint32_t i = data; i > 0; --i)
    out[i - 1] = out[i] + (i == data ? header_end : AnythingScores())[static_cast<std::size_t>(w.classes[i - 1])];
  return out;
}

double TagEndShare(const Scene& scene, const SceneBlock& above, std::uint32_t bytes) {
  constexpr double kByChance = 64;  // one value in so many: bytes near each other are alike
  const std::uint32_t shift = 32 - 8 * bytes;
  const std::uint32_t end = PoolTag{above.block->read.PoolTag}.name().value >> shift;
  const auto ends_so = [&](PoolTag tag) { return tag.value >> shift == end; };
  double same = 0, total = 0, same_free = 0, free = 0;
  for (const auto& [tag, content] : scene.contents->tags) {
    const double blocks = BlocksOfSize(scene, tag, above.pool_size(), true);
    total += blocks;
    if (ends_so(tag)) same += blocks;
  }
  // Free blocks are of all sizes.
  for (const auto& [tag, statistics] : scene.census->tags) {
    free += static_cast<double>(statistics.free);
    if (ends_so(tag)) same_free += static_cast<double>(statistics.free);
  }
  const double all = free + static_cast<double>(scene.census->allocated);
  const double share = (total == 0 ? 0 : same / total * (1 - free / all)) + (free == 0 ? 0 : same_free / all);
  return share * std::pow(kByChance, bytes);
}

}  // namespace poolblame
