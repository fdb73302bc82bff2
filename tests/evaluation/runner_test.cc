// One image from its recipe to its outcome: the harness' own path, with the smallest images there are.
#include "tests/evaluation/runner.h"

#include <gtest/gtest.h>

#include "pooltag/tag_database.h"
#include "tests/evaluation/score.h"

namespace poolblame::evaluation {
namespace {

Recipe Small(const std::string& fault, const std::string& container) {
  Recipe recipe;
  recipe.fault = fault;
  recipe.machine = "x64";
  recipe.windows = 7601;
  recipe.container = container;
  recipe.pages = 96;
  recipe.seed = 2;
  return recipe;
}

TEST(Runner, ACleanTriageDumpLacksNothing) {
  const Outcome outcome = RunOne(3, Small("none", "triage"), TagDatabase::BuiltIn());
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.index, 3U);
  EXPECT_TRUE(outcome.clean());
  EXPECT_TRUE(outcome.in_image);
}

TEST(Runner, ACaughtCallLeavesItsTraceInTheBugCheckAlone) {
  const TagDatabase tags = TagDatabase::BuiltIn();
  const Outcome dump = RunOne(0, Small("bad-free", "full"), tags);
  const Outcome pages = RunOne(0, Small("bad-free", "pool-pages"), tags);
  EXPECT_EQ(dump.error + pages.error, "");
  EXPECT_TRUE(dump.truth.visible);
  EXPECT_FALSE(pages.truth.visible);
}

TEST(Runner, ATriageDumpMayLackTheCulprit) {
  Recipe recipe = Small("big-overrun", "triage");
  recipe.bytes = 40;
  const Outcome triage = RunOne(0, recipe, TagDatabase::BuiltIn());
  recipe.container = "full";
  const Outcome full = RunOne(0, recipe, TagDatabase::BuiltIn());
  EXPECT_EQ(triage.error + full.error, "");
  EXPECT_FALSE(triage.culprit_in_image);
  EXPECT_EQ(triage.truth.culprit_header, 0U);
  EXPECT_TRUE(full.culprit_in_image);
  EXPECT_NE(full.truth.culprit_header, 0U);
}

TEST(Runner, AWordTheBuilderDoesNotKnowIsAnError) {
  const Outcome outcome = RunOne(0, Small("no-such-fault", "full"), TagDatabase::BuiltIn());
  EXPECT_NE(outcome.error, "");
  Score score;
  score.Add(outcome);
  EXPECT_EQ(score.errors.size(), 1U);
}

TEST(Runner, HypothesesAreKeptWhereTheyAreAskedFor) {
  Recipe recipe = Small("overrun", "full");
  recipe.bytes = 40;
  recipe.content = "fill";
  const TagDatabase tags = TagDatabase::BuiltIn();
  EXPECT_TRUE(RunOne(0, recipe, tags).hypotheses.empty());
  EXPECT_FALSE(RunOne(0, recipe, tags, true).hypotheses.empty());
}

}  // namespace
}  // namespace poolblame::evaluation
