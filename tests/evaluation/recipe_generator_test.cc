#include "tests/evaluation/recipe_generator.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

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
  EXPECT_GE(faults["clean"], kDraws / 5);
  for (const std::string& fault : DrawnFaults()) EXPECT_GT(faults[fault], 0U) << fault;
}

TEST(RecipeGenerator, RangesOfTheIssueAreCovered) {
  std::set<std::uint32_t> lengths;
  std::set<std::string> machines_and_builds;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const Recipe recipe = DrawRecipe(1, i, {});
    if (recipe.bytes != 0) lengths.insert(recipe.bytes);
    machines_and_builds.insert(recipe.machine + std::to_string(recipe.windows));
    EXPECT_GE(recipe.pages, 40U);
    EXPECT_LE(recipe.pages, 200U);
  }
  EXPECT_EQ(*lengths.begin(), 1U);
  EXPECT_EQ(*lengths.rbegin(), 200U);
  EXPECT_EQ(machines_and_builds.count("x862600"), 1U);
  EXPECT_EQ(machines_and_builds.count("x642600"), 0U);  // XP x64 is build 3790
}

TEST(RecipeGenerator, FilterHolds) {
  RecipeFilter filter;
  filter.faults = {"overrun"};
  filter.machines = {"x86"};
  filter.windows = {7601, 9600};
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Recipe recipe = DrawRecipe(1, i, filter);
    EXPECT_EQ(recipe.fault, "overrun");
    EXPECT_EQ(recipe.machine, "x86");
    EXPECT_TRUE(recipe.windows == 7601 || recipe.windows == 9600);
  }
}

}  // namespace
}  // namespace poolblame::evaluation
