#include "cli/render_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/hand_made_report.h"

namespace poolblame::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

ImageReport WithModules(std::size_t count) {
  ImageReport facts = OverrunReport();
  for (std::size_t i = 0; i < count; ++i)
    facts.system.modules.push_back(
        {"m" + std::to_string(i) + ".sys", "", VirtAddr{0xFFFFF88001000000 + i * 0x10000}, 0x6000, 0, false});
  facts.system.modules.push_back({"gone.sys", "", VirtAddr{0xFFFFF88002000000}, 0x7000, 0, true});
  return facts;
}

TEST(InfoText, BeginsWithWhatItIsAndExplainsTheBugCheck) {
  const std::string text = RenderInfoText(OverrunReport(), TextOptions{});
  EXPECT_THAT(text, StartsWith("pagedu64-full, Windows 7 / Server 2008 R2, x64\n"));
  EXPECT_THAT(text, HasSubstr("\nbug check 0x19 BAD_POOL_HEADER\n"
                              "  parameters 0x20, 0xfffffa8001234100, 0xfffffa8001234160, 0x41414141\n"
                              "  The pool block header size is corrupt.\n"
                              "  freed block 0xfffffa8001234100\n"));
}

TEST(InfoText, SaysWhichNamedAddressIsNotInTheImage) {
  ImageReport facts = OverrunReport();
  facts.bugcheck_address_in_image = {false};
  EXPECT_THAT(RenderInfoText(facts, TextOptions{}), HasSubstr("  freed block 0xfffffa8001234100, not in this image\n"));
}

TEST(InfoText, ListsAFewModulesAndAllOnDemand) {
  const ImageReport facts = WithModules(20);
  const std::string few = RenderInfoText(facts, TextOptions{});
  EXPECT_THAT(few, HasSubstr("\n20 loaded modules (--verbose lists all)\n"));
  EXPECT_THAT(few, HasSubstr("m11.sys\n  and 8 more\n"));
  EXPECT_THAT(few, HasSubstr("\n1 unloaded module\n  0xfffff88002000000     0x7000  gone.sys\n"));
  TextOptions verbose;
  verbose.verbose = true;
  const std::string all = RenderInfoText(facts, verbose);
  EXPECT_THAT(all, HasSubstr("m19.sys\n"));
  EXPECT_THAT(all, Not(HasSubstr("more\n")));
}

TEST(InfoText, SaysWhoToldTheBuildAndWhereThePageTablesLie) {
  ImageReport facts = OverrunReport();
  facts.system.build_source = BuildSource::kVersionResource;
  facts.image.machine = Machine::kX64;
  facts.image.form = PageTableForm::kLa57;
  facts.image.directory_table_base = PhysAddr{0x1AB000};
  facts.image.root_source = RootSource::kProcessor;
  const std::string text = RenderInfoText(facts, TextOptions{});
  EXPECT_THAT(text, HasSubstr("\n  build      told by the kernel's version resource\n"));
  EXPECT_THAT(text, HasSubstr("\n  memory     page tables x64 LA57 at 0x1ab000 (as the image says of a processor)\n"));
  facts.image.root_source = RootSource::kSystemProcess;
  EXPECT_THAT(RenderInfoText(facts, TextOptions{}), HasSubstr("0x1ab000 (as the System process says)\n"));
  facts.system.build.reset();
  facts.image.directory_table_base.reset();
  const std::string bare = RenderInfoText(facts, TextOptions{});
  EXPECT_THAT(bare, Not(HasSubstr("told by")));
  EXPECT_THAT(bare, Not(HasSubstr("page tables")));
}

TEST(InfoText, SaysHowTheLayoutIsKnown) {
  ImageReport facts = CleanReport();
  facts.census.layout_source = LayoutSource::kInferred;
  EXPECT_THAT(RenderInfoText(facts, TextOptions{}), HasSubstr("layout nt6-x64 (inferred from the pages)"));
  facts.census.layout = nullptr;
  EXPECT_THAT(RenderInfoText(facts, TextOptions{}), HasSubstr("no classic pool page to read"));
}

TEST(InfoText, ListsSecondaryDataWithItsWriter) {
  ImageReport facts = CleanReport();
  facts.image.secondary_data = {{"f87e4a4c-c5a1-4d2f-bff0-d5de63a5e4c3", FileOffset{0x3000}, 1607},
                                {"13121110-1514-1716-1819-1a1b1c1d1e1f", FileOffset{0x3400}, 1}};
  EXPECT_THAT(RenderInfoText(facts, TextOptions{}),
              HasSubstr("\nsecondary data, 2 blocks\n"
                        "  f87e4a4c-c5a1-4d2f-bff0-d5de63a5e4c3        1,607  KMDF: its drivers\n"
                        "  13121110-1514-1716-1819-1a1b1c1d1e1f            1  -\n"));
  facts.image.secondary_data.resize(30, facts.image.secondary_data.back());
  EXPECT_THAT(RenderInfoText(facts, TextOptions{}), HasSubstr("secondary data, 30 blocks (--verbose lists all)\n"));
  EXPECT_THAT(RenderInfoText(facts, TextOptions{}), HasSubstr("\n  and 6 more\n"));
}

TEST(InfoText, SaysThatADumpIsLive) {
  ImageReport facts = CleanReport();
  facts.image.is_live = true;
  EXPECT_THAT(RenderInfoText(facts, TextOptions{}), HasSubstr("full, live dump, "));
}

}  // namespace
}  // namespace poolblame::cli
