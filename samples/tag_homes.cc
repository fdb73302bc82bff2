#include "samples/tag_homes.h"

#include <array>

#include "samples/bytes.h"
#include "samples/random.h"
#include "samples/tag_population.h"

namespace poolblame::samples {
namespace {

struct HoldingShare {
  TagHolding holding;
  const char* name;
  unsigned percent;
};
// The shares are the builder's, not measured: most tags are plain operands, and every other way is there.
constexpr std::array<HoldingShare, 7> kHoldings = {{{TagHolding::kCall, "call", 48},
                                                    {TagHolding::kKept, "kept", 10},
                                                    {TagHolding::kLookaside, "lookaside", 10},
                                                    {TagHolding::kWrapper, "wrapper", 10},
                                                    {TagHolding::kGlobal, "global", 8},
                                                    {TagHolding::kTable, "table", 5},
                                                    {TagHolding::kNowhere, "nowhere", 9}}};

struct EchoShare {
  TagEcho echo;
  unsigned percent;
};
constexpr std::array<EchoShare, 5> kEchoes = {{{TagEcho::kText, 15},
                                               {TagEcho::kChanceInCode, 15},
                                               {TagEcho::kChanceInData, 10},
                                               {TagEcho::kCompare, 3},
                                               {TagEcho::kFree, 3}}};

TagHolding DrawHolding(Random& random) {
  std::uint64_t at = random.Below(100);
  for (const HoldingShare& row : kHoldings) {
    if (at < row.percent) return row.holding;
    at -= row.percent;
  }
  return TagHolding::kCall;
}

std::size_t OtherDriver(Random& random, std::size_t owner) {
  const std::size_t other = random.Below(Drivers().size() - 1);
  return other < owner ? other : other + 1;
}

std::string RoutineFor(TagHolding holding, const Recipe& recipe, Random& random) {
  constexpr std::uint32_t kFirstWithPool2 = 19041;
  if (holding == TagHolding::kLookaside) return "ExInitializeNPagedLookasideList";
  const bool pool2 = recipe.profile.x64 && recipe.profile.build >= kFirstWithPool2 && random.Chance(50);
  return pool2 ? "ExAllocatePool2" : "ExAllocatePoolWithTag";
}

void DrawEchoes(TagHome& home, std::size_t owner, Random& random) {
  const bool nowhere = home.holding == TagHolding::kNowhere;
  for (const EchoShare& row : kEchoes) {
    const bool knows_it = row.echo == TagEcho::kCompare || row.echo == TagEcho::kFree;
    const bool drawn = random.Chance(row.percent);
    // A tag that is nowhere is to be found by chance alone, and is to be found.
    if (nowhere ? !knows_it : drawn) home.echoes.push_back({OtherDriver(random, owner), row.echo});
  }
}

}  // namespace

const char* TagHoldingName(TagHolding holding) {
  for (const HoldingShare& row : kHoldings)
    if (row.holding == holding) return row.name;
  return "";
}

std::vector<TagHome> DrawTagHomes(const Recipe& recipe) {
  std::vector<TagHome> homes;
  for (std::size_t model = 0; model < Tags().size(); ++model) {
    Random random(MixSeed(MixSeed(recipe.seed, 0x7A6), model));
    TagHome home;
    home.model = model;
    home.tag = TagOf(Tags()[model].tag);
    if (IsObject(Tags()[model]) && recipe.profile.protected_tags) home.tag |= 0x80000000U;
    home.holding = DrawHolding(random);
    home.routine = RoutineFor(home.holding, recipe, random);
    DrawEchoes(home, Tags()[model].driver, random);
    homes.push_back(home);
  }
  return homes;
}

std::vector<TagTruth> TagTruths(const Recipe& recipe) {
  std::vector<TagTruth> truths;
  for (const TagHome& home : DrawTagHomes(recipe)) {
    const TagSpec& spec = Tags()[home.model];
    truths.push_back({spec.tag, Drivers()[spec.driver].name, TagHoldingName(home.holding)});
  }
  return truths;
}

}  // namespace poolblame::samples
