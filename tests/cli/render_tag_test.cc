#include "cli/render_tag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace poolblame::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TagDatabase Tags() {
  TagDatabase tags;
  const std::string table =
      "Abcd - abcd.sys - exact\n"
      "Ab* - family.sys - wildcard\n"
      "Xy - short.sys - short tag\n"
      "Ddk - \x1b.sys - anybody's\n"
      "Zqx1 - one.sys\n"
      "Zqx1 - two.sys\n";
  tags.AddFile(ByteView(reinterpret_cast<const std::uint8_t*>(table.data()), table.size()), "my tags.txt");
  return tags;
}

TagAnswer Answer(const std::string& typed) { return AnswerTag(typed, Tags()); }
std::string Text(const std::string& typed) { return TagText(Answer(typed)); }

TagSearchAnswer Search(const std::string& pattern, const std::string& driver) {
  TagSearchAnswer answer{pattern, {TypedWildcard(pattern), driver, ""}, {}};
  answer.rows = SearchTagRows(Tags(), answer.query);
  return answer;
}

TEST(TagText, ExactComesBeforeWildcard) {
  EXPECT_THAT(Text("Abcd"), StartsWith("'Abcd' (0x64636241)\n  Abcd   abcd.sys, exact [my tags.txt]\n"));
  EXPECT_THAT(Text("Abcd"), HasSubstr("\n  Ab*    family.sys"));
}

TEST(TagText, ShortTagsArePadded) { EXPECT_THAT(Text("Xy"), StartsWith("'Xy  ' (0x20207958)\n")); }

TEST(TagText, TheProtectedBitIsNotPartOfTheName) {
  EXPECT_THAT(Text("0xe4636241"), StartsWith("'Abcd' (0xe4636241), protected: the top bit is not part of the name\n"));
  EXPECT_FALSE(Answer("e4636241").entries.empty());
}

TEST(TagText, AReversedTagIsSuggested) {
  EXPECT_EQ(Text("dcbA"),
            "'dcbA' (0x41626364)\n"
            "  in no table\n"
            "  did you mean 'Abcd'? tags are written as they lie in memory\n");
  EXPECT_THAT(Text("dcbQ"), HasSubstr("did you mean 'Qbcd', in no table either? tags"));
}

TEST(TagText, WhatIsNoTagIsSaidSo) {
  EXPECT_EQ(Text("toolong"), "'toolong': a tag has one to four characters, or eight hex digits\n");
  EXPECT_FALSE(Answer("").tag);
  EXPECT_THAT(Text("\x1b[m"), StartsWith("'.[m ' (0x206d5b1b)\n"));
}

TEST(TagText, AGenericTagNamesNoDriverAndSaysWhy) {
  EXPECT_THAT(Text("Ddk"), HasSubstr("\n  names no driver: what the headers of the Windows driver kit pass"));
}

TEST(TagText, ConflictsAreShown) {
  EXPECT_THAT(Text("Zqx1"), HasSubstr("\n  the tables differ, one.sys, two.sys: the one that is loaded counts"));
  TagDatabase tags = TagDatabase::BuiltIn();
  const std::string mine = "Proc - mine.sys\n";
  tags.AddFile(ByteView(reinterpret_cast<const std::uint8_t*>(mine.data()), mine.size()));
  EXPECT_THAT(TagText(AnswerTag("Proc", tags)), HasSubstr(": mine.sys counts, as your file says\n"));
}

TEST(TagJson, SaysWhatTheTextSays) {
  const Json known = TagJson(Answer("Zqx1"), nullptr);
  EXPECT_EQ(known["tag"], "Zqx1");
  EXPECT_EQ(known["tag_hex"], "3178715a");
  EXPECT_EQ(known["rows"].size(), 2u);
  EXPECT_EQ(known["rows"][0]["driver"], "one.sys");
  EXPECT_EQ(known["rows"][0]["file"], "my tags.txt");
  EXPECT_EQ(known["conflict"]["drivers"], Json({"one.sys", "two.sys"}));
  EXPECT_TRUE(known["conflict"]["counts"].is_null());
  EXPECT_TRUE(known["code"].is_null());
  const Json generic = TagJson(Answer("Ddk"), nullptr);
  EXPECT_EQ(generic["generic"], true);
  EXPECT_THAT(generic["generic_reason"].get<std::string>(), HasSubstr("driver kit"));
  const Json unknown = TagJson(Answer("dcbA"), nullptr);
  EXPECT_EQ(unknown["known"], false);
  EXPECT_EQ(unknown["reversed"]["tag"], "Abcd");
  EXPECT_EQ(TagJson(Answer("toolong"), nullptr)["tag"], nullptr);
}

TEST(TypedWildcard, OnlyWhatHasOne) {
  for (const char* typed : {"Nt*", "N?f", "?tfs", "Proc*"}) EXPECT_TRUE(TypedWildcard(typed)) << typed;
  for (const char* typed : {"Proc", "*", "????", "", "N*fs", "toolong*"}) EXPECT_FALSE(TypedWildcard(typed)) << typed;
}

TEST(TagSearch, RowsAreMarkedAndCut) {
  EXPECT_EQ(TagSearchText(Search("Z*", ""), 1),
            "2 rows, tag 'Z*'\n"
            "  Zqx1   one.sys [my tags.txt], the tables differ: two.sys\n"
            "  and 1 more (--top 0 lists all)\n");
  EXPECT_EQ(TagSearchText(Search("D*", "?*"), 0),
            "1 row, tag 'D*', driver '?*'\n"
            "  Ddk    ..sys, anybody's [my tags.txt], names no driver\n");
  EXPECT_EQ(TagSearchText(Search("", "none.sys"), 0), "0 rows, driver 'none.sys'\n");
}

TEST(TagSearch, JsonHasAllRows) {
  const std::vector<Json> records = TagSearchJson(Search("?*", ""));
  ASSERT_EQ(records.size(), 7u);
  EXPECT_EQ(records[0]["record"], "search");
  EXPECT_EQ(records[0]["rows"], 6u);
  EXPECT_EQ(records[1]["pattern"], "Ab*");
  EXPECT_TRUE(records[1]["tag_hex"].is_null());
  EXPECT_EQ(records[3]["pattern"], "Ddk");
  EXPECT_EQ(records[3]["generic"], true);
  EXPECT_EQ(records[5]["rivals"], Json({"two.sys"}));
}

TEST(TagJsonHead, NamesTheSchema) {
  EXPECT_EQ(TagJsonHead("")["schema"], "poolblame.tag/1");
  EXPECT_TRUE(TagJsonHead("")["image"].is_null());
  EXPECT_EQ(TagJsonHead("a.dmp")["image"], "a.dmp");
}

}  // namespace
}  // namespace poolblame::cli
