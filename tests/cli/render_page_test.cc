#include "cli/render_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/hand_made_report.h"

namespace poolblame::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string Rendered(const PoolPage& page, const std::vector<const Incident*>& incidents) {
  return RenderPoolPage(page, incidents, TagDatabase(), TextOptions{});
}

TEST(PoolPageText, ListsEveryBlockWithItsLetter) {
  const Incident incident = OverrunIncident();
  const std::string text = Rendered(DamagedPage(), {&incident});
  EXPECT_THAT(text, StartsWith("page 0xfffffa8001234000: overrun by 'Culp' (culprit.sys) at 0xfffffa8001234100"));
  EXPECT_THAT(text, HasSubstr("  a  0xfffffa8001234000  +000     256     0  allocated  'Head'\n"
                              "  C  0xfffffa8001234100  +100      96   256  allocated  'Culp'\n"
                              "  V! 0xfffffa8001234160  +160     160    96  allocated  'Vict'\n"
                              "  d  0xfffffa8001234200  +200    3584   160  allocated  'Tail'\n"));
}

TEST(PoolPageText, GivesTheOwnerOfATag) {
  const PoolPage page = MakePage({{0x1000, "Mine"}});
  TagDatabase tags;
  const std::string table = "Mine - mine.sys - my driver\n";
  tags.AddFile(ByteView(reinterpret_cast<const std::uint8_t*>(table.data()), table.size()));
  EXPECT_THAT(RenderPoolPage(page, {}, tags, TextOptions{}), HasSubstr("'Mine'  mine.sys\n"));
}

TEST(PoolPageText, AHealthyPageSaysSo) {
  const std::string text = Rendered(MakePage({{0x800, "Aaaa"}, {0x800, "Bbbb"}}), {});
  EXPECT_THAT(text, StartsWith("page 0xfffffa8001234000: healthy classic pool, 2 blocks\nlayout nt6-x64\n"));
  EXPECT_THAT(text, HasSubstr("\nevery check passed\n"));
  EXPECT_THAT(text, Not(HasSubstr("\ndamage\n")));
}

TEST(PoolPageText, TellsOldHeadersInFreeBlocks) {
  PoolPage page = MakePage({{0x1000, "Aaaa"}});
  page.stale_headers = {{0x40, {4, 0, 8, 2, PoolTag::FromText("Last").value, 0}}};
  EXPECT_THAT(Rendered(page, {}), HasSubstr("who was here before)\n  +040  'Last', 128 bytes\n"));
}

TEST(PoolPageText, APageWithoutVirtualAddressIsPhysical) {
  PoolPage page = MakePage({{0x1000, "Aaaa"}});
  page.address.reset();
  page.pfn = 0x123;
  EXPECT_THAT(Rendered(page, {}), StartsWith("physical page 0x0000000000123000: healthy classic pool, 1 block\n"));
}

TEST(OtherPageText, KeepsTheThreeAnswersApart) {
  PageBytes bytes;
  bytes.presence = Presence::kNotPresent;
  EXPECT_EQ(RenderOtherPage({kPage}, bytes, PageClass::kNotPool),
            "page 0xfffffa8001234000: the page tables map nothing here, or the page was paged out\n");
  bytes.presence = Presence::kNotInDump;
  EXPECT_EQ(RenderOtherPage({kPage}, bytes, PageClass::kNotPool),
            "page 0xfffffa8001234000: not in this image: whoever wrote it left the page out\n");
  bytes.presence = Presence::kPresent;
  bytes.pfn = 0x7654;
  EXPECT_EQ(RenderOtherPage({kPage}, bytes, PageClass::kSpecialPool),
            "page 0xfffffa8001234000: " + std::string(PageClassName(PageClass::kSpecialPool)) +
                ", physical 0x0000000007654000\n");
}

TEST(PoolPageText, WithoutBlocksThereIsNoTableOfThem) {
  PoolPage page = MakePage({{0x1000, "Aaaa"}});
  page.blocks.clear();
  EXPECT_THAT(Rendered(page, {}), Not(HasSubstr("\nblocks\n")));
}

TEST(BigPageText, SaysWhoseItIsOrWas) {
  PageBytes bytes;
  bytes.presence = Presence::kPresent;
  BigOwner owner;
  owner.begin = VirtAddr{kPage - 0x1000};
  owner.bytes = 0x3000;
  owner.tag = PoolTag::FromText("Zz9q");
  owner.in_range = true;
  EXPECT_EQ(RenderBigPage({kPage}, bytes, owner, TagDatabase()),
            "page 0xfffffa8001234000: page range of the segment heap at 0xfffffa8001233000, 12,288 bytes, 'Zz9q'\n");
  bytes.presence = Presence::kNotPresent;
  owner.in_range = false;
  owner.freed = true;
  EXPECT_EQ(RenderBigPage({kPage}, bytes, owner, TagDatabase()),
            "page 0xfffffa8001234000: freed memory, last a big allocation at 0xfffffa8001233000, 12,288 bytes, 'Zz9q', "
            "not in this image\n");
  owner.freed = false;
  owner.tag.reset();
  EXPECT_THAT(RenderBigPage({kPage}, bytes, owner, TagDatabase()), HasSubstr("in no table of big allocations"));
}

TEST(PoolPageText, ADamagedStructureSaysWhichFieldsAreWrong) {
  PoolPage page = MakePage({{0x1000, "Aaaa"}});
  page.structure.emplace(HeapStructureKind::kVsSubsegment, *page.address, ByteView(page.bytes.bytes.data(), 0x30));
  page.structure->Expect(0x20, 2, 0x1234, "Size");
  page.structure->Reject(0x24, 2, "Signature");
  const std::string text = Rendered(page, {});
  EXPECT_THAT(text, HasSubstr("the header of a VS subsegment +020: Size is 0x"));
  EXPECT_THAT(text, HasSubstr("must have been 0x1234"));
  EXPECT_THAT(text, HasSubstr("+024: Signature is 0x"));
}

}  // namespace
}  // namespace poolblame::cli
