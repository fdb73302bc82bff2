// Case files: the format, and the page of every committed case.
#include "samples/case_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace poolblame::samples {
namespace {

using ::testing::HasSubstr;

constexpr const char* kSmall =
    "# a comment\n"
    "case small\nmachine x86\nbuild 7601\nbase 0x86274000\nkind overrun\n"
    "culprit 0x86274000 \"Hack\"\nvictim 0x86274200 \"Io  \"\ndamage 0x86274200 0x86274204\nvisible\n"
    "payload \"Io  \" 0x4 AABB\nself \"Io  \" 0x8\n"
    "block 0x86274000 0x200 0x0 0x2 \"Hack\"\nblock 0x86274200 0x40 0x200 0x2 \"Io  \" protected\n"
    "fill 0x86274008 0x2 0x42\nhex 0x86274010 0102\n";

TEST(CasePage, WritesHeadersTemplatesAndBytes) {
  const auto built = BuildCase(kSmall);
  ASSERT_TRUE(built.has_value()) << built.error().what;
  const auto& b = built->bytes;
  ASSERT_EQ(b.size(), 0x1000U);
  EXPECT_EQ(std::vector<std::uint8_t>(b.begin(), b.begin() + 8),
            (std::vector<std::uint8_t>{0x00, 0x00, 0x40, 0x04, 'H', 'a', 'c', 'k'}));
  EXPECT_EQ(std::vector<std::uint8_t>(b.begin() + 0x200, b.begin() + 0x218),
            (std::vector<std::uint8_t>{0x40, 0x00, 0x08, 0x04, 'I',  'o',  ' ',  0xA0, 0,    0,    0,    0,
                                       0xAA, 0xBB, 0,    0,    0x10, 0x42, 0x27, 0x86, 0x10, 0x42, 0x27, 0x86}));
  EXPECT_EQ(b[0x8], 0x42);
  EXPECT_EQ(b[0x10], 0x01);
  EXPECT_EQ(built->truth.kind, "overrun");
  EXPECT_EQ(built->truth.culprit_tag, "Hack");
  EXPECT_EQ(built->truth.base, 0x86274000U);
  EXPECT_TRUE(built->truth.visible);
  EXPECT_FALSE(built->truth.header_hit);
}

TEST(CasePage, NamesTheLineThatDoesNotFit) {
  const auto unknown = BuildCase("case x\nmachine x64\ncolour red\n");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_THAT(unknown.error().what, HasSubstr("line 3"));
  const auto outside = BuildCase("case x\nmachine x64\nbase 0x1000\nhex 0x1FFF 0102\n");
  ASSERT_FALSE(outside.has_value());
  EXPECT_THAT(outside.error().what, HasSubstr("outside"));
  EXPECT_FALSE(BuildCase("case x\nbase 0x1001\n").has_value());
  EXPECT_FALSE(BuildCase("case x\nbase 0x1000\nhex 0x1000 0g\n").has_value());
  EXPECT_FALSE(BuildCase("case x\npages 65\n").has_value());
}

TEST(CasePage, IsToldFromARecipe) {
  EXPECT_TRUE(IsCase(kSmall));
  EXPECT_FALSE(IsCase("windows=7601 fault=none"));
  EXPECT_FALSE(IsCase(""));
}

TEST(CasePage, EveryCommittedCaseBuildsAndNamesItsSource) {
  std::size_t cases = 0;
  for (const auto& file : std::filesystem::directory_iterator(SAMPLES_FOLDER "/cases")) {
    std::ifstream in(file.path());
    std::ostringstream text;
    text << in.rdbuf();
    const auto built = BuildSample(text.str());
    ASSERT_TRUE(built.has_value()) << file.path() << ": " << built.error().what;
    EXPECT_EQ(built->bytes.size() % 0x1000, 0U);
    EXPECT_NE(built->truth.build, 0U) << file.path();
    EXPECT_THAT(text.str(), HasSubstr("\nsource ")) << file.path();
    ++cases;
  }
  EXPECT_GE(cases, 24U);
}

}  // namespace
}  // namespace poolblame::samples
