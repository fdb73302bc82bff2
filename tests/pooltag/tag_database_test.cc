// Whose tag: our table, a user's table over it, and the tags that own nothing.
#include "pooltag/tag_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "pooltag/builtin_table.h"

namespace poolblame {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Owners(const TagDatabase& database, PoolTag tag) {
  std::vector<std::string> owners;
  for (const TagEntry& entry : database.Find(tag)) owners.push_back(entry.pattern + " " + entry.driver);
  return owners;
}

TagDatabase WithUserText(std::string_view text) {
  TagDatabase database = TagDatabase::BuiltIn();
  database.AddFile(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  return database;
}

TEST(BuiltInTable, EveryLineHasATagAndATextThatCanBePrinted) {
  std::size_t lines = 0;
  for (std::string_view piece : BuiltInTagTable()) {
    ASSERT_TRUE(piece.ends_with('\n'));
    while (!piece.empty()) {
      const std::string_view line = piece.substr(0, piece.find('\n'));
      piece.remove_prefix(line.size() + 1);
      ++lines;
      ASSERT_TRUE(BuiltInPattern(line)) << line;
      ASSERT_EQ(std::count(line.begin(), line.end(), '\t'), 4) << line;
      const TagEntry entry = BuiltInEntry(line);
      ASSERT_FALSE(entry.component.empty() && entry.driver.empty() && entry.vendor.empty() && entry.note.empty())
          << line;
    }
  }
  EXPECT_GT(lines, 5000u);  // the table came along whole
}

TEST(TagDatabase, FindsByNameWithAndWithoutTheProtectedBit) {
  const TagDatabase database = TagDatabase::BuiltIn();
  EXPECT_THAT(Owners(database, PoolTag::FromText("Proc")), ElementsAre("Proc ntoskrnl.exe"));
  EXPECT_THAT(Owners(database, PoolTag{0xE36F7250}), ElementsAre("Proc ntoskrnl.exe"));
  EXPECT_EQ(database.Find(PoolTag::FromText("Proc"))[0].source, "tag-database");
  EXPECT_EQ(database.Find(PoolTag::FromText("Proc"))[0].vendor, "Microsoft");
}

TEST(TagDatabase, ExactRowsComeBeforeFamiliesAndLongFamiliesBeforeShortOnes) {
  const TagDatabase database = TagDatabase::BuiltIn();
  EXPECT_THAT(Owners(database, PoolTag::FromText("NpfZ")), ElementsAre("Npf* npfs.sys"));
  EXPECT_THAT(Owners(database, PoolTag::FromText("NtfZ")),
              ElementsAre("NtfZ ntfs.sys", "Ntf* ntfs.sys", "Nt* ntfs.sys"));
}

TEST(TagDatabase, UnknownTagHasNoOwner) {
  const TagDatabase database = TagDatabase::BuiltIn();
  EXPECT_THAT(database.Find(PoolTag::FromText("\x01\x02\x03\x04")), IsEmpty());
  EXPECT_THAT(database.Find(PoolTag{0}), IsEmpty());
  EXPECT_THAT(database.Find(PoolTag{0xFFFFFFFF}), IsEmpty());
}

TEST(TagDatabase, TagsWithBytesThatCannotBeTypedAreFoundByTheirBytes) {
  const TagDatabase database = TagDatabase::BuiltIn();
  const auto found = database.Find(PoolTag{0x00534542});  // 42 45 53 00
  EXPECT_THAT(found, IsEmpty());
  const auto bus = database.Find(PoolTag{0x00535542});  // 42 55 53 00: the Xen bus driver's "BUS"
  ASSERT_FALSE(bus.empty());
  EXPECT_EQ(bus[0].driver, "xenbus.sys");
}

TEST(TagDatabase, UserWinsAtEqualExactnessOnly) {
  const TagDatabase exact = WithUserText("Proc - mine.sys - my processes\n");
  EXPECT_THAT(Owners(exact, PoolTag::FromText("Proc")), ElementsAre("Proc mine.sys", "Proc ntoskrnl.exe"));
  const TagDatabase family = WithUserText("Pro* - mine.sys\nNpf? - mine.sys\n");
  EXPECT_THAT(Owners(family, PoolTag::FromText("Proc")), ElementsAre("Proc ntoskrnl.exe", "Pro* mine.sys"));
  EXPECT_THAT(Owners(family, PoolTag::FromText("NpfZ")), ElementsAre("Npf? mine.sys", "Npf* npfs.sys"));
}

TEST(TagDatabase, SecondUserFileStandsBehindTheFirst) {
  TagDatabase database = WithUserText("Zqx1 - one.sys\nbroken\n");
  const std::string second = "Zqx1 - two.sys\nbroken\nbroken\n";
  EXPECT_EQ(database.AddFile(ByteView(reinterpret_cast<const std::uint8_t*>(second.data()), second.size())), 2u);
  EXPECT_THAT(Owners(database, PoolTag::FromText("Zqx1")), ElementsAre("Zqx1 one.sys", "Zqx1 two.sys"));
}

TEST(TagDatabase, AHeaderIsOneOfTheUsersFiles) {
  const TagDatabase database = WithUserText("#define TAG_ZQX '1xqZ'\n");
  EXPECT_THAT(Owners(database, PoolTag::FromText("Zqx1")), ElementsAre("Zqx1 "));
}

TEST(TagDatabase, RowsKnowHowExactTheyAre) {
  const TagDatabase database = WithUserText("Np?? - mine.sys\n");
  const auto found = database.Find(PoolTag::FromText("NpfZ"));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].literals, 3u);
  EXPECT_EQ(found[1].literals, 2u);
  EXPECT_EQ(database.Rows().front().second.driver, "mine.sys");
}

