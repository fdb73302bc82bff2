// Damage to single headers: which bytes are named, what the header is said to have been, and what is left as unknown.
#include <gtest/gtest.h>

#include <map>

#include "parser/pool/page_reconstruction.h"
#include "tests/pool/page_builder.h"

namespace poolblame {
namespace {

using test::PageBuilder;

Reconstruction Rebuild(const PageBuilder& page) {
  return ReconstructPage(page.view(), HeaderReader(page.layout()), {});
}

// Ten blocks, two of each tag, so that tags are known on the page.
PageBuilder TenBlocks(std::string_view layout) {
  PageBuilder page(layout);
  for (const char* tag : {"Ntfx", "File", "Even", "Irp ", "MmCa", "Ntfx", "File", "Even", "Irp "})
    page.Block(tag, 0x180);
  return page.FillToEnd("MmCa");
}

void ExpectOnlyDamaged(const Reconstruction& page, const PageBuilder& truth, std::size_t victim) {
  ASSERT_EQ(page.blocks.size(), truth.blocks().size());
  for (std::size_t i = 0; i < page.blocks.size(); ++i) {
    EXPECT_EQ(page.blocks[i].offset, truth.blocks()[i].offset);
    EXPECT_EQ(page.blocks[i].header_damaged(), i == victim) << "block " << i;
  }
}

class EveryByte : public testing::TestWithParam<const char*> {};

TEST_P(EveryByte, OneWrongByteIsNamedExactly) {
  const PageBuilder clean = TenBlocks(GetParam());
  for (std::size_t victim = 0; victim < clean.blocks().size(); ++victim) {
    for (std::uint32_t byte = 0; byte < 8; ++byte) {
      PageBuilder page = clean;
      const std::uint32_t at = clean.blocks()[victim].offset + byte;
      // 0x10 is never stored in a PoolType, which on x86 lies one bit higher; the others become unprintable letters.
      const std::uint8_t change = byte != 3 ? 0x90 : clean.layout().is_64bit ? 0x10 : 0x20;
      page.Write(at, {static_cast<std::uint8_t>(clean.data()[at] ^ change)});
      SCOPED_TRACE(std::string(GetParam()) + " block " + std::to_string(victim) + " byte " + std::to_string(byte));
      const Reconstruction rebuilt = Rebuild(page);
      // Bit 31 of a tag is the protected mark, and a changed last letter may still be a letter.
      if (byte == 7) continue;
      ExpectOnlyDamaged(rebuilt, clean, victim);
      EXPECT_EQ(rebuilt.blocks[victim].damaged_bytes, 1U << byte);
      if (byte < 3) {
        EXPECT_EQ(rebuilt.blocks[victim].expected, clean.layout().Decode(clean.data() + clean.blocks()[victim].offset));
      }
    }
  }
}

TEST_P(EveryByte, EveryFlippedBitOfTheSizesIsMended) {
  const PageBuilder clean = TenBlocks(GetParam());
  for (std::size_t victim = 0; victim < clean.blocks().size(); ++victim) {
    for (std::uint32_t byte : {0U, 2U}) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        PageBuilder page = clean;
        page.Flip(clean.blocks()[victim].offset + byte, bit);
        // A last block that became shorter looks exactly like one whose successor's header was overrun.
        const bool last = victim + 1 == clean.blocks().size();
        if (last && byte == 2 &&
            page.data()[clean.blocks()[victim].offset + 2] < clean.data()[clean.blocks()[victim].offset + 2])
          continue;
        SCOPED_TRACE("block " + std::to_string(victim) + " byte " + std::to_string(byte) + " bit " +
                     std::to_string(bit));
        const Reconstruction rebuilt = Rebuild(page);
        ExpectOnlyDamaged(rebuilt, clean, victim);
        EXPECT_EQ(rebuilt.blocks[victim].damaged_bytes, 1U << byte);
        EXPECT_EQ(rebuilt.blocks[victim].expected, clean.layout().Decode(clean.data() + clean.blocks()[victim].offset));
        EXPECT_TRUE(rebuilt.blocks[victim].tag_known);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, EveryByte, testing::Values("nt5-x86", "nt5-x64", "nt6-x86", "nt6-x64", "nt62-x64"));

TEST(HeaderDamage, AFlippedTypeBitIsMendedFromTheTypesOfThePage) {
  const PageBuilder clean = TenBlocks("nt6-x64");
  for (const unsigned bit : {4U, 7U}) {  // 0x10 and 0x80 are never stored
    PageBuilder page = clean;
    page.Flip(clean.blocks()[4].offset + 3, bit);
    const Reconstruction rebuilt = Rebuild(page);
    ExpectOnlyDamaged(rebuilt, clean, 4);
    EXPECT_EQ(rebuilt.blocks[4].expected.PoolType, 2);
    EXPECT_EQ(rebuilt.blocks[4].state, BlockState::kAllocated);
  }
}

TEST(HeaderDamage, AFlippedTypeBitIsMendedWhereNoOtherBlockOfThePageHasTheType) {
  PageBuilder clean("nt6-x64");
  for (int i = 0; i < 8; ++i) clean.BusyType(i == 4 ? 0x0B : 0x03).Block("Proc", 0x200);
  PageBuilder page = clean;
  page.Flip(clean.blocks()[4].offset + 3, 4);  // 0x1B is no type; 0x0B is paged, like the page
  const Reconstruction rebuilt = Rebuild(page);
  ExpectOnlyDamaged(rebuilt, clean, 4);
  EXPECT_EQ(rebuilt.blocks[4].expected.PoolType, 0x0B);
}

TEST(HeaderDamage, AFlippedTypeBitDoesNotCastDoubtOnATagThatIsAloneInTheImage) {
  PageBuilder clean("nt6-x64");
  for (int i = 0; i < 8; ++i) clean.Block(i == 4 ? "Sole" : "Proc", 0x200);
  PageBuilder page = clean;
  page.Flip(clean.blocks()[4].offset + 3, 4);
  const Reconstruction rebuilt = Rebuild(page);
  ExpectOnlyDamaged(rebuilt, clean, 4);
  EXPECT_EQ(rebuilt.blocks[4].damaged_bytes, 1U << 3);
  EXPECT_TRUE(rebuilt.blocks[4].tag_known);
}

TEST(HeaderDamage, ARunThatEndsBehindTheTypeOfALoneTagLeavesTheTagInDoubt) {
  PageBuilder page("nt6-x64");
  for (int i = 0; i < 8; ++i) page.Block(i == 4 ? "Sole" : "Proc", 0x200);
  page.Fill(page.blocks()[4].offset, 8, 'w');
  const Reconstruction rebuilt = Rebuild(page);
  EXPECT_FALSE(rebuilt.blocks[4].tag_known);
}

// Six blocks; the last one, of 0x600 bytes, is told by its header to be one bit shorter.
PageBuilder WithShortenedLast() {
  PageBuilder page("nt6-x64");
  for (const char* tag : {"Ntfx", "File", "Even", "Irp ", "MmCa"}) page.Block(tag, 0x200);
  page.Block("Proc", 0x600);
  return page.Flip(page.blocks()[5].offset + 2, 6);  // 0x60 -> 0x20 units
}

/// The page, in an image that has three other blocks of `Proc`, of that size.
Reconstruction RebuildBesideProcs(const PageBuilder& page, std::uint32_t size) {
  std::map<PoolTag, TagStatistics> tags;
  tags[PoolTag::FromText("Proc")].allocated = 3;
  tags[PoolTag::FromText("Proc")].sizes[size] = 3;
  ImageKnowledge knowledge;
  knowledge.tags = &tags;
  return ReconstructPage(page.view(), HeaderReader(page.layout()), knowledge);
}

TEST(HeaderDamage, ALastBlockThatBecameShorterHasTheSizeOfItsTag) {
  const PageBuilder page = WithShortenedLast();
  const Reconstruction rebuilt = RebuildBesideProcs(page, 0x600);
  ExpectOnlyDamaged(rebuilt, page, 5);
  EXPECT_EQ(rebuilt.blocks[5].damaged_bytes, 1U << 2);
  EXPECT_EQ(rebuilt.blocks[5].size, 0x600U);
}

TEST(HeaderDamage, ALastBlockOfItsTagsSizeHasASmashedNeighbour) {
  const PageBuilder page = WithShortenedLast();
  const Reconstruction rebuilt = RebuildBesideProcs(page, 0x200);
  ASSERT_EQ(rebuilt.blocks.size(), 7U);
  EXPECT_FALSE(rebuilt.blocks[5].header_damaged());
  EXPECT_TRUE(rebuilt.blocks[6].header_damaged());
}

TEST(HeaderDamage, AFlippedTagBitIsMendedWhereOneKnownTagIsOneBitAway) {
  const PageBuilder clean = TenBlocks("nt6-x64");
  PageBuilder page = clean;
  page.Flip(clean.blocks()[5].offset + 4, 7);  // `Ntfx` -> 0xCE 't' 'f' 'x'
  const Reconstruction rebuilt = Rebuild(page);
  ExpectOnlyDamaged(rebuilt, clean, 5);
  EXPECT_EQ(rebuilt.blocks[5].damaged_bytes, 1U << 4);
  EXPECT_EQ(rebuilt.blocks[5].tag().text(), "Ntfx");
  EXPECT_TRUE(rebuilt.blocks[5].tag_known);
}

TEST(HeaderDamage, ASmashedTagIsNotInvented) {
  const PageBuilder clean = TenBlocks("nt6-x64");
  PageBuilder page = clean;
  page.Fill(clean.blocks()[5].offset, 12, 0xEE);
  const Reconstruction rebuilt = Rebuild(page);
  ExpectOnlyDamaged(rebuilt, clean, 5);
  const PoolBlock& victim = rebuilt.blocks[5];
  EXPECT_FALSE(victim.tag_known);
  EXPECT_EQ(victim.state, BlockState::kUnknown);
  EXPECT_EQ((victim.damaged_bytes | victim.doubtful_bytes) & 0xFF, 0xFFU);  // 0xEE, bit 31 aside, may be an `n`
  EXPECT_EQ(victim.doubtful_bytes & 0xFF00, 0xFF00U);                       // ProcessBilled: nobody knows
}

TEST(HeaderDamage, AShortOverrunLeavesTheRestOfTheHeaderKnown) {
  const PageBuilder clean = TenBlocks("nt62-x64");
  for (std::uint32_t count = 1; count <= 4; ++count) {
    PageBuilder page = clean;
    page.Fill(clean.blocks()[6].offset, count, 0xEE);
    const Reconstruction rebuilt = Rebuild(page);
    ExpectOnlyDamaged(rebuilt, clean, 6);
    EXPECT_EQ(rebuilt.blocks[6].damaged_bytes, (1U << count) - 1) << count;
    EXPECT_EQ(rebuilt.blocks[6].tag().text(), "File");
    EXPECT_TRUE(rebuilt.blocks[6].tag_known);
  }
}

TEST(HeaderDamage, PrintableTextOverATagMakesItDoubtful) {
  const PageBuilder clean = TenBlocks("nt6-x64");
  PageBuilder page = clean;
  page.Fill(clean.blocks()[3].offset, 24, 'q');
  const Reconstruction rebuilt = Rebuild(page);
  ExpectOnlyDamaged(rebuilt, clean, 3);
  EXPECT_FALSE(rebuilt.blocks[3].tag_known);
  EXPECT_EQ(rebuilt.blocks[3].doubtful_bytes & 0xF0, 0xF0U);
}

TEST(HeaderDamage, AnIndexThatDiffersIsDamageOnlyWhereTheImageKeepsIt) {
  PageBuilder page("nt6-x64");
  for (int i = 0; i < 8; ++i) page.Index(i == 3 ? 9 : 1).Block("Proc", 0x200);
  const HeaderReader reader(page.layout());
  EXPECT_EQ(ReconstructPage(page.view(), reader, {}).blocks[3].damaged_bytes, 1U << 1);
  ImageKnowledge not_kept;
  not_kept.trust.pool_index_uniform = false;
  EXPECT_EQ(ReconstructPage(page.view(), reader, not_kept).damaged_headers, 0U);
}

}  // namespace
}  // namespace poolblame
