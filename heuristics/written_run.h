// Where did the write that damaged a header start and stop? All ways to cut the memory around the header into "the
// block below's own", "written over" and "the block above's own" are weighed by what such memory holds
// (content_model.h); what comes out is how well an overrun of the block below and an underrun of the block above
// explain it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "heuristics/scene.h"

namespace poolblame {

/// Log likelihoods of places, ascending; each stands for the bytes up to the next.
using PlaceLikelihoods = std::vector<std::pair<std::uint32_t, double>>;

/// A write of one hypothesis.
struct WrittenRun {
  double log_likelihood = 0;          // over all ways to cut; nats, up to a constant that both hypotheses share
  double best = 0;                    // the part of the best way
  std::size_t write = 0;              // of the best way: which of the things that are written
  std::vector<double> starts, stops;  // log likelihood of all starts and of all stops, by what is written
  std::uint32_t begin = 0, end = 0;   // of the best way, scene offsets
  const char* texture = "";           // of the best way
  PlaceLikelihoods begins, ends;      // of all ways, by scene offset
};

struct RunFit {
  WrittenRun overrun, underrun;
  std::optional<WrittenRun> aligned;         // of whole cache lines or sectors (aligned_run.h)
  double start_margin = 0, stop_margin = 0;  // nats for the overrun, by what was written most likely
  bool goes_on = false;                      // the overrun fits best as what its owner always writes
  bool whole_buffer = false;                 // the underrun fits best as a write as long as the block's data
  bool is_text_above = false;                // the data above begins with text
  bool is_text_up_to_data = false;           // the last word in front of it is text
  bool is_fill_up_to_data = false;           // one byte, repeated, up to where the data above begins, and not behind
  /// Nats for the overrun against the underrun.
  [[nodiscard]] double margin() const { return overrun.log_likelihood - underrun.log_likelihood; }
  /// Whole lines or sectors explain it at least nearly as well as the better of the two.
  [[nodiscard]] bool MayBeAligned() const {
    constexpr double kNearly = 3;  // nats
    return aligned && aligned->log_likelihood + kNearly > std::max(overrun.log_likelihood, underrun.log_likelihood);
  }
};

/// nullptr when the damage does not reach the end of the tag, the last header byte that can be checked (then no
/// underrun did it), when there is no block below, or when something else than headers is damaged. Cost: words of the
/// block below, and 32 words of the block above for each tag of the image.
std::shared_ptr<const RunFit> FitWrittenRun(const Scene& scene);

}  // namespace poolblame
