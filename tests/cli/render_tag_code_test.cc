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

TEST(RenderAllTagCode, ALineForEachTag) {
  const std::string text =
      RenderAllTagCode({{kTag, 1234}, {PoolTag::FromText("Io"), 7}}, AllocatesInSecond(0x1000), TwoDrivers(), {});
  EXPECT_THAT(text, HasSubstr("Zork           1,234"));
  EXPECT_THAT(text, HasSubstr("t\\x1bwo.sys+0x1234 allocates"));
  EXPECT_THAT(text, HasSubstr("used by many\n"));
}

}  // namespace
}  // namespace poolblame::cli