TEST(TagDatabase, SuggestsTheReversedTagOnlyWhereItHelps) {
  const TagDatabase database = TagDatabase::BuiltIn();
  const auto known = database.ReversedOf(PoolTag::FromText("corP"));
  ASSERT_TRUE(known);
  EXPECT_EQ(known->tag, PoolTag::FromText("Proc"));
  EXPECT_TRUE(known->known);
  const auto io = database.ReversedOf(PoolTag::FromText("  oI"));
  ASSERT_TRUE(io);
  EXPECT_EQ(io->tag, PoolTag::FromText("Io  "));
  EXPECT_FALSE(database.ReversedOf(PoolTag::FromText("Proc")));  // known as it stands
  EXPECT_FALSE(database.ReversedOf(PoolTag::FromText("abba")));  // the same backwards
  EXPECT_FALSE(database.ReversedOf(PoolTag::FromText("Zqx9")));  // unknown both ways, and looks right
}

TEST(TagDatabase, SuggestsWhatLooksReversedAsUnknown) {
  const TagDatabase empty;
  const auto looks = empty.ReversedOf(PoolTag::FromText("9xqZ"));
  EXPECT_FALSE(looks);  // digits stand at either end
  const auto small = empty.ReversedOf(PoolTag::FromText("wxqZ"));
  ASSERT_TRUE(small);
  EXPECT_EQ(small->tag, PoolTag::FromText("Zqxw"));
  EXPECT_FALSE(small->known);
  EXPECT_FALSE(empty.ReversedOf(PoolTag::FromText("WXQZ")));
  const TagDatabase family = WithUserText("wxq* - mine.sys\n");
  EXPECT_FALSE(family.ReversedOf(PoolTag::FromText("wxqZ")));  // a family of it is known
}

TEST(GenericTags, OwnNothing) {
  for (const char* tag : {"None", "Ddk ", "Wdm ", "Free", "Io  ", "FxDr", "BIG "})
    EXPECT_TRUE(TagDatabase::IsGeneric(PoolTag::FromText(tag))) << tag;
  EXPECT_TRUE(TagDatabase::IsGeneric(PoolTag{0}));
  EXPECT_TRUE(TagDatabase::IsGeneric(PoolTag{PoolTag::FromText("None").value | PoolTag::kProtectedBit}));
}

TEST(GenericTags, NearMissesOwnSomething) {
  for (const char* tag : {"none", "Ddk2", "Iox ", "Irp ", "File", "Proc", "Fred"})
    EXPECT_FALSE(TagDatabase::IsGeneric(PoolTag::FromText(tag))) << tag;
}

}  // namespace
}  // namespace poolblame
