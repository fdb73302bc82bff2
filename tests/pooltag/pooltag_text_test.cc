// pooltag.txt as it lies on people's disks: written by hand, by tools, and by nobody who had read a grammar.
#include "pooltag/pooltag_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace poolblame {
namespace {

TagRows Parse(std::string_view text) {
  return ParsePoolTagText(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

struct Line {
  std::string_view text, pattern, driver, note;
};

class OneRecord : public testing::TestWithParam<Line> {};

TEST_P(OneRecord, IsRead) {
  const TagRows parsed = Parse(GetParam().text);
  ASSERT_EQ(parsed.rows.size(), 1u) << GetParam().text;
  EXPECT_EQ(parsed.rows[0].second.pattern, GetParam().pattern);
  EXPECT_EQ(parsed.rows[0].second.driver, GetParam().driver);
  EXPECT_EQ(parsed.rows[0].second.note, GetParam().note);
  EXPECT_EQ(parsed.rows[0].second.source, "pooltag.txt");
  EXPECT_EQ(parsed.skipped_lines, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Grammar, OneRecord,
    testing::Values(Line{"Abcd - foo.sys    - Frobs of foo", "Abcd", "foo.sys", "Frobs of foo"},
                    Line{"Abc  - foo.sys - three letters\r\n", "Abc", "foo.sys", "three letters"},
                    Line{"Dh 0 - foo.sys - inner space", "Dh 0", "foo.sys", "inner space"},
                    Line{" BIG - foo.sys - four columns, the first a space", " BIG", "foo.sys",
                         "four columns, the first a space"},
                    Line{"  Abcd - foo.sys - indented", "Abcd", "foo.sys", "indented"},
                    Line{"Ab*  - foo.sys", "Ab*", "foo.sys", ""},  //
                    Line{"Abcd - A and B - no driver files", "Abcd", "A and B", "no driver files"},
                    Line{"Abcd - my-driver.sys - hyphen in a name", "Abcd", "my-driver.sys", "hyphen in a name"},
                    Line{"Abcd - foo.sys        -no space", "Abcd", "foo.sys", "no space"},
                    Line{"Abcd- foo.sys - no space before", "Abcd", "foo.sys", "no space before"},
                    Line{"Abcd-foo.sys", "Abcd", "foo.sys", ""},  //
                    Line{"A-b  - foo.sys - hyphen in the tag", "A-b", "foo.sys", "hyphen in the tag"},
                    Line{"Abcd - <unknown> - who knows", "Abcd", "", "who knows"},
                    Line{"Abcd - nt!cm - registry", "Abcd", "ntoskrnl.exe", "registry"},
                    Line{"Abcd -", "Abcd", "", ""},  //
                    Line{"\xEF\xBB\xBF"
                         "Abcd - foo.sys",
                         "Abcd", "foo.sys", ""},
                    Line{"Rem1 - foo.sys", "Rem1", "foo.sys", ""},
                    Line{"Abcd - foo.sys - caf\xE9 \x1B[31m", "Abcd", "foo.sys", "caf\xC3\xA9 .[31m"}));

TEST(PoolTagText, ARowForEachDriver) {
  const TagRows parsed = Parse("Abcd - a.sys, b.SYS - two\nAbce - a.sys b.sys\n");
  ASSERT_EQ(parsed.rows.size(), 4u);
  EXPECT_EQ(parsed.rows[0].second.driver, "a.sys");
  EXPECT_EQ(parsed.rows[1].second.driver, "b.SYS");
  EXPECT_EQ(parsed.rows[1].second.note, "two");
  EXPECT_EQ(parsed.rows[3].second.pattern, "Abce");
}

TEST(PoolTagText, WithoutAHyphenItTakesDriverFiles) {
  const TagRows parsed = Parse("Abcd  foo.sys\r\nAb    a.sys, b.sys\r\nAbcd  no driver\r\n");
  ASSERT_EQ(parsed.rows.size(), 3u);
  EXPECT_EQ(parsed.rows[0].second.driver, "foo.sys");
  EXPECT_EQ(parsed.rows[1].second.pattern, "Ab");
  EXPECT_EQ(parsed.rows[2].second.driver, "b.sys");
  EXPECT_EQ(parsed.skipped_lines, 1u);
}

TEST(PoolTagText, CommentsAndBlankLinesSayNothing) {
  const TagRows parsed = Parse("rem Abcd - foo.sys\r\nREM\r\n  Rem\tx\r\n// Abcd - foo.sys\n\n   \r\n");
  EXPECT_TRUE(parsed.rows.empty());
  EXPECT_EQ(parsed.skipped_lines, 0u);
}

TEST(PoolTagText, OtherLinesAreCounted) {
  const TagRows parsed = Parse(
      "Pool tags of this machine\n"
      "Toolong - foo.sys - five and more characters are no tag\n"
      "                          of - a description that goes on\n"
      "* - foo.sys - would own everything\n"
      " - foo.sys - no tag\n");
  EXPECT_TRUE(parsed.rows.empty());
  EXPECT_EQ(parsed.skipped_lines, 4u);  // not the description that goes on
}

TEST(PoolTagText, DuplicatesAndOrderAreKept) {
  const TagRows parsed = Parse("Abcd - one.sys\nAbcd - two.sys\nnonsense\nAbcd - one.sys\n");
  ASSERT_EQ(parsed.rows.size(), 3u);
  EXPECT_EQ(parsed.rows[0].second.driver, "one.sys");
  EXPECT_EQ(parsed.rows[1].second.driver, "two.sys");
  EXPECT_EQ(parsed.rows[2].second.driver, "one.sys");
  EXPECT_EQ(parsed.skipped_lines, 1u);
}

TEST(PoolTagText, LongFieldIsCut) {
  const TagRows parsed = Parse("Abcd - " + std::string(100'000, 'x') + " - " + std::string(100'000, 'y'));
  ASSERT_EQ(parsed.rows.size(), 1u);
  EXPECT_EQ(parsed.rows[0].second.driver, std::string(256, 'x'));
  EXPECT_EQ(parsed.rows[0].second.note, std::string(256, 'y'));
}

// Mutations of a good file: every line is either a row or counted, and what comes out can be printed.
TEST(PoolTagText, HostileBytesNeverBreakTheRules) {
  const std::string good =
      "rem head\r\nAbcd - foo.sys - text\r\n//c\r\nCM*  - nt!cm -x\r\n BIG - nt!mm - y\r\nAfd? - afd.sys\r\n";
  std::mt19937 random(20260101);
  for (int round = 0; round < 20'000; ++round) {
    std::string text = good;
    for (int i = 0; i < 4; ++i) text[random() % text.size()] = "\0\n\r- *?\xFF\xE3\x7F\t/rA"[random() % 14];
    if (round % 3 == 0) text.resize(random() % text.size());
    const TagRows parsed = Parse(text);
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    ASSERT_LE(parsed.rows.size() + parsed.skipped_lines, lines);
    for (const auto& [pattern, entry] : parsed.rows) {
      ASSERT_GT(pattern.literals, 0u);
      for (const std::string* field : {&entry.pattern, &entry.driver, &entry.component, &entry.note}) {
        for (const char c : *field) ASSERT_TRUE(static_cast<std::uint8_t>(c) >= 0x20 && c != 0x7F) << text;
      }
    }
  }
}

}  // namespace
}  // namespace poolblame
