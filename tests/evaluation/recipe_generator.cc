#include "tests/evaluation/recipe_generator.h"

#include <algorithm>
#include <span>

#include "tests/evaluation/split_mix.h"

namespace poolblame::evaluation {
namespace {

constexpr const char* kRichPayload = "payload=rich";

struct FaultShare {
  const char* fault;  // the builder's word
  const char* kind;   // REPORT.md's
  std::uint32_t weight;
  bool has_bytes, has_content;  // takes bytes=, content=
  bool segment_heap_only = false;
};
// Overruns lead because they lead in the field (Microsoft's special-pool page: "most corruption is overrun, not
// underrun"); a quarter is clean so that 2,000 images hold the 500 that a false-alarm claim needs. A wild write's
// length is the builder's: a stray pointer writes a few bytes, not 200.
constexpr FaultShare kFaults[] = {
    {"none", "clean", 27, false, false},
    {"overrun", "overrun", 24, true, true},
    {"off-by-one", "overrun", 4, false, false},
    {"cross-page", "overrun", 3, true, true},
    {"big-overrun", "overrun", 1, true, false},
    {"payload-overrun", "overrun", 3, true, true},
    {"underrun", "underrun", 7, true, true},
    {"use-after-free", "use-after-free", 7, false, false},
    {"double-free", "double-free", 6, false, false},
    {"bit-flip", "bit-flip", 7, false, false},
    {"free-list", "free-list", 3, false, false},
    {"wild-write", "wild-write", 3, false, true},
    {"nonlinear-overrun", "nonlinear-overrun", 3, false, true},
    {"page-stomp", "page-stomp", 2, false, true},
    {"dma-line", "page-stomp", 1, false, true},
    {"bad-free", "bad-free", 1, false, false},
    {"uninitialised", "uninitialised", 1, false, true},
    {"range-overrun", "overrun", 5, true, true, true},
    {"slush-overrun", "overrun", 1, true, true, true},
};

struct Share {
  const char* name;
  std::uint32_t weight;
};
constexpr Share kMachines[] = {{"x64", 65}, {"x86", 35}};
// "continue" is what most overruns are: the owner went on writing what it always writes. The others are the issue's.
constexpr Share kContents[] = {{"continue", 20}, {"zero", 13},     {"fill", 12},    {"string", 15},
                               {"utf16", 12},    {"pointers", 10}, {"records", 12}, {"random", 6}};
constexpr Share kContainers[] = {{"full", 50},  {"summary", 10},   {"bitmap", 9}, {"kernel-bitmap", 6},
                                 {"triage", 9}, {"pool-pages", 8}, {"raw", 8}};
// Allocators of the family that do things a little differently; a rule copied from one must not raise alarms on
// another.
constexpr Share kStyles[] = {{"", 70},
                             {"lookaside_marked=no", 8},
                             {"pool_index=no", 6},
                             {"free_tag=keep", 5},
                             {"free_tag=free", 5},
                             {"lookaside=0 deferred=0", 3},
                             {"lookaside=32 deferred=32", 3}};

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

constexpr BuildShare kSegmentHeapBuilds[] = {{18362, false, true, 20},
                                             {19041, false, true, 20},
                                             {22000, false, true, 20},
                                             {22621, false, true, 20},
                                             {26100, false, true, 20}};
constexpr Share kSegmentHeapContainers[] = {
    {"full", 50}, {"summary", 15}, {"bitmap", 15}, {"kernel-bitmap", 10}, {"triage", 10}};
constexpr Share kBackends[] = {{"backend=vs", 50}, {"backend=lfh", 50}};
// What a stale pointer's owner does, and how a block comes onto its list twice: mostly left to the builder.
constexpr Share kStaleWrites[] = {{"", 70}, {"variant=decrement", 18}, {"variant=flag", 12}};
constexpr Share kDoubleFrees[] = {{"", 85}, {"variant=buried", 15}};
constexpr Share kStructures[] = {{"variant=vs", 35}, {"variant=lfh", 40}, {"variant=segment", 25}};

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

std::uint32_t DrawBuild(SplitMix64& random, std::span<const BuildShare> rows, bool x64,
                        const std::vector<std::uint32_t>& filter) {
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
std::uint32_t DrawAfter(SplitMix64& random) {
  if (random.Chance(50)) return 0;
  return random.Chance(50) ? random.Between(1, 50) : random.Between(51, 400);
}

/// Style, the second PoolType encoding that build 3790 occurs with, and page tables without PAE where they existed.
std::string StyleWords(SplitMix64& random, const Recipe& recipe) {
  std::string words = DrawName(random, kStyles, {});
  if (recipe.fault == "double-free" && words.starts_with("lookaside=0")) words.clear();  // needs a list to sit on twice
  const bool plain_encoding = random.Chance(40), plain_paging = random.Chance(30);
  if (recipe.windows == 3790 && plain_encoding) words += words.empty() ? "encoding=plain" : " encoding=plain";
  if (recipe.machine == "x86" && recipe.windows < 9200 && plain_paging)
    words += words.empty() ? "paging=plain" : " paging=plain";
  return words;
}

void DrawClassicSystem(SplitMix64& random, const RecipeFilter& filter, Recipe& recipe) {
  recipe.machine = DrawName(random, kMachines, filter.machines);
  recipe.windows = DrawBuild(random, kBuilds, recipe.machine == "x64", filter.windows);
  recipe.container = DrawName(random, kContainers, filter.containers);
  recipe.style = StyleWords(random, recipe);
}

void DrawSegmentHeapSystem(SplitMix64& random, const RecipeFilter& filter, Recipe& recipe) {
  recipe.machine = "x64";
  // Later builds' table of big allocations is not known to name a pattern.
  const bool slush = recipe.fault == "slush-overrun";
  recipe.windows =
      DrawBuild(random, kSegmentHeapBuilds, true, slush ? std::vector<std::uint32_t>{18362, 19041} : filter.windows);
  recipe.container = DrawName(random, kSegmentHeapContainers, filter.containers);
  recipe.style = DrawName(random, kBackends, {});
  if (recipe.fault == "free-list") recipe.style = "backend=vs";  // free low-fragmentation slots are on no list
}

void AppendWords(const std::string& words, std::string& style) {
  if (!words.empty()) style += (style.empty() ? "" : " ") + words;
}

void DrawVariant(SplitMix64& random, Recipe& recipe) {
  if (recipe.fault == "use-after-free") AppendWords(DrawName(random, kStaleWrites, {}), recipe.style);
  // Free low-fragmentation slots are on no list.
  const bool slots = recipe.style.find("backend=lfh") != std::string::npos;
  if (recipe.fault == "double-free" && !slots) AppendWords(DrawName(random, kDoubleFrees, {}), recipe.style);
}

/// What a range-overrun hits, and in three images of ten large allocations.
void DrawLargeThings(SplitMix64& random, Recipe& recipe) {
  if (recipe.fault == "range-overrun") recipe.style += ' ' + DrawName(random, kStructures, {});
  if (random.Chance(30)) recipe.style += " large=" + std::to_string(random.Between(1, 8));
}

/// Variety is asked for where something is told by contents alone; in half of those images, and of the clean ones.
void DrawPayload(SplitMix64& random, Recipe& recipe) {
  constexpr const char* kToldByContents[] = {"none", "payload-overrun", "nonlinear-overrun", "uninitialised",
                                             "wild-write"};
  const bool told = std::ranges::find(kToldByContents, recipe.fault) != std::end(kToldByContents);
  if (told && random.Chance(50)) AppendWords(kRichPayload, recipe.style);
}

void Append(std::string& line, const char* key, const std::string& value) {
  if (!line.empty()) line += ' ';
  line += key;
  line += '=';
  line += value;
}

}  // namespace

bool Recipe::is_rich() const { return style.find(kRichPayload) != std::string::npos; }

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
  if (after != 0) Append(line, "after", std::to_string(after));
  if (!style.empty()) line += ' ' + style;
  Append(line, "seed", std::to_string(seed));
  return line;
}

Recipe DrawRecipe(std::uint64_t seed, std::uint64_t index, const RecipeFilter& filter, std::uint32_t attempt) {
  SplitMix64 mixer(seed);
  SplitMix64 random(mixer.Next() ^ (index * 0xD1B54A32D192ED03));  // odd: neighbours do not share a stream
  random.Next();
  Recipe recipe;
  const FaultShare& fault = DrawRow(random, std::span<const FaultShare>(kFaults), [&](const FaultShare& row) {
    const bool fits_pool = filter.segment_heap || !row.segment_heap_only;
    return fits_pool && (Allowed(filter.faults, row.fault) || Allowed(filter.faults, row.kind));
  });
  recipe.fault = fault.fault;
  filter.segment_heap ? DrawSegmentHeapSystem(random, filter, recipe) : DrawClassicSystem(random, filter, recipe);
  const std::string content = DrawName(random, kContents, {});
  const std::uint32_t length = DrawLength(random);
  if (fault.has_content) recipe.content = content;
  if (fault.has_bytes) recipe.bytes = length;
  recipe.pages = 2 * random.Between(48, 200) + 64 * attempt;
  recipe.activity = random.Between(0, 800);
  recipe.after = DrawAfter(random);
  recipe.seed = (random.Next() >> 32) + attempt;
  if (filter.segment_heap) DrawLargeThings(random, recipe);
  // The last draws of a recipe, so that the others stay what they are.
  DrawVariant(random, recipe);
  DrawPayload(random, recipe);
  return recipe;
}

std::vector<std::string> ContainerWords() {
  std::vector<std::string> words;
  for (const Share& row : kContainers) words.emplace_back(row.name);
  return words;
}

std::vector<std::string> FaultWords() {
  std::vector<std::string> words;
  for (const FaultShare& row : kFaults)
    for (const char* word : {row.kind, row.fault})
      if (std::find(words.begin(), words.end(), word) == words.end()) words.emplace_back(word);
  return words;
}

}  // namespace poolblame::evaluation
