// A1-A9 together: of all places where the write may have started and stopped, which fit what the memory holds? A write
// that fills the block below and goes on into the next one's data is an overrun; one that starts near the block's end
// and stops where the next block's data begins was written from above.
// Looks the same: text or records appended to a buffer's end that stop with a header by chance.
#include "heuristics/written_run.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "heuristics/signals/signals.h"
#include "heuristics/vote_sum.h"

namespace poolblame {
namespace {

std::string WhereItStarts(const Scene& scene, const RunFit& fit, bool overrun) {
  const std::size_t left = *scene.Below(scene.victim());
  const std::uint32_t header = scene.blocks[scene.victim()].begin;
  const WrittenRun& run = overrun ? fit.overrun : fit.underrun;
  const std::string block = overrun ? "this block" : "the block before", texture = run.texture;
  if (run.begin >= header) return "the write starts with the header: nothing of it stands in " + block;
  if (run.begin == scene.blocks[left].payload()) return "what was written fills all of " + block + ": " + texture;
  return "the write starts inside " + block + ", " + std::to_string(header - run.begin) +
         " bytes before its end: " + texture;
}

std::string WhereItStops(const Scene& scene, const RunFit& fit, bool overrun) {
  const std::uint32_t data = scene.blocks[scene.spots.back().block].payload();
  const WrittenRun& run = overrun ? fit.overrun : fit.underrun;
  if (run.end < data) return "the write stops inside the header";
  if (run.end == data) return "the write stops exactly where the data behind the header begins";
  return "the write goes on into the data behind the header, for about " + std::to_string(run.end - data) + " bytes";
}

std::string WhatItIs(const RunFit& fit, bool overrun) {
  if (overrun && !fit.goes_on) return "the bytes on both sides fit a write that ran up better than one that ran down";
  if (overrun) return "the bytes behind this block are what blocks of its tag hold: its owner went on writing";
  if (fit.whole_buffer) return "the write is as long as this block's data, and starts below it";
  return "what blocks of this size start with stands too low, in front of this block's data";
}

/// The direction's own three votes, where the memory speaks for it.
void VoteDirection(const Scene& scene, const RunFit& fit, bool overrun, std::vector<Vote>& votes) {
  const std::uint64_t at = scene.AddressOf(overrun ? fit.overrun.begin : fit.underrun.begin);
  const auto vote = [&](double margin, Weight for_overrun, Weight for_underrun, const std::string& text) {
    constexpr double kLeast = 0.2, kMost = 8;  // nats: less is not worth a line, and contents are never known so well
    if (overrun == (margin > 0) && std::abs(margin) >= kLeast)
      votes.push_back({overrun ? for_overrun : for_underrun, std::min(std::abs(margin), kMost), at, text});
  };
  vote(fit.start_margin, Weight::kRunStartOverrun, Weight::kRunStartUnderrun, WhereItStarts(scene, fit, overrun));
  // A stop inside the header speaks against an underrun, and for an overrun no more than for every other short write.
  constexpr double kMostInHeader = 3, kMostAgainst = 7;
  const bool in_header = fit.overrun.end < scene.blocks[scene.spots.back().block].payload();
  const double stop = in_header ? std::min(fit.stop_margin, kMostInHeader) : fit.stop_margin;
  if (!overrun && stop < fit.stop_margin)
    votes.push_back(
        {Weight::kDamageNotSuffix, std::min(fit.stop_margin, kMostAgainst), at, WhereItStops(scene, fit, true)});
  vote(stop, Weight::kRunStopOverrun, Weight::kRunStopUnderrun, WhereItStops(scene, fit, overrun));
  vote(fit.margin() - fit.start_margin - fit.stop_margin, Weight::kRunFitsOverrun, Weight::kRunFitsUnderrun,
       WhatItIs(fit, overrun));
}

/// Whole lines or sectors: what they explain better than the better of the two directions, and what that one was given
/// for being better than the other. Its votes are capped, so to count from the other one would favour the device.
void VoteAligned(const Scene& scene, const RunFit& fit, std::vector<Vote>& votes) {
  constexpr double kMost = 14;  // nats
  if (!fit.MayBeAligned()) return;
  std::vector<Vote> of_better;
  VoteDirection(scene, fit, fit.margin() > 0, of_better);
  const double given = std::accumulate(of_better.begin(), of_better.end(), 0.0,
                                       [](double sum, const Vote& vote) { return sum + LogOddsOf(vote); });
  const double better = std::max(fit.overrun.log_likelihood, fit.underrun.log_likelihood);
  const double nats = fit.aligned->log_likelihood - better + given / WeightOf(Weight::kRunFitsAligned).log_odds;
  if (nats <= 0) return;
  const std::uint32_t bytes = fit.aligned->end - fit.aligned->begin;
  votes.push_back({Weight::kRunFitsAligned, std::min(nats, kMost), scene.AddressOf(fit.aligned->begin),
                   "what is written would be the " + std::to_string(bytes) + " bytes between two addresses that are " +
                       "multiples of " + (bytes <= 64 ? "64, a cache line" : "512, a sector") +
                       ", as a device writes"});
}

}  // namespace

void VoteWrittenRun(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  const RunFit* fit = scene.run_fit.get();
  if (fit == nullptr) return;
  if (h.kind == FaultKind::kPageStomp) return VoteAligned(scene, *fit, votes);
  const bool overrun = h.kind == FaultKind::kOverrun && h.block == scene.Below(scene.victim());
  if (overrun || h.kind == FaultKind::kUnderrun) VoteDirection(scene, *fit, overrun, votes);
}

}  // namespace poolblame
