#include "cli/render_tag_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace poolblame::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

const PoolTag kTag = PoolTag::FromText("Zork");

System TwoDrivers() {
  System system;
  system.modules.push_back({"one.sys", "", VirtAddr{0xFFFFF80100000000}, 0x10000, 0, false});
  system.modules.push_back({"t\x1bwo.sys", "", VirtAddr{0xFFFFF80100010000}, 0x10000, 0, false});
  system.modules.push_back({"gone.sys", "", VirtAddr{0xFFFFF80100020000}, 0x10000, 0, true});
  return system;
}

CodeSearch AllocatesInSecond(std::uint64_t code) {
  CodeSearch search;
  search.drivers = {{0, code, 0x1000, 0}, {1, code, 0x1000, 0}};
  DriverTagUses uses;
  uses.driver = 1;
  uses.counts[static_cast<std::size_t>(TagUse::kCall)] = 5;
  const VirtAddr site{0xFFFFF80100011234};
  uses.sites.assign(5, {TagUse::kCall, site, FindPoolRoutine("ExAllocatePoolWithTag"), 3});
  search.uses[kTag].push_back(uses);
  return search;
}

TEST(RenderTagCode, CandidatesComeWithTheirPlaces) {
  const std::string text = RenderTagCode(kTag, AllocatesInSecond(0x1000), TwoDrivers(), {});
  EXPECT_THAT(text, HasSubstr("by the code of 2 drivers\n"));
  EXPECT_THAT(text, HasSubstr(" %  t\\x1bwo.sys\n"));
  EXPECT_THAT(text, HasSubstr("t\\x1bwo.sys+0x1234 allocates with this tag (ExAllocatePoolWithTag)\n"));
  EXPECT_THAT(text, HasSubstr("and 2 more\n"));
  EXPECT_THAT(text, Not(HasSubstr("one.sys")));
}

TEST(RenderTagCode, WithoutCodeTheListsAreAsked) {
  TagDatabase tags;
  const std::string table = "Zork - gone.sys - buffers\nZor* - one.sys - buffers\nZo* - never.sys - buffers\n";
  tags.AddFile(ByteView(reinterpret_cast<const std::uint8_t*>(table.data()), table.size()));
  const std::string text = RenderTagCode(kTag, {}, TwoDrivers(), tags);
  EXPECT_THAT(text, HasSubstr("driver code is not in this dump"));
  EXPECT_THAT(text, HasSubstr("gone.sys: was unloaded\n"));
  EXPECT_THAT(text, HasSubstr("one.sys: loaded at 0xfffff80100000000\n"));
  EXPECT_THAT(text, HasSubstr("never.sys: not among the drivers"));
}

TEST(RenderTagCode, ATagInNoCodeSaysSo) {
  CodeSearch search = AllocatesInSecond(0x1000);
  EXPECT_EQ(RenderTagCode(PoolTag::FromText("Else"), search, TwoDrivers(), {}), "  in the code of none of 2 drivers\n");
}

TEST(TagCodeJson, HasEveryCandidateWithItsPlaces) {
  const Json code = TagCodeJson(kTag, AllocatesInSecond(0x1000), TwoDrivers(), {});
  EXPECT_EQ(code["in_image"], true);
  EXPECT_EQ(code["drivers_searched"], 2u);
  EXPECT_EQ(code["named"], "t\x1bwo.sys");
  ASSERT_EQ(code["candidates"].size(), 1u);
  EXPECT_EQ(code["candidates"][0]["places"], 5u);
  EXPECT_EQ(code["candidates"][0]["sites"][0]["use"], "call");
  EXPECT_EQ(code["candidates"][0]["sites"][0]["routine"], "ExAllocatePoolWithTag");
  EXPECT_EQ(code["candidates"][0]["sites"][0]["address"], "0xfffff80100011234");
  EXPECT_EQ(TagCodeJson(kTag, {}, TwoDrivers(), {})["in_image"], false);
}

const std::vector<TagCount>& Counts() {
  static const std::vector<TagCount> kCounts = {
      {kTag, 1234}, {PoolTag::FromText("Io"), 7}, {PoolTag::FromText("Zqx1"), 3}, {PoolTag::FromText("Zqx2"), 2}};
  return kCounts;
}

std::vector<NamedTag> Named(const std::vector<TagPattern>& patterns, const TagQuery& query, const CodeSearch& search) {
  TagDatabase tags;
  const std::string table = "Zqx1 - one.sys\nZork - one.sys\n";
  tags.AddFile(ByteView(reinterpret_cast<const std::uint8_t*>(table.data()), table.size()));
  return NameTags(Counts(), patterns, query, search, TwoDrivers(), tags);
}

TEST(RenderAllTagCode, ALineForEachTag) {
  const CodeSearch search = AllocatesInSecond(0x1000);
  EXPECT_EQ(RenderAllTagCode(Named({}, {}, search), search, TwoDrivers()),
            "tag           blocks  driver\n"
            "Zork           1,234  >99 %  t\\x1bwo.sys+0x1234 allocates with this tag (ExAllocatePoolWithTag)\n"
            "Io                 7         used by many: it names no driver\n"
            "Zqx1               3         one.sys, by the table\n"
            "Zqx2               2\n");
}

TEST(RenderAllTagCode, WithoutCodeTheTableNames) {
  const std::string text = RenderAllTagCode(Named({}, {}, {}), {}, TwoDrivers());
  EXPECT_THAT(text, testing::StartsWith("driver code is not in this dump: whose the tags are"));
  EXPECT_THAT(text, HasSubstr("one.sys, by the table\n"));
}

TEST(AllTagCodeJson, SaysWhereTheNameComesFrom) {
  const CodeSearch search = AllocatesInSecond(0x1000);
  const std::vector<Json> records = AllTagCodeJson(Named({}, {}, search), TwoDrivers());
  ASSERT_EQ(records.size(), 4u);
  EXPECT_EQ(records[0]["source"], "module-scan");
  EXPECT_EQ(records[0]["site"]["use"], "call");
  EXPECT_EQ(records[1]["generic"], true);
  EXPECT_EQ(records[2]["source"], "pooltag.txt");
  EXPECT_TRUE(records[2]["probability"].is_null());
  EXPECT_TRUE(records[3]["driver"].is_null());
  EXPECT_EQ(records[3]["source"], "none");
}

TEST(NameTags, ByTagAndByTheBestKnownOwner) {
  const CodeSearch search = AllocatesInSecond(0x1000);
  EXPECT_EQ(Named({*TagPattern::FromText("Zqx?", true)}, {}, search).size(), 2u);
  const std::vector<NamedTag> one = Named({}, {std::nullopt, "one", ""}, search);
  ASSERT_EQ(one.size(), 1u);  // Zork is two.sys's by its code, whatever the table says
  EXPECT_EQ(one[0].count.tag, PoolTag::FromText("Zqx1"));
  EXPECT_TRUE(Named({}, {std::nullopt, "", "microsoft"}, search).empty());
}

}  // namespace
}  // namespace poolblame::cli
