#include "tests/evaluation/recipe_generator.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "samples/recipe.h"
#include "tests/evaluation/split_mix.h"

namespace poolblame::evaluation {
namespace {

constexpr std::uint64_t kDraws = 4000;

// First outputs for seed 1234567 as published with the reference implementation (Rosetta Code, "Splitmix64").
TEST(SplitMix64, ReferenceValues) {
  SplitMix64 random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317U);
  EXPECT_EQ(random.Next(), 3203168211198807973U);
  EXPECT_EQ(random.Next(), 9817491932198370423U);
}

TEST(RecipeGenerator, SameSeedSameRecipe) {
  EXPECT_EQ(DrawRecipe(42, 7, {}).Text(), DrawRecipe(42, 7, {}).Text());
  EXPECT_NE(DrawRecipe(42, 7, {}).Text(), DrawRecipe(42, 8, {}).Text());
  EXPECT_NE(DrawRecipe(42, 7, {}).Text(), DrawRecipe(43, 7, {}).Text());
}

TEST(RecipeGenerator, AFifthIsCleanAndEveryFaultOccurs) {
  std::map<std::string, std::uint64_t> faults;
  for (std::uint64_t i = 0; i < kDraws; ++i) ++faults[DrawRecipe(1, i, {}).fault];
  EXPECT_GE(faults["none"], kDraws / 5);
  for (const char* fault : {"overrun", "off-by-one", "cross-page", "payload-overrun", "underrun", "use-after-free",
                            "double-free", "bit-flip", "free-list", "wild-write", "nonlinear-overrun", "page-stomp",
                            "bad-free", "uninitialised", "big-overrun", "dma-line"})
    EXPECT_GT(faults[fault], 0U) << fault;
}

TEST(RecipeGenerator, RangesOfTheIssueAreCovered) {
  std::set<std::uint32_t> lengths;
  std::set<std::string> machines_and_builds;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const Recipe recipe = DrawRecipe(1, i, {});
    if (recipe.bytes != 0) lengths.insert(recipe.bytes);
    machines_and_builds.insert(recipe.machine + std::to_string(recipe.windows));
    EXPECT_GE(recipe.pages, 96U);
    EXPECT_LE(recipe.pages, 400U);
  }
  EXPECT_EQ(*lengths.begin(), 1U);
  EXPECT_EQ(*lengths.rbegin(), 200U);
  EXPECT_EQ(machines_and_builds.count("x862600"), 1U);
  EXPECT_EQ(machines_and_builds.count("x642600"), 0U);  // XP x64 is build 3790
}

TEST(RecipeGenerator, AnotherAttemptIsTheSameFault) {
  const Recipe first = DrawRecipe(1, 3, {}, 0), second = DrawRecipe(1, 3, {}, 1);
  EXPECT_EQ(first.fault, second.fault);
  EXPECT_EQ(first.windows, second.windows);
  EXPECT_NE(first.seed, second.seed);
}

// A word that the builder does not know would make every image of that draw an error.
TEST(RecipeGenerator, TheBuilderKnowsEveryWord) {
  for (std::uint64_t i = 0; i < 200; ++i) {
    const std::string recipe = DrawRecipe(1, i, {}).Text();
    const auto parsed = samples::ParseRecipe(recipe);
    EXPECT_TRUE(parsed) << recipe << ": " << parsed.error().what;
  }
}

TEST(RecipeGenerator, FaultsOfTheSegmentHeapStayThere) {
  std::map<std::string, std::uint64_t> classic, segment;
  RecipeFilter filter;
  filter.segment_heap = true;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    ++classic[DrawRecipe(1, i, {}).fault];
    const Recipe recipe = DrawRecipe(1, i, filter);
    ++segment[recipe.fault];
    if (recipe.fault == "slush-overrun") {
      EXPECT_LT(recipe.windows, 20348U);
    }
    EXPECT_TRUE(samples::ParseRecipe(recipe.Text())) << recipe.Text();
  }
  for (const char* fault : {"range-overrun", "slush-overrun"}) {
    EXPECT_EQ(classic[fault], 0U) << fault;
    EXPECT_GT(segment[fault], 0U) << fault;
  }
}

TEST(RecipeGenerator, KindAndFaultBothFilter) {
  RecipeFilter kind{.faults = {"overrun"}, .machines = {}, .windows = {}};
  RecipeFilter fault{.faults = {"off-by-one"}, .machines = {}, .windows = {}};
  std::set<std::string> by_kind, by_fault;
  for (std::uint64_t i = 0; i < 300; ++i) {
    by_kind.insert(DrawRecipe(1, i, kind).fault);
    by_fault.insert(DrawRecipe(1, i, fault).fault);
  }
  EXPECT_EQ(by_kind, (std::set<std::string>{"overrun", "off-by-one", "cross-page", "big-overrun", "payload-overrun"}));
  EXPECT_EQ(by_fault, (std::set<std::string>{"off-by-one"}));
}

TEST(RecipeGenerator, SomeOfTheFaultsOfFreedBlocksHaveAVariant) {
  std::map<std::string, std::uint64_t> variants;
  const RecipeFilter filter{.faults = {"use-after-free", "double-free"}, .machines = {}, .windows = {}};
  for (std::uint64_t i = 0; i < 400; ++i) {
    const Recipe recipe = DrawRecipe(1, i, filter);
    const std::size_t at = recipe.style.find("variant=");
    ++variants[at == std::string::npos ? "" : recipe.style.substr(at)];
    EXPECT_TRUE(samples::ParseRecipe(recipe.Text())) << recipe.Text();
  }
  for (const char* variant : {"variant=decrement", "variant=flag", "variant=buried"})
    EXPECT_GT(variants[variant], 0U) << variant;
  EXPECT_GT(variants[""], 200U);
}

TEST(RecipeGenerator, HalfOfWhatIsToldByContentsIsRich) {
  std::map<std::string, std::pair<int, int>> rich_of_all;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const Recipe recipe = DrawRecipe(1, i, {});
    rich_of_all[recipe.fault].first += recipe.is_rich() ? 1 : 0;
    ++rich_of_all[recipe.fault].second;
    EXPECT_EQ(recipe.is_rich(), samples::ParseRecipe(recipe.Text())->rich_payload);
  }
  EXPECT_NEAR(rich_of_all["none"].first, rich_of_all["none"].second / 2, rich_of_all["none"].second / 10);
  for (const char* fault : {"payload-overrun", "nonlinear-overrun", "uninitialised", "wild-write"})
    EXPECT_GT(rich_of_all[fault].first, 0) << fault;
  EXPECT_EQ(rich_of_all["overrun"].first, 0);
}

TEST(RecipeGenerator, FilterHolds) {
  RecipeFilter filter;
  filter.faults = {"underrun"};
  filter.machines = {"x86"};
  filter.windows = {7601, 9600};
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Recipe recipe = DrawRecipe(1, i, filter);
    EXPECT_EQ(recipe.fault, "underrun");
    EXPECT_EQ(recipe.machine, "x86");
    EXPECT_TRUE(recipe.windows == 7601 || recipe.windows == 9600);
  }
}

TEST(RecipeGenerator, FreeListsOfTheSegmentHeapAreOfChunks) {
  RecipeFilter filter;
  filter.segment_heap = true;
  filter.faults = {"free-list"};
  for (std::uint64_t i = 0; i < 50; ++i) EXPECT_TRUE(DrawRecipe(7, i, filter).style.starts_with("backend=vs"));
}

}  // namespace
}  // namespace poolblame::evaluation
