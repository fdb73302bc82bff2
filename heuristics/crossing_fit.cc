#include "heuristics/crossing_fit.h"

#include <algorithm>
#include <cmath>

#include "heuristics/content_model.h"
#include "heuristics/run_cut.h"
#include "heuristics/run_owners.h"
#include "heuristics/usual_front.h"

namespace poolblame {
namespace {

/// What a block's words [begin, end) are when nobody wrote over them: what its tag's blocks hold, up to some word where
/// the owner stopped filling it and older memory goes on; seldom something of one texture. That it repeats itself is
/// left to the writes: most fills and records that stand where they should not are one.
class OwnBehind {
 public:
  /// `unlike`: share of blocks of its tag that are not as usual.
  OwnBehind(const RunWindow& w, const UsualFront& usual, double unlike)
      : end_(w.words()), known_(KnownSums(w, usual)), older_(TexturesOf(w, w.data_word(), end_, 1)), unlike_(unlike) {}
  /// From word `i` of the window on.
  [[nodiscard]] double From(std::uint32_t i) const {
    constexpr double kFilledInPart = 0.3;
    const double part = std::log(kFilledInPart / (end_ - i + 1)), like = std::log(1 - unlike_);
    const double whole = std::log(1 - kFilledInPart), unlike = std::log(unlike_);
    double sum = LogSum(unlike + Any(older_, i, end_), like + known_.Over(i, end_)) + whole;
    for (std::uint32_t filled = i; filled < end_; ++filled) {
      const double front = LogSum(unlike + Any(older_, i, filled), like + known_.Over(i, filled));
      sum = LogSum(sum, part + front + Any(older_, filled, end_));
    }
    return sum;
  }

 private:
  static Sums KnownSums(const RunWindow& w, const UsualFront& usual) {
    constexpr double kUsual = -2.5;  // such words are among what the tag's blocks hold
    return {w.data_word(), w.words(), [&](std::uint32_t i) {
              const double nats = usual.Nats({w.Word(i), i - w.data_word(), w.AddressOf(i)});
              const double score = nats + AnythingScore(w.classes[i]);
              return score > kUsual && IsMoreOfAFill(w, i) ? std::max(score, 0.0) : score;
            }};
  }

  std::uint32_t end_;
  Sums known_;
  Alternatives older_;
  double unlike_;
};

bool InUse(const SceneBlock& block) { return block.block != nullptr && block.block->state == BlockState::kAllocated; }

std::vector<double> OwnAboveSoundHeader(const RunWindow& w, const OwnBehind& own) {
  std::vector<double> out(w.words() + 1);
  for (std::uint32_t i = w.data_word(); i <= w.words(); ++i) out[i] = own.From(i);
  return out;
}

}  // namespace

std::optional<CrossingFit> FitCrossing(const Scene& scene, std::size_t above_index) {
  const auto left = scene.Below(above_index);
  const SceneBlock& above = scene.blocks[above_index];
  if (!left || !InUse(scene.blocks[*left]) || !InUse(above)) return std::nullopt;
  const UsualFront* usual = FrontOf(scene, above);
  if (usual == nullptr) return std::nullopt;
  const SceneBlock& below = scene.blocks[*left];
  auto window = RunWindowOf(scene, below, above);
  if (!window || window->left_words() == 0 || window->data_word() == window->words()) return std::nullopt;
  window->header_is_sound = true;
  // Behind the words that are known place by place, older memory looks like anything.
  constexpr std::uint32_t kFront = OwnContent::kFrontWords;
  window->classes.resize(std::min(window->words(), window->data_word() + kFront));
  window->end = std::min(window->end, window->data + kFront * window->word);
  const RunWindow& w = *window;
  const std::vector<double> own_below = OwnBelow(scene, below, w);
  const std::vector<double> own_above =
      OwnAboveSoundHeader(w, OwnBehind(w, *usual, scene.contents->UnlikeShare(above.block->tag().name())));
  const Cut cut{w, own_below, own_above};
  RunPlaces stops;
  for (const RunPlace& place : OverrunStops(w, above.header_size))
    if (place.at > w.data_byte()) stops.push_back(place);
  // What starts with the header shows nothing of itself in the block below: then the one above is only unlike others.
  RunPlaces starts = OverrunStarts(w);
  std::erase_if(starts, [&](const RunPlace& place) { return place.at >= w.left_bytes(); });
  CrossingFit fit{FitOverrun(scene, below, cut, starts, stops)};
  fit.nobody = own_below[w.left_words()] + own_above[w.data_word()];
  fit.above_margin = fit.run.stops[fit.run.write] - own_above[w.data_word()];
  return fit;
}

}  // namespace poolblame
