#include "heuristics/run_cut.h"

#include <algorithm>
#include <cmath>

namespace poolblame {
namespace {

/// A sum of likelihoods that remembers its largest part.
struct Tally {
  double sum = kNeverLog, best = kNeverLog;
  std::uint32_t at = 0;
  void Add(double value, std::uint32_t place) {
    sum = LogSum(sum, value);
    if (value <= best) return;
    best = value;
    at = place;
  }
};

/// Log likelihoods of places over all writes: what a write gives them counts as much as the rest of it is likely.
class Marginal {
 public:
  explicit Marginal(const RunPlaces& places) : sums_(places.size(), kNeverLog) {}
  /// The next place's score under the current write.
  double Score(double score) {
    scores_.push_back(score);
    return score;
  }
  /// The current write is through; `rest`: its log likelihood without these places.
  void Close(double rest) {
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] = LogSum(sums_[i], scores_[i] + rest);
    scores_.clear();
  }
  [[nodiscard]] PlaceLikelihoods ByOffset(const RunPlaces& places, std::uint32_t base) const {
    PlaceLikelihoods out;
    for (std::size_t i = 0; i < sums_.size(); ++i) out.emplace_back(base + places[i].at, sums_[i]);
    std::sort(out.begin(), out.end());
    return out;
  }

 private:
  std::vector<double> scores_, sums_;
};

/// Nats of the bytes [begin, end) where nothing is known of them.
double AnythingOver(const RunWindow& w, std::uint32_t begin, std::uint32_t end) {
  double score = 0;
  while (begin < end) {
    const std::uint32_t stop = std::min(end, (begin / w.word + 1) * w.word);
    score += PartOf(w, begin, stop, AnythingScores());
    begin = stop;
  }
  return score;
}

}  // namespace

double Cut::Start(const Alternative& write, std::uint32_t at) const {
  const RunWindow& w = window;
  const std::uint32_t first = at / w.word * w.word, foretold = std::min(at + write.unforetold, w.data_byte());
  const std::uint32_t whole = (foretold + w.word - 1) / w.word * w.word;
  const double score =
      below[first / w.word] + AnythingOver(w, first, foretold) + write.sums.Over(whole / w.word, w.data_word());
  return foretold == whole ? score : score + write.part(foretold, whole);
}

double Cut::Stop(const Alternative& write, std::uint32_t at) const {
  const RunWindow& w = window;
  const std::uint32_t last = at / w.word, whole = (at + w.word - 1) / w.word;
  const bool behind = last >= w.data_word();
  double score = above[whole] + (behind ? write.sums.Over(w.data_word(), last) : -write.sums.Over(last, w.data_word()));
  if (last != whole) score += write.part(last * w.word, at) + AnythingOver(w, at, whole * w.word);
  return score;
}

WrittenRun Fit(const Cut& cut, const RunPlaces& starts, const RunPlaces& stops, const Alternatives& writes) {
  const RunWindow& w = cut.window;
  WrittenRun run{kNeverLog, kNeverLog, 0, {}, {}, w.middle, w.data, "", {}, {}};
  Marginal begins(starts), ends(stops);
  for (const Alternative& write : writes) {
    Tally start, stop;
    for (const RunPlace& place : starts)
      start.Add(begins.Score(place.log_share + cut.Start(write, place.at)), place.at);
    for (const RunPlace& place : stops) stop.Add(ends.Score(place.log_share + cut.Stop(write, place.at)), place.at);
    begins.Close(write.log_share + stop.sum);
    ends.Close(write.log_share + start.sum);
    run.log_likelihood = LogSum(run.log_likelihood, write.log_share + start.sum + stop.sum);
    run.starts.push_back(start.sum);
    run.stops.push_back(stop.sum);
    if (write.log_share + start.best + stop.best <= run.best) continue;
    run.best = write.log_share + start.best + stop.best;
    run.begin = w.begin + start.at;
    run.end = w.begin + stop.at;
    run.texture = write.name;
    run.write = run.starts.size() - 1;
  }
  run.begins = begins.ByOffset(starts, w.begin);
  run.ends = ends.ByOffset(stops, w.begin);
  return run;
}

}  // namespace poolblame
