#include "cli/text_writer.h"

#include <gtest/gtest.h>

namespace poolblame::cli {
namespace {

TEST(TextWriter, BreaksAtSpacesUnderTheLead) {
  TextWriter out(Palette(false), 20);
  out.Sentence("  - ", "one two three four five six");
  EXPECT_EQ(out.text(),
            "  - one two three\n"
            "    four five six\n");
}

TEST(TextWriter, NeverBreaksAWord) {
  TextWriter out(Palette(false), 10);
  out.Sentence("", "a 0xffffe00012345678 b");
  EXPECT_EQ(out.text(), "a\n0xffffe00012345678\nb\n");
}

TEST(TextWriter, EscapesSentencesAndHeadings) {
  TextWriter out(Palette(false), 80);
  out.Sentence("", "x\x1b[0m");
  out.Heading("y\n");
  EXPECT_EQ(out.text(), "x\\x1b[0m\n\ny\\x0a\n");
}

TEST(TextWriter, PaintsOnlyWhereColourIsOn) {
  EXPECT_EQ(Palette(false).Paint(Style::kDamage, "x"), "x");
  EXPECT_EQ(Palette(true).Paint(Style::kDamage, "x"), "\033[1;31mx\033[0m");
  EXPECT_EQ(Palette(true).Paint(Style::kPlain, "x"), "x");
  EXPECT_EQ(Palette(true).Paint(Style::kDamage, ""), "");
}

TEST(Grouped, SetsCommas) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
  EXPECT_EQ(Grouped(~std::uint64_t{0}), "18,446,744,073,709,551,615");
}

TEST(Counted, KnowsOne) {
  EXPECT_EQ(Counted(1, "page"), "1 page");
  EXPECT_EQ(Counted(0, "page"), "0 pages");
  EXPECT_EQ(Counted(8123, "page"), "8,123 pages");
}

TEST(Lists, SayWhoIsNotKnownAndWhatIsNotShown) {
  EXPECT_EQ(DriverOrDash(""), "-");
  EXPECT_EQ(DriverOrDash("a\x1b.sys"), "a\\x1b.sys");
  EXPECT_EQ(RowsShown(5, 0), 5u);
  EXPECT_EQ(RowsShown(5, 3), 3u);
  EXPECT_EQ(RowsShown(5, 9), 5u);
  EXPECT_EQ(AndMore(2), "  and 2 more (--top 0 lists all)");
}

TEST(Percent, NeverSaysNeverOrAlways) {
  EXPECT_EQ(Percent(0), "<1 %");
  EXPECT_EQ(Percent(0.0049), "<1 %");
  EXPECT_EQ(Percent(0.01), "1 %");
  EXPECT_EQ(Percent(0.914), "91 %");
  EXPECT_EQ(Percent(0.994), "99 %");
  EXPECT_EQ(Percent(0.996), ">99 %");
  EXPECT_EQ(Percent(1), ">99 %");
}

}  // namespace
}  // namespace poolblame::cli
