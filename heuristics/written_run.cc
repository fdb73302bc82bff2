#include "heuristics/written_run.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "heuristics/content_model.h"
#include "heuristics/run_contents.h"
#include "heuristics/run_places.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kCheckedHeader = 8;  // bytes
constexpr double kKnownShare = 0.8;          // of blocks that hold what their tag's others do

const OwnContent* ContentOf(const Scene& scene, const SceneBlock& block) {
  if (block.block == nullptr || scene.contents == nullptr || !block.block->tag_known) return nullptr;
  const auto found = scene.contents->tags.find(block.block->tag().name());
  return found == scene.contents->tags.end() ? nullptr : &found->second;
}

Sums SumsOf(const RunWindow& w, const OwnContent& content, std::uint32_t begin, std::uint32_t end) {
  return {begin, end, [&](std::uint32_t i) { return content.Score(w.Word(i), i - begin); }};
}

/// Log likelihood of the block below's first words, for each number of them, as its own.
std::vector<double> OwnBelow(const Scene& scene, const SceneBlock& below, const RunWindow& w) {
  const OwnContent* known = ContentOf(scene, below);
  Alternatives own = OwnOf(w, 0, w.left_words(), known != nullptr ? 1 - kKnownShare : 1);
  if (known != nullptr) own.push_back({SumsOf(w, *known, 0, w.left_words()), std::log(kKnownShare)});
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

/// Blocks of the tag that the census saw with this size; of other sizes they count a little too, where `any_size`.
double BlocksOfSize(const Scene& scene, PoolTag tag, std::uint32_t size, bool any_size) {
  constexpr double kOtherSize = 0.05;
  const TagStatistics& statistics = *scene.census->Tag(tag);
  const auto same = statistics.sizes.find(size);
  const double others = any_size ? kOtherSize * static_cast<double>(statistics.allocated) : 0;
  return others + (same == statistics.sizes.end() ? 0 : same->second);
}

/// Log likelihood of the block above's words from each word on as its own. Its tag is mostly lost with its header: any
/// tag of the image may be it, those with blocks of this size first. Words of a header that the write did not reach
/// cost what anything costs.
std::vector<double> OwnAbove(const Scene& scene, const SceneBlock& above, const RunWindow& w) {
  const std::uint32_t data = w.data_word(), end = w.words(), size = above.end - above.begin;
  Alternatives own = OwnOf(w, data, end, 1 - kKnownShare);
  if (const OwnContent* known = ContentOf(scene, above)) {
    own.push_back({SumsOf(w, *known, data, end), std::log(kKnownShare)});
  } else if (scene.contents != nullptr) {
    double total = 0;
    for (const auto& [tag, content] : scene.contents->tags) total += BlocksOfSize(scene, tag, size, true);
    for (const auto& [tag, content] : scene.contents->tags)
      if (const double share = BlocksOfSize(scene, tag, size, true) / total; share > 0)
        own.push_back({SumsOf(w, content, data, end), std::log(kKnownShare * share)});
  }
  std::vector<double> out(end + 1);
  for (std::uint32_t i = data; i <= end; ++i) out[i] = Any(own, i, end);
  const bool unchecked_end = above.header_size > kCheckedHeader && scene.contents != nullptr;
  for (std::uint32_t i = data; i > 0; --i)
    out[i - 1] =
        out[i] + (i == data && unchecked_end ? scene.contents->header_end[static_cast<std::size_t>(w.classes[i - 1])]
                                             : AnythingScore(w.classes[i - 1]));
  return out;
}

/// How much oftener the tag's last `bytes` bytes are what they are when they were not written over than when they were:
/// other blocks of the size end so too.
double TagEndShare(const Scene& scene, const SceneBlock& above, std::uint32_t bytes) {
  constexpr double kByChance = 64;  // one value in so many: bytes near each other are alike
  const std::uint32_t shift = 32 - 8 * bytes;
  const std::uint32_t end = PoolTag{above.block->read.PoolTag}.name().value >> shift;
  double same = 0, total = 0;
  for (const auto& [tag, content] : scene.contents->tags) {
    const double blocks = BlocksOfSize(scene, tag, above.end - above.begin, true);
    total += blocks;
    if (tag.value >> shift == end) same += blocks;
  }
  return total == 0 ? 0 : same / total * std::pow(kByChance, bytes);
}

/// The stop behind the checked part of the header stands for stops inside the tag as well.
void AddStopsInTag(const Scene& scene, const SceneBlock& above, const RunWindow& w, RunPlaces& stops) {
  if (scene.contents == nullptr) return;
  double share = 0;
  for (std::uint32_t left = 1; left < 4 && (above.block->damaged_bytes >> (kCheckedHeader - left) & 1U) == 0; ++left)
    share += ReachShare(above.begin + kCheckedHeader - left - w.middle) * TagEndShare(scene, above, left);
  const std::uint32_t checked = (above.begin + kCheckedHeader - w.begin) / w.word;
  for (RunPlace& place : stops)
    if (place.word == checked) place.log_share = LogSum(place.log_share, std::log(share / kSumOfReaches + 1e-300));
}

/// A sum of likelihoods that remembers its largest part.
struct Tally {
  double sum = kNeverLog, best = kNeverLog;
  std::uint32_t word = 0;
  void Add(double value, std::uint32_t at) {
    sum = LogSum(sum, value);
    if (value <= best) return;
    best = value;
    word = at;
  }
};

struct Cut {
  const RunWindow& window;
  const std::vector<double>&below, &above;
};

/// Starts and stops are independent given what was written, so that their sums multiply.
WrittenRun Fit(const Cut& cut, const RunPlaces& starts, const RunPlaces& stops, const Alternatives& writes) {
  const RunWindow& w = cut.window;
  WrittenRun run{kNeverLog, kNeverLog, 0, {}, {}, w.middle, w.data, ""};
  for (const Alternative& write : writes) {
    Tally start, stop;
    for (const RunPlace& place : starts) {
      const std::uint32_t foretold = std::min(place.word + write.unforetold, w.data_word());
      double score = place.log_share + cut.below[place.word] + write.sums.Over(foretold, w.data_word());
      for (std::uint32_t i = place.word; i < foretold; ++i) score += AnythingScore(w.classes[i]);
      start.Add(score, place.word);
    }
    for (const RunPlace& place : stops) {
      const bool behind = place.word >= w.data_word();
      const double inside =
          behind ? write.sums.Over(w.data_word(), place.word) : -write.sums.Over(place.word, w.data_word());
      stop.Add(place.log_share + inside + cut.above[place.word], place.word);
    }
    run.log_likelihood = LogSum(run.log_likelihood, write.log_share + start.sum + stop.sum);
    run.starts.push_back(start.sum);
    run.stops.push_back(stop.sum);
    if (write.log_share + start.best + stop.best <= run.best) continue;
    run.best = write.log_share + start.best + stop.best;
    run.begin = w.OffsetOf(start.word);
    run.end = w.OffsetOf(stop.word);
    run.texture = write.name;
    run.write = run.starts.size() - 1;
  }
  return run;
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
    score += aligned ? content.Score(word, index) : AnythingScore(ClassOf(word)) + content.ConstantScore(word, index);
  }
  return score + cut.above[std::max(w.data_word(), (at - w.begin + w.word - 1) / w.word)];
}

