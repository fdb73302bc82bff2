// Holds the house's rules against the project, and against small projects that break them one by one.
#include "tests/architecture/house_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace poolblame::house {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(HouseRules, HoldForThisProject) { EXPECT_THAT(FindViolations(POOLBLAME_SOURCE_DIR), IsEmpty()); }

/// A project of empty files that breaks nothing, in a folder of its own that goes away with the test.
class SmallProject : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(::testing::TempDir()) /
            ("house_rules_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(root_);
    for (const char* file : {".clang-format", ".clang-tidy", ".gitignore", ".ci/run", "CMakeLists.txt",
                             "CMakePresets.json", "LICENSE", "README.md"})
      Write(file, "");
    for (const char* folder : {"cli", "heuristics", "parser/pool", "pooltag", "samples", "tests"})
      Write(std::string(folder) + "/empty.cc", "#include <vector>\n");
  }
  void TearDown() override { fs::remove_all(root_); }

  void Write(const std::string& file, const std::string& text) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  std::vector<std::string> Violations() const { return FindViolations(root_); }

 private:
  fs::path root_;
};

TEST_F(SmallProject, WithoutViolationsPasses) { EXPECT_THAT(Violations(), IsEmpty()); }

TEST_F(SmallProject, ArrowsAlongTheTablePass) {
  Write("heuristics/judge.cc", "#include \"parser/pool/page.h\"\n#include \"heuristics/report.h\"\n");
  Write("cli/main.cc", "#  include <CLI/CLI.hpp>\n#include \"samples/builder.h\"\n");
  EXPECT_THAT(Violations(), IsEmpty());
}

TEST_F(SmallProject, ArrowsAgainstTheTableFail) {
  Write("parser/pool/walk.cc", "\n#include \"heuristics/report.h\"\n");
  Write("samples/builder.cc", "#include \"parser/image/image.h\"\n");
  EXPECT_THAT(Violations(),
              ElementsAre("parser/pool/walk.cc:2: parser/pool may not include \"heuristics/report.h\" of heuristics",
                          "samples/builder.cc:1: samples may not include \"parser/image/image.h\" of parser/image"));
}

TEST_F(SmallProject, RelativeIncludeFails) {
  Write("cli/render.cc", "#include \"render.h\"\n");
  EXPECT_THAT(Violations(), ElementsAre("cli/render.cc:1: \"render.h\" is not written from the root of the project"));
}

TEST_F(SmallProject, ForeignHeadersStayInTheirFolders) {
  Write("heuristics/print.cc", "#include <fstream>\n#include <fmt/core.h>\n");
  Write("parser/pool/json.cc", "#include <nlohmann/json.hpp>\n#include <openssl/sha.h>\n");
  EXPECT_THAT(Violations(),
              ElementsAre("heuristics/print.cc:1: heuristics may not include <fstream>: heuristics does no I/O",
                          "heuristics/print.cc:2: heuristics may not include <fmt/core.h>",
                          "parser/pool/json.cc:1: parser/pool may not include <nlohmann/json.hpp>",
                          "parser/pool/json.cc:2: <openssl/sha.h> is no header that the table knows"));
}

TEST_F(SmallProject, TwoFilesOfAFolderHaveNoNameOfTheirOwnInCommon) {
  const std::string own = "namespace {\nconstexpr std::size_t kMost = 3;\nstruct Entry {\n};\n}  // namespace\n";
  Write("cli/first.cc", own);
  Write("heuristics/first.cc", own);
  Write("cli/second.cc", own + "constexpr int kOutside = 1;\n");
  EXPECT_THAT(Violations(), ElementsAre("cli/second.cc:2: kMost is a name in cli/first.cc, too",
                                        "cli/second.cc:3: Entry is a name in cli/first.cc, too"));
}

TEST_F(SmallProject, FileInNoFolderOfTheTableFails) {
  Write("parser/loose.cc", "");
  EXPECT_THAT(Violations(), ElementsAre("parser/loose.cc: lies in no folder of the table"));
}

TEST_F(SmallProject, LongFileFailsAtTheFirstLineTooMany) {
  std::string text;
  for (std::size_t i = 0; i < kMaxLines; ++i) text += "\n";
  Write("cli/long.cc", text);
  EXPECT_THAT(Violations(), IsEmpty());
  Write("cli/long.cc", text + "\n");
  EXPECT_THAT(Violations(), ElementsAre("cli/long.cc: 351 lines, at most 350"));
}

TEST_F(SmallProject, UnfinishedWorkFails) {
  Write("cli/later.cc",
        "// TO"
        "DO: later\n");
  EXPECT_THAT(Violations(), ElementsAre("cli/later.cc:1: TO"
                                        "DO in the code"));
}

TEST_F(SmallProject, StrayFileAtTheTopFails) {
  Write("notes.txt", "");
  Write("build/cache.cc", "#include \"anything.h\"\n");
  EXPECT_THAT(Violations(), ElementsAre("notes.txt: does not belong at the top level"));
}

}  // namespace
}  // namespace poolblame::house
