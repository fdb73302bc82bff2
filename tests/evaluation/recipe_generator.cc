#include "tests/evaluation/recipe_generator.h"

#include <algorithm>
#include <span>

#include "tests/evaluation/split_mix.h"

namespace poolblame::evaluation {
namespace {

struct FaultShare {
  const char* fault;
  std::uint32_t weight;
  bool writes;  // takes bytes= and content=
};
// Overruns lead because they lead in the field (Microsoft's special-pool page: "most corruption is overrun, not
// underrun"); a quarter is clean so that 2,000 images hold the 500 that a false-alarm claim needs.
constexpr FaultShare kFaults[] = {
    {"clean", 27, false},           {"overrun", 31, true},   {"underrun", 7, true},  {"use-after-free", 7, true},
    {"double-free", 6, false},      {"bit-flip", 7, false},  {"free-list", 4, true}, {"wild-write", 3, true},
    {"nonlinear-overrun", 3, true}, {"page-stomp", 2, true}, {"bad-free", 1, false}, {"uninitialised", 1, false},
};

struct Share {
  const char* name;
  std::uint32_t weight;
};
constexpr Share kMachines[] = {{"x64", 65}, {"x86", 35}};
// Zero and strings are what real overruns write most (terminators, memset, copied names).
constexpr Share kContents[] = {{"zero", 15},    {"fill", 14},   {"string", 18}, {"utf16", 15},
                               {"pointer", 12}, {"struct", 16}, {"random", 10}};
constexpr Share kContainers[] = {{"full", 60}, {"bitmap", 13}, {"triage", 9}, {"pool-pages", 9}, {"raw", 9}};

struct BuildShare {
  std::uint32_t build;
  bool x86, x64;
  std::uint32_t weight;
};
// The last kernels with the classic pool end at 17763; 18362 has the segment heap and is not judged.
constexpr BuildShare kBuilds[] = {
    {2600, true, false, 10}, {3790, true, true, 10}, {6002, true, true, 8},
    {7601, true, true, 26},  {9200, true, true, 10}, {9600, true, true, 22},
    {10586, true, true, 4},  {14393, true, true, 6}, {17134, true, true, 4},
};

template <typename Row, typename Keep>
const Row& DrawRow(SplitMix64& random, std::span<const Row> rows, Keep keep) {
  std::uint32_t total = 0;
  for (const Row& row : rows)
    if (keep(row)) total += row.weight;
  const bool nothing_left = total == 0;
  if (nothing_left)
    for (const Row& row : rows) total += row.weight;
  std::uint32_t ticket = random.Below(total);
  for (const Row& row : rows) {
    if (!nothing_left && !keep(row)) continue;
    if (ticket < row.weight) return row;
    ticket -= row.weight;
  }
  return rows.back();
}

template <typename T, typename U>
bool Allowed(const std::vector<T>& list, const U& value) {
  return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}

std::string DrawName(SplitMix64& random, std::span<const Share> rows, const std::vector<std::string>& filter) {
  return DrawRow(random, rows, [&](const Share& row) { return Allowed(filter, row.name); }).name;
}

std::uint32_t DrawBuild(SplitMix64& random, bool x64, const std::vector<std::uint32_t>& filter) {
  const std::span<const BuildShare> rows = kBuilds;
  const auto fits_machine = [&](const BuildShare& row) { return x64 ? row.x64 : row.x86; };
  const bool can_filter = std::any_of(
      rows.begin(), rows.end(), [&](const BuildShare& row) { return fits_machine(row) && Allowed(filter, row.build); });
  return DrawRow(
             random, rows,
             [&](const BuildShare& row) { return fits_machine(row) && (!can_filter || Allowed(filter, row.build)); })
      .build;
}

/// Off-by-N is the hardest and commonest length, so 4 of 10 writes are 1 to 16 bytes; the rest is even up to 200.
std::uint32_t DrawLength(SplitMix64& random) {
  return random.Chance(40) ? random.Between(1, 16) : random.Between(1, 200);
}

/// Half the machines go on for a while before the damage is noticed.
std::uint32_t DrawActivity(SplitMix64& random) {
  if (random.Chance(50)) return 0;
  return random.Chance(50) ? random.Between(1, 50) : random.Between(51, 400);
}

void Append(std::string& line, const char* key, const std::string& value) {
  if (!line.empty()) line += ' ';
  line += key;
  line += '=';
  line += value;
}

}  // namespace

std::string Recipe::Text() const {
  std::string line;
  Append(line, "windows", std::to_string(windows));
  Append(line, "machine", machine);
  Append(line, "container", container);
  Append(line, "fault", fault);
  if (bytes != 0) Append(line, "bytes", std::to_string(bytes));
  if (!content.empty()) Append(line, "content", content);
  Append(line, "pages", std::to_string(pages));
  Append(line, "activity", std::to_string(activity));
  Append(line, "seed", std::to_string(seed));
  return line;
}

Recipe DrawRecipe(std::uint64_t seed, std::uint64_t index, const RecipeFilter& filter) {
  SplitMix64 mixer(seed);
  SplitMix64 random(mixer.Next() ^ (index * 0xD1B54A32D192ED03));  // odd: neighbours do not share a stream
  random.Next();
  Recipe recipe;
  const FaultShare& fault = DrawRow(random, std::span<const FaultShare>(kFaults),
                                    [&](const FaultShare& row) { return Allowed(filter.faults, row.fault); });
  recipe.fault = fault.fault;
  recipe.machine = DrawName(random, kMachines, filter.machines);
  recipe.windows = DrawBuild(random, recipe.machine == "x64", filter.windows);
  recipe.container = DrawName(random, kContainers, {});
  const std::string content = DrawName(random, kContents, {});
  const std::uint32_t length = DrawLength(random);
  if (fault.writes) {
    recipe.content = content;
    recipe.bytes = length;
  }
  recipe.pages = random.Between(40, 200);
  recipe.activity = DrawActivity(random);
  recipe.seed = random.Next() >> 32;
  return recipe;
}

std::vector<std::string> DrawnFaults() {
  std::vector<std::string> names;
  for (const FaultShare& row : kFaults) names.emplace_back(row.fault);
  return names;
}

}  // namespace poolblame::evaluation
