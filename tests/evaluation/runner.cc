#include "tests/evaluation/runner.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "parser/image/address_space.h"
#include "parser/image/image.h"
#include "parser/kernel/system.h"
#include "parser/pool/pool_census.h"
#include "pooltag/tag_database.h"

namespace poolblame::evaluation {
namespace {

Outcome Failed(std::uint64_t index, const Recipe& recipe, const char* step, const Error& error) {
  Outcome outcome;
  outcome.index = index;
  outcome.recipe = recipe;
  outcome.error = std::string(step) + ": " + error.what;
  return outcome;
}

/// A bare file of pool pages says nothing of its system: a person gives these facts on the command line.
OpenOptions OptionsFor(const Recipe& recipe, const samples::Truth& truth) {
  OpenOptions options;
  if (recipe.container != "pool-pages" && recipe.container != "raw") return options;
  options.machine = recipe.machine == "x86" ? Machine::kX86 : Machine::kX64;
  options.build = recipe.windows;
  if (recipe.container == "pool-pages") options.base = VirtAddr{truth.page}.page();
  return options;
}

}  // namespace

Outcome RunOne(std::uint64_t index, const Recipe& recipe, const TagDatabase& tags) {
  const Result<samples::BuiltImage> built = samples::BuildSample(recipe.Text());
  if (!built) return Failed(index, recipe, "build", built.error());
  const Result<Image> image = Image::FromBytes(ByteView(built->bytes), "evaluation", OptionsFor(recipe, built->truth));
  if (!image) return Failed(index, recipe, "open", image.error());
  const AddressSpace space(*image);
  const System system = ReadSystem(space);
  ScanOptions scan;
  scan.threads = 1;
  const PoolCensus census = ScanPool(space, system, scan);
  return Compare(index, recipe, built->truth, Judge(space, system, census, tags));
}

std::vector<Outcome> RunAll(const RunOptions& options) {
  const TagDatabase tags = TagDatabase::BuiltIn();
  std::vector<Outcome> outcomes(options.images);
  std::atomic<std::uint64_t> next = 0;
  const auto work = [&] {
    for (std::uint64_t i = next++; i < options.images; i = next++)
      outcomes[i] = RunOne(i, DrawRecipe(options.seed, i, options.filter), tags);
  };
  const unsigned threads = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::jthread> workers;
  for (unsigned t = 1; t < threads; ++t) workers.emplace_back(work);
  work();
  workers.clear();  // joins
  return outcomes;
}

}  // namespace poolblame::evaluation
