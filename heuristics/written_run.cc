#include "heuristics/written_run.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "heuristics/aligned_run.h"
#include "heuristics/run_cut.h"
#include "heuristics/run_owners.h"

namespace poolblame {
namespace {

/// The stop behind the checked part of the header stands for stops inside the tag as well.
void AddStopsInTag(const Scene& scene, const SceneBlock& above, const RunWindow& w, RunPlaces& stops) {
  if (scene.contents == nullptr) return;
  double share = 0;
  for (std::uint32_t left = 1; left < 4 && (above.block->damaged_bytes >> (kCheckedHeader - left) & 1U) == 0; ++left)
    share += ReachShare(above.begin + kCheckedHeader - left - w.middle) * TagEndShare(scene, above, left);
  const std::uint32_t checked = above.begin + kCheckedHeader - w.begin;
  for (RunPlace& place : stops)
    if (place.at == checked) place.log_share = LogSum(place.log_share, std::log(share / kSumOfReaches + 1e-300));
}

/// The owner may have gone on with what it always writes.
bool AddGoingOn(const Scene& scene, const SceneBlock& below, const Cut& cut, const RunPlaces& starts,
                const RunPlaces& stops, WrittenRun& overrun) {
  constexpr double kShare = 0.3;  // of overruns
  const OwnContent* known = ContentOf(scene, below);
  if (known == nullptr) return false;
  const RunWindow& w = cut.window;
  const auto part = [&](std::uint32_t from, std::uint32_t to) { return PartOf(w, from, to, AnythingScores()); };
  WrittenRun own =
      Fit(cut, starts, stops, {{SumsOf(w, *known, 0, w.words()), std::log(kShare), kOwnersContent, 0, part}});
  const double anything = std::log(1 - kShare) + overrun.log_likelihood;
  const bool goes_on = own.log_likelihood > anything;
  const double both = LogSum(own.log_likelihood, anything);
  const auto add = [](PlaceLikelihoods& sum, const PlaceLikelihoods& more) {
    for (std::size_t i = 0; i < sum.size(); ++i)
      sum[i].second = LogSum(std::log(1 - kShare) + sum[i].second, more[i].second);
  };
  add(overrun.begins, own.begins);
  add(overrun.ends, own.ends);
  own.begins = overrun.begins;
  own.ends = overrun.ends;
  if (own.best > overrun.best) overrun = std::move(own);
  overrun.log_likelihood = both;
  return goes_on;
}

/// What blocks of one tag hold, put down `shift` bytes too low; where that is not by whole words, only what all of them
/// hold can be recognised.
double ShiftedScore(const Cut& cut, const OwnContent& content, std::uint32_t shift, std::uint32_t size) {
  const RunWindow& w = cut.window;
  const bool aligned = shift % w.word == 0;
  const std::uint32_t start = w.data - shift;
  const std::uint32_t stop = std::min(w.end, start + std::max(size, shift) / w.word * w.word);
  double score = cut.below[(start - w.begin + w.word - 1) / w.word];
  std::uint32_t at = start;
  for (; at + w.word <= stop; at += w.word) {
    const Bytes word = w.bytes.subspan(at, w.word);
    const std::uint32_t index = (at - start) / w.word;
    score += aligned ? content.Score({word, index}) : AnythingScore(ClassOf(word)) + content.ConstantScore(word, index);
  }
  return score + cut.above[std::max(w.data_word(), (at - w.begin + w.word - 1) / w.word)];
}

/// What blocks of the block's size hold stands shifted. Every byte offset is tried, as strings and packets are not
/// aligned.
double KnownContentTooLow(const Scene& scene, const SceneBlock& above, const Cut& cut) {
  constexpr std::uint32_t kFarthest = 72;
  const double kEither = std::log(0.5);  // all of it, or only the front that lies below the data
  const RunWindow& w = cut.window;
  if (scene.contents == nullptr) return kNeverLog;
  double total = 0, reaches = 0, sum = kNeverLog;
  for (std::uint32_t shift = 1; shift <= kFarthest; ++shift) reaches += ReachShare(shift);
  for (const auto& [tag, content] : scene.contents->tags) {
    const double blocks = BlocksOfSize(scene, tag, above.pool_size(), false);
    if (blocks == 0) continue;
    total += blocks;
    for (std::uint32_t shift = w.data - w.middle; shift <= std::min(kFarthest, w.data - w.begin); ++shift) {
      const double share = std::log(blocks * ReachShare(shift) / reaches);
      const double all = ShiftedScore(cut, content, shift, above.end - w.data);
      const double front = ShiftedScore(cut, content, shift, shift);
      sum = LogSum(sum, share + LogSum(all, front) + kEither);
    }
  }
  return total > 0 ? sum - std::log(total) : kNeverLog;
}

/// As far as the write starts below the data, so far before the block's end it stops.
double WholeBufferTooLow(const SceneBlock& above, const Cut& cut, const RunPlaces& starts, const Alternatives& writes) {
  const RunWindow& w = cut.window;
  constexpr std::uint32_t kFarthest = 128;  // bytes; a start that is lower still is rare, and costs as much to try
  const std::uint32_t unit = 2 * w.word;    // a request is rounded up to it
  const std::uint32_t end = above.end - w.begin;
  double sum = kNeverLog;
  for (const RunPlace& place : starts) {
    const std::uint32_t below = w.data_byte() - place.at;
    if (below > kFarthest || end < w.data_byte() + below) continue;
    for (const Alternative& write : writes) {
      const double start = write.log_share + place.log_share + cut.Start(write, place.at);
      for (std::uint32_t rounded = 0; rounded < unit; ++rounded) {
        const std::uint32_t stop = std::clamp(end - below - rounded, w.data_byte(), w.bytes_in_all());
        sum = LogSum(sum, start + cut.Stop(write, stop));
      }
    }
  }
  return sum - std::log(unit);
}

/// It may have been a write with a pointer that was too low.
void AddWrittenTooLow(const Scene& scene, const SceneBlock& above, const Cut& cut, const RunPlaces& starts,
                      const Alternatives& writes, RunFit& fit) {
  constexpr double kWhole = 0.25, kKnown = 0.2;  // shares of underruns
  const double before = fit.underrun.log_likelihood;
  const double whole = std::log(kWhole) + WholeBufferTooLow(above, cut, starts, writes);
  const double known = std::log(kKnown) + KnownContentTooLow(scene, above, cut);
  fit.whole_buffer = whole > known;
  fit.underrun.log_likelihood = LogSum(LogSum(std::log(1 - kWhole - kKnown) + before, whole), known);
}

/// Foreign content may be like the block's below, as one text is like another.
Alternatives ForeignWrites(const Scene& scene, const SceneBlock& below, const RunWindow& w, Alternatives writes) {
  constexpr double kAlike = 0.05;
  const OwnContent* known = ContentOf(scene, below);
  if (known == nullptr) return writes;
  const auto part = [&w](std::uint32_t from, std::uint32_t to) { return PartOf(w, from, to, AnythingScores()); };
  writes.push_back({SumsOf(w, *known, 0, w.words()), std::log(kAlike), kOwnersContent, 0, part});
  return writes;
}

/// The damage goes on to the tag's last byte: it is known to be wrong, or the tag as read is nobody's in this image.
bool ReachesTagsEnd(const Scene& scene) {
  const SceneBlock& last = scene.blocks[scene.spots.back().block];
  if (last.block == nullptr) return false;
  const std::uint32_t last_tag_byte = 1U << (last.tag_end() - 1);
  return ((last.block->damaged_bytes | last.block->doubtful_bytes) & last_tag_byte) != 0 ||
         scene.census->Tag(PoolTag{last.block->read.PoolTag}.name()) == nullptr;
}

bool IsText(WordClass word) { return word == WordClass::kText || word == WordClass::kWideText; }

/// The first two words of the data above are text of one sort.
bool IsTextAbove(const RunWindow& w) {
  const std::size_t first = w.data_word();
  return first + 1 < w.words() && w.classes[first] == w.classes[first + 1] && IsText(w.classes[first]);
}

/// A fill that a write from above would leave: the header's last bytes are alike, the first of the data is otherwise.
bool IsFillUpToData(const Scene& scene, const RunWindow& w) {
  constexpr std::uint32_t kAlike = 4;
  if (w.data < kAlike || w.data >= scene.bytes.size()) return false;
  const Bytes fill = Bytes(scene.bytes).subspan(w.data - kAlike, kAlike);
  return scene.bytes[w.data] != fill[0] &&
         std::ranges::all_of(fill, [&](std::uint8_t byte) { return byte == fill[0]; });
}

}  // namespace

WrittenRun FitOverrun(const Scene& scene, const SceneBlock& below, const Cut& cut, const RunPlaces& starts,
                      const RunPlaces& stops) {
  WrittenRun overrun = Fit(cut, starts, stops, WritesOf(cut.window));
  AddGoingOn(scene, below, cut, starts, stops, overrun);
  return overrun;
}

std::shared_ptr<const RunFit> FitWrittenRun(const Scene& scene) {
  const bool only_headers = std::all_of(scene.spots.begin(), scene.spots.end(),
                                        [](const Spot& spot) { return spot.kind == SpotKind::kHeader; });
  const auto left = scene.Below(scene.victim());
  if (!only_headers || !left || !ReachesTagsEnd(scene)) return nullptr;
  const SceneBlock &below = scene.blocks[*left], &above = scene.blocks[scene.spots.back().block];
  const auto window = RunWindowOf(scene, below, above);
  if (!window) return nullptr;
  const RunWindow& w = *window;
  const std::vector<double> own_below = OwnBelow(scene, below, w), own_above = OwnAbove(scene, above, w);
  const Cut cut{w, own_below, own_above};
  const Alternatives writes = WritesOf(w);
  const RunPlaces starts = OverrunStarts(w), low_starts = UnderrunStarts(w, above.header_size);
  RunPlaces stops = OverrunStops(w, above.header_size);
  AddStopsInTag(scene, above, w, stops);
  RunFit fit;
  fit.overrun = Fit(cut, starts, stops, writes);
  fit.underrun = Fit(cut, low_starts, UnderrunStops(w), writes);
  fit.aligned = FitAligned(scene, cut, ForeignWrites(scene, below, w, writes));
  const std::size_t write = fit.overrun.best > fit.underrun.best ? fit.overrun.write : fit.underrun.write;
  fit.start_margin = fit.overrun.starts[write] - fit.underrun.starts[write];
  fit.stop_margin = fit.overrun.stops[write] - fit.underrun.stops[write];
  fit.goes_on = AddGoingOn(scene, below, cut, starts, stops, fit.overrun);
  fit.is_text_above = IsTextAbove(w);
  fit.is_text_up_to_data = w.data_word() > 0 && IsText(w.classes[w.data_word() - 1]);
  fit.is_fill_up_to_data = IsFillUpToData(scene, w);
  AddWrittenTooLow(scene, above, cut, low_starts, writes, fit);
  return std::make_shared<const RunFit>(std::move(fit));
}

}  // namespace poolblame
