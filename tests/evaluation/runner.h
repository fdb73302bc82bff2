// Builds, opens, scans and judges images. Images run in parallel; each is judged by one thread, so a run is as fast as
// the machine and the same whatever its number of threads.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/evaluation/outcome.h"
#include "tests/evaluation/recipe_generator.h"

namespace poolblame::evaluation {

struct RunOptions {
  std::uint64_t images = 0;
  std::uint64_t seed = 0;
  unsigned threads = 0;  // 0 = as many as the machine has
  RecipeFilter filter;
  bool keep_hypotheses = false;  // for FeatureCsv; costs a second weighing
};

/// One image from its recipe to its outcome, in memory. An image that cannot be built or opened is an outcome with
/// `error` set, never a silent hole in the statistics.
Outcome RunOne(std::uint64_t index, const Recipe& recipe, const TagDatabase& tags, bool keep_hypotheses = false);

/// The same from an image that is built already; of the recipe only what says how to open it is read.
Outcome JudgeBuilt(std::uint64_t index, const Recipe& recipe, const samples::BuiltImage& built, const TagDatabase& tags,
                   bool keep_hypotheses = false);

/// All images, in index order. Cost: some ten milliseconds an image and thread.
std::vector<Outcome> RunAll(const RunOptions& options);

}  // namespace poolblame::evaluation
