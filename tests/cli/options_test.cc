#include "cli/options.h"

#include <gtest/gtest.h>

#include "cli/error_text.h"

namespace poolblame::cli {
namespace {

TEST(ParseAddress, TakesWhatPeopleAndDebuggersWrite) {
  EXPECT_EQ(ParseAddress("0xfffff80012345678"), 0xFFFFF80012345678U);
  EXPECT_EQ(ParseAddress("FFFFF80012345678"), 0xFFFFF80012345678U);
  EXPECT_EQ(ParseAddress("fffff800`12345678"), 0xFFFFF80012345678U);
  EXPECT_EQ(ParseAddress("80001000"), 0x80001000U);
  EXPECT_EQ(ParseAddress("0"), 0U);
}

TEST(ParseAddress, RefusesTheRest) {
  for (const char* wrong : {"", "0x", "xyz", "0x12g", "-1", " 1", "1 ", "fffff8001234567890", "1`2`3"})
    EXPECT_EQ(ParseAddress(wrong), std::nullopt) << wrong;
}

TEST(WantsColor, FollowsOptionThenEnvironmentThenTerminal) {
  EXPECT_TRUE(WantsColor(ColorChoice::kAuto, true, nullptr));
  EXPECT_TRUE(WantsColor(ColorChoice::kAuto, true, ""));
  EXPECT_FALSE(WantsColor(ColorChoice::kAuto, true, "1"));
  EXPECT_FALSE(WantsColor(ColorChoice::kAuto, false, nullptr));
  EXPECT_TRUE(WantsColor(ColorChoice::kAlways, false, "1"));
  EXPECT_FALSE(WantsColor(ColorChoice::kNever, true, nullptr));
}

TEST(ImageOptions, BecomeWhatTheLibrariesTake) {
  ImageOptions options;
  options.base = "fffff800`12345000";
  options.machine = "x86";
  options.build = 7601;
  options.threads = 2;
  options.layout = "nt6-x86";
  const AnalysisOptions analysis = options.ToAnalysisOptions().value();
  EXPECT_EQ(analysis.open.base, VirtAddr{0xFFFFF80012345000});
  EXPECT_EQ(analysis.open.machine, Machine::kX86);
  EXPECT_EQ(analysis.open.build, 7601U);
  EXPECT_EQ(analysis.scan.threads, 2U);
  EXPECT_EQ(analysis.scan.forced_layout, "nt6-x86");
}

TEST(ImageOptions, LeaveOpenWhatWasNotSaid) {
  const AnalysisOptions analysis = ImageOptions{}.ToAnalysisOptions().value();
  EXPECT_EQ(analysis.open.base, std::nullopt);
  EXPECT_EQ(analysis.open.machine, std::nullopt);
  EXPECT_EQ(analysis.scan.forced_layout, std::nullopt);
  EXPECT_FALSE(analysis.symbols);
}

TEST(ImageOptions, SymbolsThatCannotBeReadAreAnError) {
  ImageOptions options;
  options.symbols = "/nowhere/k.json";
  const auto analysis = options.ToAnalysisOptions();
  ASSERT_FALSE(analysis);
  EXPECT_EQ(ErrorStatus(analysis.error()), ExitStatus::kUnreadable);
}

}  // namespace
}  // namespace poolblame::cli
