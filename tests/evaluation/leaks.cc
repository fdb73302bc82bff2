// poolblame_leaks: is the tag that leaks first in the ranking of what grew? Makes rows of images of one boot, in each a
// leak, a busy tag and a cache that fills, counts them and ranks. Exit status: 0, or with --check 1 when the promise is
// missed; 2 usage.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "heuristics/usage_growth.h"
#include "parser/pool/pool_census.h"
#include "samples/builder.h"
#include "samples/tag_population.h"
#include "tests/evaluation/split_mix.h"

namespace poolblame::evaluation {
namespace {

constexpr double kPromise = 0.99;

struct CommandLine {
  std::uint64_t rows = 200, seed = 1000, images = 2;
  bool blocks_only = false, check = false, verbose = false;
};

/// What one row of images is made from.
struct Drawn {
  std::string leak, busy, cache;
  std::vector<std::string> recipes;  // oldest first
};

constexpr std::array<const char*, 10> kWindows = {
    "2600 machine=x86",  "3790 machine=x64",  "7601 machine=x86",  "7601 machine=x64",  "9600 machine=x64",
    "17134 machine=x64", "18362 machine=x64", "19041 machine=x64", "22621 machine=x64", "26100 machine=x64"};

/// A tag of nonpaged or paged pool: session pool has no tracker table that is read.
std::string DrawTag(SplitMix64& random) {
  for (;;) {
    const samples::TagSpec& spec = samples::Tags()[random.Below(static_cast<std::uint32_t>(samples::Tags().size()))];
    if (!spec.session) return spec.tag;
  }
}

std::string Word(const std::string& tag) { return tag.substr(0, tag.find(' ')); }

Drawn DrawRow(const CommandLine& line, std::uint64_t index) {
  SplitMix64 random(line.seed * 1000003 + index);
  Drawn drawn;
  drawn.leak = DrawTag(random);
  while (drawn.busy.empty() || drawn.busy == drawn.leak) drawn.busy = DrawTag(random);
  while (drawn.cache.empty() || drawn.cache == drawn.leak || drawn.cache == drawn.busy) drawn.cache = DrawTag(random);
  const std::string windows = kWindows[random.Below(kWindows.size())];
  const std::uint64_t pages = 700 + random.Below(500), activity = 300 + random.Below(500);
  const std::uint64_t step = 500 + random.Below(1500), minutes = 20 + random.Below(600);
  for (std::uint64_t i = 0; i < line.images; ++i)
    drawn.recipes.push_back(fmt::format(
        "windows={} fault=none bugcheck=none tracker={} leak={} busy={} cache={} pages={} seed={} activity={} "
        "later={}",
        windows, line.blocks_only ? "no" : "yes", Word(drawn.leak), Word(drawn.busy), Word(drawn.cache), pages,
        line.seed + index, activity + i * step, i * minutes));
  return drawn;
}

UsageSample SampleOf(const std::string& recipe, const TagDatabase& tags) {
  const auto built = samples::BuildSample(recipe);
  if (!built) throw std::runtime_error(recipe + ": " + built.error().what);
  const auto image = Image::FromBytes({built->bytes.data(), built->bytes.size()}, recipe, {});
  if (!image) throw std::runtime_error(recipe + ": cannot be opened");
  const AddressSpace space(*image);
  const System system = ReadSystem(space);
  ScanOptions options;
  options.threads = 1;
  return {recipe, CountUsage(space, system, ScanPool(space, system, options), tags), image->facts().origin,
          system.kernel_image_base};
}

struct Score {
  std::uint64_t first = 0, among_three = 0, suspected = 0, innocent_suspects = 0;
};

void Judge(const Drawn& drawn, const Growth& growth, bool verbose, Score& score) {
  std::size_t place = 0;
  while (place < growth.rows.size() && growth.rows[place].tag != PoolTag::FromText(drawn.leak)) ++place;
  const bool found = place < growth.rows.size();
  score.first += place == 0 && found ? 1 : 0;
  score.among_three += place < 3 && found ? 1 : 0;
  score.suspected += found && growth.rows[place].suspect ? 1 : 0;
  for (std::size_t i = 0; i < growth.rows.size(); ++i) score.innocent_suspects += i != place && growth.rows[i].suspect;
  if (!verbose && place == 0) return;
  fmt::print("  '{}' is {} of {}; first '{}', busy '{}', cache '{}'\n    {}\n", drawn.leak, place + 1,
             growth.rows.size(), growth.rows.empty() ? "" : growth.rows.front().tag.text(), drawn.busy, drawn.cache,
             drawn.recipes.back());
}

int Evaluate(const CommandLine& line) {
  const TagDatabase tags = TagDatabase::BuiltIn();
  Score score;
  fmt::print("seed {}, {} rows of {} images{}\n", line.seed, line.rows, line.images,
             line.blocks_only ? ", without a tracker table" : "");
  for (std::uint64_t i = 0; i < line.rows; ++i) {
    const Drawn drawn = DrawRow(line, i);
    std::vector<UsageSample> samples;
    for (const std::string& recipe : drawn.recipes) samples.push_back(SampleOf(recipe, tags));
    Judge(drawn, RankGrowth(samples), line.verbose, score);
  }
  const auto print = [&](const char* what, std::uint64_t count) {
    fmt::print("  {:<32} {:>5}  {:5.1f} %\n", what, count,
               100.0 * static_cast<double>(count) / static_cast<double>(line.rows));
  };
  print("leak first", score.first);
  print("leak among the first three", score.among_three);
  print("leak called a suspect", score.suspected);
  print("innocent tags called suspects", score.innocent_suspects);
  const bool kept = static_cast<double>(score.first) >= kPromise * static_cast<double>(line.rows);
  return line.check && !kept ? 1 : 0;
}

}  // namespace
}  // namespace poolblame::evaluation

int main(int argc, char** argv) {
  CLI::App app("Makes rows of images of one boot with a leak and counts how often the ranking has it first.");
  poolblame::evaluation::CommandLine line;
  app.add_option("--rows", line.rows, "rows of images")->check(CLI::Range(1, 10000));
  app.add_option("--images", line.images, "images of a row")->check(CLI::Range(2, 20));
  app.add_option("--seed", line.seed, "which rows: README.md says which seeds are for what");
  app.add_flag("--blocks", line.blocks_only, "images without a tracker table");
  app.add_flag("--check", line.check, "exit with 1 when the promise is missed");
  app.add_flag("--verbose", line.verbose, "one line a row");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return poolblame::evaluation::Evaluate(line);
}