/// A write with a pointer that was too low: what blocks of the block's size hold stands shifted. Every byte offset is
/// tried, as strings and packets are not aligned.
void AddShifted(const Scene& scene, const SceneBlock& above, const Cut& cut, WrittenRun& run) {
  constexpr std::uint32_t kFarthest = 72;
  constexpr double kShare = 0.2;
  const RunWindow& w = cut.window;
  if (scene.contents == nullptr) return;
  double total = 0, reaches = 0, sum = kNeverLog;
  for (std::uint32_t shift = 1; shift <= kFarthest; ++shift) reaches += ReachShare(shift);
  for (const auto& [tag, content] : scene.contents->tags) {
    const double blocks = BlocksOfSize(scene, tag, above.end - above.begin, false);
    if (blocks == 0) continue;
    total += blocks;
    for (std::uint32_t shift = w.data - w.middle; shift <= std::min(kFarthest, w.data - w.begin); ++shift) {
      const double share = std::log(blocks * ReachShare(shift) / reaches);
      sum = LogSum(sum, share + ShiftedScore(cut, content, shift, above.end - w.data));
    }
  }
  if (total > 0) run.log_likelihood = LogSum(std::log(1 - kShare) + run.log_likelihood, std::log(kShare / total) + sum);
}

/// The damage goes on to the tag's last byte: it is known to be wrong, or the tag as read is nobody's in this image.
bool ReachesTagsEnd(const Scene& scene) {
  constexpr std::uint32_t kLastTagByte = 1U << 7;
  const SceneBlock& last = scene.blocks[scene.spots.back().block];
  if (last.block == nullptr) return false;
  return ((last.block->damaged_bytes | last.block->doubtful_bytes) & kLastTagByte) != 0 ||
         scene.census->Tag(PoolTag{last.block->read.PoolTag}.name()) == nullptr;
}

}  // namespace

std::optional<RunFit> FitWrittenRun(const Scene& scene) {
  const bool only_headers = std::all_of(scene.spots.begin(), scene.spots.end(),
                                        [](const Spot& spot) { return spot.kind == SpotKind::kHeader; });
  const auto left = scene.Below(scene.victim());
  if (!only_headers || !left || !ReachesTagsEnd(scene)) return std::nullopt;
  const SceneBlock &below = scene.blocks[*left], &above = scene.blocks[scene.spots.back().block];
  const auto window = RunWindowOf(scene, below, above);
  if (!window) return std::nullopt;
  const RunWindow& w = *window;
  const std::vector<double> own_below = OwnBelow(scene, below, w), own_above = OwnAbove(scene, above, w);
  const Cut cut{w, own_below, own_above};
  Alternatives writes = WritesOf(w);
  RunFit fit;
  fit.underrun = Fit(cut, UnderrunStarts(w, above.header_size), UnderrunStops(w), writes);
  if (const OwnContent* known = ContentOf(scene, below)) {
    constexpr double kGoesOn = 0.3;  // of overruns: the owner went on writing what it always writes
    for (Alternative& write : writes) write.log_share += std::log(1 - kGoesOn);
    writes.push_back({SumsOf(w, *known, 0, w.words()), std::log(kGoesOn), "what such blocks hold"});
  }
  RunPlaces stops = OverrunStops(w, above.header_size);
  AddStopsInTag(scene, above, w, stops);
  fit.overrun = Fit(cut, OverrunStarts(w), stops, writes);
  // Only an overrun can go on with what the block below holds: starts and stops are compared for what both can write.
  const bool goes_on = fit.overrun.write >= fit.underrun.starts.size();
  const std::size_t write = !goes_on && fit.overrun.best > fit.underrun.best ? fit.overrun.write : fit.underrun.write;
  fit.start_margin = fit.overrun.starts[write] - fit.underrun.starts[write];
  fit.stop_margin = fit.overrun.stops[write] - fit.underrun.stops[write];
  AddShifted(scene, above, cut, fit.underrun);
  return fit;
}

std::shared_ptr<const RunFit> ShareRunFit(const Scene& scene) {
  const auto fit = FitWrittenRun(scene);
  return fit ? std::make_shared<const RunFit>(*fit) : nullptr;
}

}  // namespace poolblame
