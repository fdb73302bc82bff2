// Rows by tag, driver and vendor, and what the tables disagree about.
#include "pooltag/tag_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "pooltag/tag_conflict.h"

namespace poolblame {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kTable =
    "Zq*  - family.sys\n"
    "Zqx2 - two.sys\n"
    "Zqx1 - one.sys\n"
    "Zqx1 - ONE.SYS\n"
    "Zqx1 - other.sys\n"
    "Zqx3 - <unknown> - nobody knows\n"
    "Zqx3 - three.sys\n"
    "Yqx1 - one.sys\n";

void Add(TagDatabase& tags, std::string_view text, std::string_view name) {
  tags.AddFile(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), name);
}

TagDatabase Table() {
  TagDatabase tags;
  Add(tags, kTable, "pooltag.txt");
  return tags;
}

std::vector<std::string> Rows(const TagDatabase& tags, const TagQuery& query) {
  std::vector<std::string> rows;
  for (const FoundTagRow& row : SearchTagRows(tags, query)) rows.push_back(row.entry.pattern + " " + row.entry.driver);
  return rows;
}

TagQuery Like(std::string_view pattern) { return {TagPattern::FromText(pattern, true), "", ""}; }

std::optional<TagConflict> ConflictOf(const TagDatabase& tags, const char* tag) {
  return FindConflict(tags.Find(PoolTag::FromText(tag)));
}

TEST(SearchTagRows, ByPatternInTheOrderOfTheBytes) {
  EXPECT_THAT(Rows(Table(), Like("Zqx*")), ElementsAre("Zq* family.sys", "Zqx1 one.sys", "Zqx1 ONE.SYS",
                                                       "Zqx1 other.sys", "Zqx2 two.sys", "Zqx3 ", "Zqx3 three.sys"));
  EXPECT_THAT(Rows(Table(), Like("?qx1")),
              ElementsAre("Yqx1 one.sys", "Zq* family.sys", "Zqx1 one.sys", "Zqx1 ONE.SYS", "Zqx1 other.sys"));
  EXPECT_THAT(Rows(Table(), Like("Xqx*")), IsEmpty());
}

TEST(SearchTagRows, ByDriverAndByBoth) {
  EXPECT_THAT(Rows(Table(), {std::nullopt, "one", ""}), ElementsAre("Yqx1 one.sys", "Zqx1 one.sys", "Zqx1 ONE.SYS"));
  EXPECT_THAT(Rows(Table(), {TagPattern::FromText("Y*", true), "O*.sys", ""}), ElementsAre("Yqx1 one.sys"));
  EXPECT_THAT(Rows(Table(), {std::nullopt, "", "microsoft"}), IsEmpty());  // these files name no vendors
}

TEST(SearchTagRows, OurTableByVendor) {
  const TagDatabase tags = TagDatabase::BuiltIn();
  const auto found = SearchTagRows(tags, {std::nullopt, "xen*", "xen project"});
  ASSERT_THAT(found, Not(IsEmpty()));
  for (const FoundTagRow& row : found) EXPECT_EQ(row.entry.vendor, "Xen Project");
  EXPECT_EQ(SearchTagRows(tags, {}).size(), tags.Rows().size());
}

TEST(SearchTagRows, RivalsAreNamedEvenWhereTheyDoNotFit) {
  const auto found = SearchTagRows(Table(), {TagPattern::FromText("Zqx?", true), "one.sys", ""});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_THAT(found[0].rivals, ElementsAre("other.sys"));
  EXPECT_THAT(SearchTagRows(Table(), Like("Zqx2"))[1].rivals, IsEmpty());
}

TEST(FindConflict, DifferentDriversOfOneExactness) {
  const auto conflict = ConflictOf(Table(), "Zqx1");
  ASSERT_TRUE(conflict);
  EXPECT_THAT(conflict->drivers, ElementsAre("one.sys", "other.sys"));
  EXPECT_EQ(conflict->users, "");  // the user's own file disagrees
}

TEST(FindConflict, FamiliesUnknownDriversAndCaseContradictNobody) {
  EXPECT_FALSE(ConflictOf(Table(), "Zqx2"));  // its family is another driver's
  EXPECT_FALSE(ConflictOf(Table(), "Zqx3"));  // one row names nobody
  EXPECT_FALSE(ConflictOf(Table(), "ZZZZ"));
  TagDatabase tags;
  Add(tags, "Zqx1 - one.sys\nZqx1 - ONE.sys\n", "pooltag.txt");
  EXPECT_FALSE(ConflictOf(tags, "Zqx1"));
}

TEST(FindConflict, BetweenTheUsersFileAndOursTheUsersCounts) {
  TagDatabase tags = TagDatabase::BuiltIn();
  Add(tags, "Proc - mine.sys\n", "pooltag.txt");
  const auto conflict = ConflictOf(tags, "Proc");
  ASSERT_TRUE(conflict);
  EXPECT_THAT(conflict->drivers, ElementsAre("mine.sys", "ntoskrnl.exe"));
  EXPECT_EQ(conflict->users, "mine.sys");
}

TEST(AgreedOwner, IsNobodyWhereTablesDiffer) {
  const auto owner_of = [](const TagDatabase& tags, const char* tag) {
    return AgreedOwner(tags.Find(PoolTag::FromText(tag)));
  };
  EXPECT_EQ(owner_of(Table(), "Zqx1"), "");
  EXPECT_EQ(owner_of(Table(), "Zqx2"), "two.sys");
  EXPECT_EQ(owner_of(Table(), "Zqx3"), "three.sys");
  EXPECT_EQ(owner_of(Table(), "ZZZZ"), "");
  TagDatabase tags = TagDatabase::BuiltIn();
  Add(tags, "#define TAG_PROCESS 'corP'\n#define TAG_MINE '1xqZ'\n", "tag.h");
  EXPECT_EQ(owner_of(tags, "Proc"), "ntoskrnl.exe");
  EXPECT_EQ(owner_of(tags, "Zqx1"), "TAG_MINE");
}

TEST(FindConflict, TwoFamiliesAsExactAsEachOther) {
  TagDatabase tags;
  Add(tags, "Zq?1 - one.sys\nZqx? - two.sys\n", "pooltag.txt");
  EXPECT_TRUE(ConflictOf(tags, "Zqx1"));
  EXPECT_FALSE(ConflictOf(tags, "Zqx2"));
}

}  // namespace
}  // namespace poolblame
