#include "tests/evaluation/runner.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

#include "parser/image/address_space.h"
#include "parser/image/image.h"
#include "parser/kernel/system.h"
#include "parser/pool/pool_census.h"
#include "parser/pool/segment_heap.h"
#include "pooltag/tag_database.h"

namespace poolblame::evaluation {
namespace {

constexpr std::string_view kNotBuilt = "build";
constexpr std::string_view kNotOpened = "open";

Outcome Failed(std::uint64_t index, const Recipe& recipe, std::string_view step, const Error& error) {
  Outcome outcome;
  outcome.index = index;
  outcome.recipe = recipe;
  outcome.error = std::string(step) + ": " + error.what;
  return outcome;
}

/// What a person would say on the command line about a file that says nothing of itself.
OpenOptions OptionsFor(const Recipe& recipe, const samples::Truth& truth) {
  OpenOptions options;
  if (recipe.container != "pool-pages" && recipe.container != "raw") return options;
  if (recipe.container == "pool-pages") options.base = VirtAddr{truth.base};
  if (!recipe.system_told()) return options;
  options.machine = recipe.machine == "x86" ? Machine::kX86 : Machine::kX64;
  options.build = recipe.windows;
  return options;
}

/// Whether the dump has the page of this address. A triage dump is the one container that holds only some pool pages.
bool Holds(const AddressSpace& space, const Recipe& recipe, std::uint64_t address) {
  return recipe.container != "triage" || space.Page(VirtAddr{address}.page()).presence == Presence::kPresent;
}

bool HoldsDamage(const AddressSpace& space, const Recipe& recipe, const samples::Truth& truth) {
  return Holds(space, recipe, truth.damage_start != 0 ? truth.damage_start : truth.victim_header);
}

/// What this container lets anybody know. A fault that the kernel caught in the call damaged nothing; only the bug
/// check tells of it, and raw memory and bare pool pages carry none: there it left no trace. A culprit whose header the
/// dump lacks is no block of the image.
samples::Truth TruthInContainer(const AddressSpace& space, const Recipe& recipe, samples::Truth truth) {
  const bool caught = truth.kind != "clean" && truth.damage_end == 0;
  if (caught && (recipe.container == "raw" || recipe.container == "pool-pages")) truth.visible = false;
  if (!Holds(space, recipe, truth.culprit_header)) truth.culprit_header = 0;
  return truth;
}

std::uint64_t SiblingsOfVictim(const PoolCensus& census, const samples::Truth& truth) {
  const TagStatistics* statistics = census.Tag(PoolTag::FromText(truth.victim_tag).name());
  return statistics == nullptr || statistics->allocated == 0 ? 0 : statistics->allocated - 1;
}

Outcome::Key KeyOf(const PoolCensus& census, const samples::Truth& truth) {
  if (census.segment_heap == nullptr || !census.segment_heap->heap_key()) return Outcome::Key::kNotFound;
  return census.segment_heap->heap_key()->key == truth.heap_key ? Outcome::Key::kRight : Outcome::Key::kWrong;
}

using Clock = std::chrono::steady_clock;
double Seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

/// In a small image no block may fit the fault; a few more draws of seed and size find one.
constexpr std::uint32_t kAttempts = 8;

Outcome DrawAndRun(const RunOptions& options, std::uint64_t index, const TagDatabase& tags) {
  Outcome outcome;
  for (std::uint32_t attempt = 0; attempt < kAttempts; ++attempt) {
    outcome = RunOne(index, DrawRecipe(options.seed, index, options.filter, attempt), tags, options.keep_hypotheses);
    if (!outcome.error.starts_with(kNotBuilt)) break;
  }
  return outcome;
}

}  // namespace

Outcome JudgeBuilt(std::uint64_t index, const Recipe& recipe, const samples::BuiltImage& built, const TagDatabase& tags,
                   bool keep_hypotheses) {
  const auto start = Clock::now();
  const Result<Image> image = Image::FromBytes(ByteView(built.bytes), "evaluation", OptionsFor(recipe, built.truth));
  if (!image) return Failed(index, recipe, kNotOpened, image.error());
  const AddressSpace space(*image);
  const System system = ReadSystem(space);
  ScanOptions scan;
  scan.threads = 1;
  const PoolCensus census = ScanPool(space, system, scan);
  const samples::Truth truth = TruthInContainer(space, recipe, built.truth);
  Outcome outcome = Compare(index, recipe, truth, Judge(space, system, census, tags));
  outcome.in_image = outcome.clean() || HoldsDamage(space, recipe, truth);
  outcome.culprit_in_image = truth.culprit_header == built.truth.culprit_header;
  outcome.siblings = SiblingsOfVictim(census, truth);
  if (truth.heap_key != 0) outcome.key = KeyOf(census, truth);
  if (keep_hypotheses) outcome.hypotheses = WeighedHypotheses(space, system, census, tags, truth);
  outcome.judge_seconds = Seconds(Clock::now() - start);
  return outcome;
}

Outcome RunOne(std::uint64_t index, const Recipe& recipe, const TagDatabase& tags, bool keep_hypotheses) {
  const auto start = Clock::now();
  const Result<samples::BuiltImage> built = samples::BuildSample(recipe.Text());
  if (!built) return Failed(index, recipe, kNotBuilt, built.error());
  const double build_seconds = Seconds(Clock::now() - start);
  Outcome outcome = JudgeBuilt(index, recipe, *built, tags, keep_hypotheses);
  outcome.build_seconds = build_seconds;
  return outcome;
}

std::vector<Outcome> RunAll(const RunOptions& options) {
  const TagDatabase tags = TagDatabase::BuiltIn();
  std::vector<Outcome> outcomes(options.images);
  std::atomic<std::uint64_t> next = 0;
  const auto work = [&] {
    for (std::uint64_t i = next++; i < options.images; i = next++) outcomes[i] = DrawAndRun(options, i, tags);
  };
  const unsigned threads = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::jthread> workers;
  for (unsigned t = 1; t < threads; ++t) workers.emplace_back(work);
  work();
  workers.clear();  // joins
  return outcomes;
}

}  // namespace poolblame::evaluation
