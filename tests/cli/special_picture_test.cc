// The picture of a special-pool page, and what `page` says of it.
#include "cli/special_picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/render_page.h"
#include "tests/pool/special_page.h"

namespace poolblame::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

SpecialPoolPage Read(const test::SpecialPage& page) {
  SpecialPoolPage out;
  out.address = VirtAddr{0xFFFFF98000101000};
  out.bytes.presence = Presence::kPresent;
  out.bytes.bytes = page.view();
  out.block = ReadSpecialPool(page.view(), true, 7601, SpecialPoolTrust::kNamed).value_or(SpecialPoolBlock{});
  return out;
}

std::string Rendered(const SpecialPoolPage& page) { return RenderSpecialPage(page, {}, TagDatabase{}, TextOptions{}); }

TEST(SpecialPicture, ASoundPageShowsItsParts) {
  const test::SpecialPage page = test::MakeSpecialPage({.size = 0x1F1});
  const std::string text = Rendered(Read(page));
  EXPECT_THAT(text, HasSubstr("page 0xfffff98000101000: healthy special pool\n"));
  EXPECT_THAT(text, HasSubstr("'Leak', 497 bytes requested, nonpaged, at the page's end\n"));
  EXPECT_THAT(text, HasSubstr("  +000  HH?" + std::string(61, '.') + "\n"));
  EXPECT_THAT(text, HasSubstr("  +e00  " + std::string(63, 'D') + "-\n"));
  EXPECT_THAT(text, HasSubstr("every check passed"));
  EXPECT_THAT(text, Not(HasSubstr("!")));
}

TEST(SpecialPicture, WrongBytesAreMarkedInPictureAndDump) {
  test::SpecialPage page = test::MakeSpecialPage({.at_start = true, .size = 0x1F9});
  page.Put(page.data_end, {0x11, 0x22});
  const std::string text = Rendered(Read(page));
  EXPECT_THAT(text, HasSubstr("damaged special pool, part of no incident"));
  EXPECT_THAT(text, HasSubstr("  +000  " + std::string(63, 'D') + "!\n"));
  EXPECT_THAT(text, HasSubstr("!11!22 a7"));
  EXPECT_THAT(text, HasSubstr("filler behind the data: 2 bytes of +1f9 to +1fb are not 0xa7"));
}

TEST(SpecialPicture, EveryFailedCheckIsASentence) {
  test::SpecialPage page = test::MakeSpecialPage({});
  EXPECT_THAT(FailedSpecialChecks(Read(page).block), IsEmpty());
  page.Flip(2, 1).Flip(0x100, 1);
  EXPECT_THAT(FailedSpecialChecks(Read(page).block),
              ElementsAre("header: names another filler byte than 0xa7, which the page has",
                          "filler between header and data: 1 byte of +100 to +101 is not 0xa7"));
}

}  // namespace
}  // namespace poolblame::cli
