// Which damaged pages are living pool, and what the free lists say about a block whose header looks sound.
#include "parser/pool/page_findings.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/pool/opened_image.h"
#include "tests/pool/page_builder.h"

namespace poolblame {
namespace {

using test::FromPages;
using test::FromRecipe;
using test::Opened;
using test::PageBuilder;
using test::Scan;

// A page given back and used for something else keeps its old headers behind the new data; but new data does not start
// with the rest of an old header. One byte behind a big allocation: no list speaks of the page, no pool page is before.
TEST(PageFindings, APageWhoseFirstHeaderMostlyStandsIsLiving) {
  const Opened opened = FromRecipe(
      "windows=7601 machine=x64 container=full fault=big-overrun bytes=1 pages=258 activity=652 after=29 free_tag=keep "
      "seed=983718814");
  const PoolCensus census = Scan(opened);
  ASSERT_EQ(census.findings.size(), 1U);
  EXPECT_EQ(census.findings.front().address->value, opened.truth.victim_header);
  EXPECT_EQ(census.findings.front().blocks.front().damaged_bytes, 1U);
}

// Two blocks, of which the first has lost its PreviousSize: one sound header alone could be any record, but this one
// leads to the page's end and back to its start.
TEST(PageFindings, APageOfTwoBlocksWhoseLastLeadsBackToTheStartIsPool) {
  const Opened opened = FromRecipe(
      "windows=9600 machine=x64 container=full fault=cross-page bytes=2 content=utf16 pages=372 activity=330 after=43 "
      "seed=1410776597");
  const PoolCensus census = Scan(opened);
  ASSERT_EQ(census.findings.size(), 1U);
  EXPECT_EQ(census.findings.front().address->value, opened.truth.victim_header);
  EXPECT_EQ(census.findings.front().blocks.size(), 2U);
}

// The header behind a smashed one is smashed as well, but the sound one behind it says where it stood: one run over two
// headers, rather than one that ends before and a stray byte that happens to name a place inside it.
TEST(PageFindings, ASoundHeadersWordAboutTheSmashedBlockBeforeItIsKept) {
  const Opened opened = FromRecipe(
      "windows=3790 machine=x64 container=bitmap fault=overrun bytes=198 content=pointers pages=184 activity=103 "
      "encoding=plain seed=1376333959");
  const PoolCensus census = Scan(opened);
  ASSERT_EQ(census.findings.size(), 1U);
  std::vector<std::uint32_t> damaged;
  for (const PoolBlock& block : census.findings.front().blocks)
    if (block.header_damaged()) damaged.push_back(block.offset);
  EXPECT_EQ(damaged, (std::vector<std::uint32_t>{0x250, 0x2E0}));
}

/// Pages with a tag each of which has several blocks, so that trust is learned.
std::vector<PageBuilder> HealthyPages(int count) {
  std::vector<PageBuilder> pages;
  for (int p = 0; p < count; ++p) {
    PageBuilder page("nt6-x64");
    for (int i = 0; i < 6; ++i) page.Block("Proc", 0x100).Block("Thre", 0x80);
    pages.push_back(page.FillToEnd("File"));
  }
  return pages;
}

PoolCensus ScanWith(const PageBuilder& last) {
  std::vector<PageBuilder> pages = HealthyPages(20);
  pages.push_back(last);
  return Scan(FromPages(pages, 0xFFFFFA8000000000, Machine::kX64, 7601));
}

TEST(PageFindings, APageOfTwoBlocksThatLostItsSecondHeaderIsPoolWhenItsFirstTagIsKnown) {
  for (const char* tag : {"Proc", "Xyzw"}) {
    PageBuilder page("nt6-x64");
    page.Block(tag, 0x500).Block("Vict", 0xB00).Fill(0x500, 16, 0xEE);
    const PoolCensus census = ScanWith(page);
    if (std::string(tag) == "Xyzw") {
      EXPECT_TRUE(census.findings.empty());
      EXPECT_EQ(census.not_judged.size(), 1U);
      continue;
    }
    ASSERT_EQ(census.findings.size(), 1U);
    ASSERT_EQ(census.findings[0].blocks.size(), 2U);
    EXPECT_EQ(census.findings[0].blocks[1].offset, 0x500U);
    EXPECT_TRUE(census.findings[0].blocks[1].header_damaged());
  }
}

TEST(PageFindings, AHeaderAloneThatEndsItsPageNeedsATagThatOtherPagesKnow) {
  for (const char* tag : {"Thre", "ost="}) {
    PageBuilder page("nt6-x64");
    page.Block("Frst", 0x300).Block("Secd", 0x400).Block(tag, 0x900).Fill(0, 16, 0xEE).Fill(0x300, 15, 0xEE);
    const PoolCensus census = ScanWith(page);
    EXPECT_EQ(census.findings.size(), std::string(tag) == "Thre" ? 1U : 0U) << tag;
    EXPECT_EQ(census.not_judged.size(), std::string(tag) == "Thre" ? 0U : 1U) << tag;
  }
}

constexpr std::uint64_t kBase = 0xFFFFFA8000000000;

/// Free blocks each alone on its list, enough of them that links are trusted.
std::vector<PageBuilder> PagesWithSoundLists() {
  std::vector<PageBuilder> pages = HealthyPages(20);
  for (int p = 0; p < 12; ++p) {
    PageBuilder page("nt6-x64");
    page.Block("Proc", 0x100).Free(0x100).Block("Thre", 0x80);
    const std::uint64_t entry = kBase + 4096 * pages.size() + 0x110;
    std::vector<std::uint8_t> link(16);
    std::memcpy(link.data(), &entry, 8);
    std::memcpy(link.data() + 8, &entry, 8);
    pages.push_back(page.Write(0x110, link).FillToEnd("File"));
  }
  return pages;
}

/// A page whose third block was written over from its type on; its first words are data.
PageBuilder WrittenFromTheTypeOn(const std::vector<std::uint8_t>& type_and_tag) {
  PageBuilder page("nt6-x64");
  page.Block("Proc", 0x100).Block("Thre", 0x80).Block("File", 0x100).FillToEnd("Proc");
  return page.Write(page.blocks()[2].offset + 3, type_and_tag).Fill(page.blocks()[2].offset + 16, 16, 0x41);
}

TEST(PageFindings, AFreeBlockWithNeitherTagNorLinksIsAHeaderDamagedFromItsTypeOn) {
  std::vector<PageBuilder> pages = PagesWithSoundLists();
  const std::size_t last = pages.size();
  pages.push_back(WrittenFromTheTypeOn({0, 0x01, 0xFE, 0x02, 0xFD}));
  const PoolCensus census = Scan(FromPages(pages, kBase, Machine::kX64, 7601));
  ASSERT_EQ(census.findings.size(), 1U);
  const PoolPage& page = census.findings[0];
  EXPECT_EQ(page.address->value, kBase + 4096 * last);
  EXPECT_TRUE(page.free_links.empty());
  const PoolBlock& block = page.blocks[2];
  EXPECT_EQ(block.damaged_bytes, 0xF8U);
  EXPECT_EQ(block.state, BlockState::kUnknown);
  EXPECT_FALSE(block.tag_known);
}

TEST(PageFindings, AFreeBlockWithItsOwnersTagAndNoLinksIsStillFree) {
  std::vector<PageBuilder> pages = PagesWithSoundLists();
  pages.push_back(WrittenFromTheTypeOn({0, 'T', 'h', 'r', 'e'}));
  const PoolCensus census = Scan(FromPages(pages, kBase, Machine::kX64, 7601));
  ASSERT_EQ(census.findings.size(), 1U);
  EXPECT_EQ(census.findings[0].free_links.size(), 1U);
  EXPECT_FALSE(census.findings[0].headers_damaged());
}

/// A page alone whose second block lies on a lookaside list, its first two pointers as given.
PoolCensus ScanOnePageWithListed(std::uint64_t first, std::uint64_t second) {
  constexpr std::uint8_t kLookasideType = 4;
  PageBuilder page("nt6-x64");
  page.Block("Proc", 0x100).Block("Gone", 0x80).Block("Thre", 0x80).FillToEnd("File");
  std::vector<std::uint8_t> pointers(16);
  std::memcpy(pointers.data(), &first, 8);
  std::memcpy(pointers.data() + 8, &second, 8);
  page.Write(0x103, {kLookasideType}).Write(0x110, pointers);
  return Scan(FromPages({page}, kBase, Machine::kX64, 7601));
}

TEST(PageFindings, ALinkToItselfIsBelievedWhereNoOtherLinkIsKnown) {
  const PoolCensus census = ScanOnePageWithListed(kBase + 0x110, 7);
  ASSERT_EQ(census.findings.size(), 1U);
  ASSERT_EQ(census.findings[0].free_links.size(), 1U);
  EXPECT_EQ(census.findings[0].free_links[0].offset, 0x110U);
}

/// Sixteen pages, each with a block `Gone` at 0x100 on a lookaside list that leads to the next page's; the first one's
/// link is `first` instead.
std::vector<PageBuilder> ListedOverPages(std::uint64_t first) {
  constexpr std::uint64_t kPages = 16;
  constexpr std::uint8_t kLookasideType = 4;
  std::vector<PageBuilder> pages;
  for (std::uint64_t p = 0; p < kPages; ++p) {
    const std::uint64_t next = p == 0 ? first : p + 1 == kPages ? 0 : kBase + (p + 1) * 0x1000 + 0x110;
    std::vector<std::uint8_t> link(8);
    std::memcpy(link.data(), &next, 8);
    PageBuilder page("nt6-x64");
    page.Block("Proc", 0x100).Block("Gone", 0x80).Block("Thre", 0x80).FillToEnd("File");
    pages.push_back(page.Write(0x103, {kLookasideType}).Write(0x110, link));
  }
  return pages;
}

std::size_t BrokenLinks(const std::vector<PageBuilder>& pages) {
  const PoolCensus census = Scan(FromPages(pages, kBase, Machine::kX64, 7601));
  return census.findings.empty() ? 0 : census.findings[0].free_links.size();
}

/// Two pages behind sound lists: a free block whose Flink leads one bit beside the second page's block, which names it.
std::vector<PageBuilder> OneBitBesideABlockOfType(std::uint8_t type) {
  std::vector<PageBuilder> pages = PagesWithSoundLists();
  const std::uint64_t entry = kBase + 4096 * pages.size() + 0x110, far = entry + 4096;
  const auto page_with = [](std::uint8_t its_type, std::uint64_t flink, std::uint64_t blink) {
    std::vector<std::uint8_t> links(16);
    std::memcpy(links.data(), &flink, 8);
    std::memcpy(links.data() + 8, &blink, 8);
    PageBuilder page("nt6-x64");
    page.Block("Proc", 0x100).Typed("Gone", 0x80, its_type).Block("Thre", 0x80).FillToEnd("File");
    return page.Write(0x110, links);
  };
  constexpr std::uint64_t kOneBit = 1 << 24, kElsewhere = 0xFFFFFA8012345678;
  pages.push_back(page_with(0, far ^ kOneBit, kElsewhere));
  pages.push_back(page_with(type, kElsewhere, entry));
  return pages;
}

TEST(PageFindings, ALinkOneBitBesideAFreeBlockThatNamesItIsDamaged) {
  EXPECT_EQ(BrokenLinks(OneBitBesideABlockOfType(0)), 1U);
}

TEST(PageFindings, ABlockInUseWithOldLinksNamesNobody) {
  constexpr std::uint8_t kBusy = 2;
  EXPECT_EQ(BrokenLinks(OneBitBesideABlockOfType(kBusy)), 0U);
}

TEST(PageFindings, ALinkIntoTheMiddleOfABlockIsNoLists) {
  EXPECT_EQ(BrokenLinks(ListedOverPages(kBase + 0x1110)), 0U);  // the next page's block
  EXPECT_EQ(BrokenLinks(ListedOverPages(kBase + 0x1118)), 1U);  // a word behind its link
  EXPECT_EQ(BrokenLinks(ListedOverPages(kBase + 0x1010)), 1U);  // a block in use
}

TEST(PageFindings, ALinkIntoADamagedPageTellsNothing) {
  std::vector<PageBuilder> pages = ListedOverPages(kBase + 0x1118);
  pages[1].Write(0x100, std::vector<std::uint8_t>(32, 0));  // type 0 is a free block's
  const PoolCensus census = Scan(FromPages(pages, kBase, Machine::kX64, 7601));
  for (const PoolPage& page : census.findings) EXPECT_TRUE(page.free_links.empty());
}

TEST(PageFindings, AFreedListHeadIsNoLinkToItself) {
  EXPECT_TRUE(ScanOnePageWithListed(kBase + 0x110, kBase + 0x110).findings.empty());
}

}  // namespace
}  // namespace poolblame
