// The walk of healthy pages: every layout, every oddity it must notice, and the near misses of a chain that closes.
#include "parser/pool/page_walk.h"

#include <gtest/gtest.h>

#include "parser/pool/page_reconstruction.h"
#include "tests/pool/page_builder.h"

namespace poolblame {
namespace {

using test::PageBuilder;

PageWalk Walk(const PageBuilder& page) { return WalkPage(page.data(), HeaderReader(page.layout())); }

TEST(PageWalk, HealthyPagesOfEveryLayoutClose) {
  for (const PoolHeaderLayout& layout : PoolHeaderLayouts()) {
    for (std::uint32_t seed = 1; seed <= 50; ++seed) {
      const PageBuilder page = test::RandomPage(layout.name, seed);
      const PageWalk walk = Walk(page);
      EXPECT_TRUE(walk.closes) << layout.name << " seed " << seed;
      EXPECT_EQ(walk.oddities, 0) << layout.name << " seed " << seed;
      EXPECT_EQ(walk.blocks, page.blocks().size());
      EXPECT_EQ(walk.allocated + walk.free + walk.lookaside, walk.blocks);
    }
  }
}

TEST(PageWalk, AHealthyPageIsReconstructedAsItStands) {
  for (const PoolHeaderLayout& layout : PoolHeaderLayouts()) {
    for (std::uint32_t seed = 1; seed <= 50; ++seed) {
      const PageBuilder page = test::RandomPage(layout.name, seed);
      const Reconstruction rebuilt = ReconstructPage(page.view(), HeaderReader(layout), {});
      ASSERT_EQ(rebuilt.blocks.size(), page.blocks().size()) << layout.name << " seed " << seed;
      EXPECT_EQ(rebuilt.damaged_headers, 0U);
      std::uint32_t sum = 0;
      for (std::size_t i = 0; i < rebuilt.blocks.size(); ++i) {
        EXPECT_EQ(rebuilt.blocks[i].offset, page.blocks()[i].offset);
        EXPECT_EQ(rebuilt.blocks[i].read, rebuilt.blocks[i].expected);
        EXPECT_EQ(rebuilt.blocks[i].doubtful_bytes, 0U);
        sum += rebuilt.blocks[i].size;
      }
      EXPECT_EQ(sum, 4096U);
      EXPECT_TRUE(IsBelievable(rebuilt, false));
    }
  }
}

TEST(PageWalk, TheChainMustMeetThePageEnd) {
  EXPECT_TRUE(Walk(PageBuilder("nt6-x64").Block("Proc", 0x800).Block("File", 0x800)).closes);
  EXPECT_FALSE(Walk(PageBuilder("nt6-x64").Block("Proc", 0x800).Block("File", 0x7F0)).closes);
  EXPECT_FALSE(Walk(PageBuilder("nt6-x64").Block("Proc", 0x800).Block("File", 0x800).Flip(0x802, 0)).closes);
}

TEST(PageWalk, NoticesOneDifferingIndexAndMany) {
  PageBuilder one("nt6-x64"), many("nt6-x64");
  for (int i = 0; i < 8; ++i) one.Index(i == 3 ? 7 : 1).Block("Proc", 0x200);
  for (int i = 0; i < 8; ++i) many.Index(static_cast<std::uint8_t>(i)).Block("Proc", 0x200);
  EXPECT_EQ(Walk(one).oddities, kOneIndexDiffers);
  EXPECT_EQ(Walk(many).oddities, kManyIndicesDiffer);
}

TEST(PageWalk, NoticesAPagedBlockAmongNonpagedOnes) {
  PageBuilder page("nt6-x64");
  for (int i = 0; i < 8; ++i) page.Typed("Proc", 0x200, i == 3 ? 3 : 2);
  EXPECT_EQ(Walk(page).oddities, kOnePagedBitDiffers);
  PageBuilder session("nt6-x64");
  for (int i = 0; i < 8; ++i) session.Typed("Proc", 0x200, i == 3 ? 0x02 : 0x22);
  EXPECT_EQ(Walk(session).oddities, kOneSessionBitDiffers);
}

TEST(PageWalk, FreeBlocksHaveNoPagedBit) {
  const PageBuilder page = PageBuilder("nt6-x64").BusyType(3).Block("CM25", 0x400).Free(0x400).FillToEnd("CM25");
  EXPECT_EQ(Walk(page).oddities, 0);
}

TEST(PageWalk, NoticesFreeNeighboursButNotALookasideBlockBesideAFreeOne) {
  EXPECT_EQ(Walk(PageBuilder("nt6-x64").Block("Proc", 0x400).Free(0x400).Free(0x400).FillToEnd("File")).oddities,
            kFreeNeighbours);
  EXPECT_EQ(
      Walk(PageBuilder("nt6-x64").Block("Proc", 0x400).Free(0x400).Typed("Io  ", 0x400, 4).FillToEnd("File")).oddities,
      0);
}

TEST(PageWalk, QuotaSessionAndLookasideTypesAreLegal) {
  const PageBuilder page = PageBuilder("nt62-x64")
                               .Typed("Proc", 0x400, 0x2B)
                               .Typed("File", 0x400, 0x23)
                               .Typed("Gla1", 0x400, 0x25)
                               .Typed("Gh05", 0x400, 0x63);
  const PageWalk walk = Walk(page);
  EXPECT_TRUE(walk.closes);
  EXPECT_EQ(walk.oddities, kVerifierType);
  EXPECT_EQ(walk.lookaside, 1);
}

TEST(PageWalk, TagsOfFreeBlocksMayBeAnything) {
  EXPECT_EQ(Walk(PageBuilder("nt6-x86").Block("Even", 0x40).Free(0x80, "b\x01\x02\x03").FillToEnd("Even")).oddities, 0);
  EXPECT_EQ(Walk(PageBuilder("nt6-x86").Block("Even", 0x40).Block("b\x01\x02\x03", 0x80).FillToEnd("Even")).oddities,
            kOddTag);
}

TEST(PageWalk, ThreeLetterTagsAndProtectedTagsArePrintable) {
  EXPECT_TRUE(TagIsPrintable(0x00535542));  // `BUS` and a NUL
  EXPECT_TRUE(TagIsPrintable(0xE36F7250));  // `Pro\xE3`
  EXPECT_FALSE(TagIsPrintable(0x00005542));
  EXPECT_FALSE(TagIsPrintable(0x1F535542));
  EXPECT_FALSE(TagIsPrintable(0x53FF5542));
  EXPECT_FALSE(TagIsPrintable(0x7F535542));
}

}  // namespace
}  // namespace poolblame
