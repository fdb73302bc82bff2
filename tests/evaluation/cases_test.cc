// Pages rebuilt from published debugger transcripts, as bare pool pages: whoever did it comes first, or the tool says
// that it does not know; on a healthy page nobody is accused. README.md has the table.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "pooltag/tag_database.h"
#include "tests/evaluation/runner.h"
#include "tests/evaluation/score.h"

namespace poolblame::evaluation {
namespace {

/// Its one wrong byte is an object's TypeIndex behind a header that was written back as it was: nobody looks there.
constexpr const char* kNotSeen = "hevd-x86-overflow";

std::vector<std::string> CaseNames() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(SAMPLES_FOLDER "/cases"))
    names.push_back(file.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

Outcome JudgeCase(const std::string& name) {
  std::ifstream in(std::string(SAMPLES_FOLDER "/cases/") + name + ".txt");
  std::ostringstream text;
  text << in.rdbuf();
  const auto built = samples::BuildSample(text.str());
  Recipe recipe;
  recipe.container = "pool-pages";
  recipe.seed = 0;  // even: machine and build are told
  Outcome outcome;
  outcome.error = "not built";
  if (!built) return outcome;
  recipe.machine = built->truth.machine;
  recipe.windows = built->truth.build;
  return JudgeBuilt(0, recipe, *built, TagDatabase::BuiltIn());
}

class Case : public ::testing::TestWithParam<std::string> {};

TEST_P(Case, NamesTheCulpritOrNobody) {
  const Outcome outcome = JudgeCase(GetParam());
  ASSERT_EQ(outcome.error, "");
  if (outcome.clean()) {
    EXPECT_TRUE(outcome.incidents.empty());
    return;
  }
  if (outcome.incidents.empty()) {
    EXPECT_EQ(outcome.verdict == Verdict::kClean, GetParam() == kNotSeen);
    return;
  }
  const bool unsure = outcome.incidents.front().confidence == Confidence::kInsufficient;
  EXPECT_TRUE(unsure || outcome.BlockRight()) << outcome.incidents.front().suspects.front().block;
}

INSTANTIATE_TEST_SUITE_P(Published, Case, ::testing::ValuesIn(CaseNames()), [](const auto& name) {
  std::string word = name.param;
  std::replace(word.begin(), word.end(), '-', '_');
  return word;
});

}  // namespace
}  // namespace poolblame::evaluation
