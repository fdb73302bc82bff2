// Overruns that take several headers, the first or the last of a page, and what must not be mistaken for damage.
#include <gtest/gtest.h>

#include "parser/pool/page_reconstruction.h"
#include "tests/pool/page_builder.h"

namespace poolblame {
namespace {

using test::PageBuilder;

Reconstruction RebuildSmashed(const PageBuilder& page) {
  return ReconstructPage(page.view(), HeaderReader(page.layout()), {});
}

std::vector<std::uint32_t> Offsets(const Reconstruction& page) {
  std::vector<std::uint32_t> offsets;
  for (const PoolBlock& block : page.blocks) offsets.push_back(block.offset);
  return offsets;
}

PageBuilder SmallBlocks(std::string_view layout) {
  PageBuilder page(layout);
  for (int i = 0; i < 32; ++i) page.Block(i % 2 == 0 ? "Even" : "Irp ", 0x60);
  return page.FillToEnd("MmCa");
}

std::vector<std::uint32_t> Offsets(const PageBuilder& page) {
  std::vector<std::uint32_t> offsets;
  for (const auto& block : page.blocks()) offsets.push_back(block.offset);
  return offsets;
}

class Smashed : public testing::TestWithParam<const char*> {};

TEST_P(Smashed, TwoHeadersInARow) {
  for (const std::uint8_t fill : {std::uint8_t{0}, std::uint8_t{0x41}, std::uint8_t{0xFF}}) {
    PageBuilder page = SmallBlocks(GetParam());
    const PageBuilder clean = page;
    page.Fill(page.blocks()[10].offset, 0x60 + 8, fill);
    const Reconstruction rebuilt = RebuildSmashed(page);
    EXPECT_EQ(Offsets(rebuilt), Offsets(clean)) << int{fill};
    EXPECT_TRUE(rebuilt.blocks[10].header_damaged());
    EXPECT_TRUE(rebuilt.blocks[11].header_damaged());
    EXPECT_EQ(rebuilt.damaged_headers, 2U);
  }
}

TEST_P(Smashed, ThreeHeadersLoseOnlyTheBoundaryNobodyVouchesFor) {
  PageBuilder page = SmallBlocks(GetParam());
  auto expected = Offsets(page);
  page.Fill(page.blocks()[10].offset, 2 * 0x60 + 8, 0xEE);
  expected.erase(expected.begin() + 11);  // the header between two smashed ones has no witness left
  EXPECT_EQ(Offsets(RebuildSmashed(page)), expected);
}

TEST_P(Smashed, TheFirstHeaderByThePageBefore) {
  PageBuilder page = SmallBlocks(GetParam());
  const PageBuilder clean = page;
  page.Fill(0, 20, 'x');
  const Reconstruction rebuilt = RebuildSmashed(page);
  EXPECT_EQ(Offsets(rebuilt), Offsets(clean));
  EXPECT_TRUE(rebuilt.blocks[0].header_damaged());
  EXPECT_EQ(rebuilt.damaged_headers, 1U);
}

TEST_P(Smashed, TheLastHeader) {
  PageBuilder page = SmallBlocks(GetParam());
  const PageBuilder clean = page;
  page.Fill(page.blocks().back().offset, 24, 'x');
  const Reconstruction rebuilt = RebuildSmashed(page);
  EXPECT_EQ(Offsets(rebuilt), Offsets(clean));
  EXPECT_TRUE(rebuilt.blocks.back().header_damaged());
  EXPECT_EQ(rebuilt.damaged_headers, 1U);
}

TEST_P(Smashed, AWrongSizeOnOneSideIsSettledByTheThirdBlock) {
  // The block's own size is wrong: its successor and the successor's neighbour say where it ends.
  PageBuilder own = SmallBlocks(GetParam());
  own.Write(own.blocks()[10].offset + 2, {0x20});
  Reconstruction rebuilt = RebuildSmashed(own);
  EXPECT_EQ(rebuilt.blocks[10].damaged_bytes, 1U << 2);
  EXPECT_EQ(rebuilt.damaged_headers, 1U);
  // Only the successor's PreviousSize is wrong.
  PageBuilder successor = SmallBlocks(GetParam());
  successor.Write(successor.blocks()[11].offset, {0x20});
  rebuilt = RebuildSmashed(successor);
  EXPECT_EQ(rebuilt.blocks[11].damaged_bytes, 1U << 0);
  EXPECT_EQ(rebuilt.damaged_headers, 1U);
}

TEST_P(Smashed, NothingByABlockOfTextOrOfOneByte) {
  // Every place of it "agrees" with the place that its own bytes lead to, and has the same PoolIndex and PoolType.
  for (const char fill : {' ', '!', '"', '.', '&'}) {
    PageBuilder page(GetParam());
    for (int i = 0; i < 10; ++i) page.Block(i % 2 == 0 ? "Even" : "Irp ", 0x60);
    page.Block("File", 0x600).FillToEnd("MmCa");
    page.Fill(page.blocks()[10].offset + 16, 0x600 - 16, static_cast<std::uint8_t>(fill));
    const Reconstruction rebuilt = RebuildSmashed(page);
    EXPECT_EQ(Offsets(rebuilt), Offsets(page)) << fill;
    EXPECT_EQ(rebuilt.damaged_headers, 0U) << fill;
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, Smashed, testing::Values("nt5-x86", "nt5-x64-plus1", "nt6-x86", "nt6-x64"));

TEST(StaleHeaders, OfACoalescedFreeBlockAreKeptAndNotJudged) {
  // Three freed blocks merged into the first: their headers stay where they were.
  PageBuilder page("nt6-x64");
  page.Block("Even", 0x100).Typed("Irp ", 0x100, 0).Typed("File", 0x80, 4).Typed("Vad ", 0x80, 0).FillToEnd("MmCa");
  const std::uint32_t first = page.blocks()[1].offset, next = page.blocks()[4].offset;
  page.Write(first + 2, {0x20});  // the merged block's size …
  page.Write(next, {0x20});       // … and what the block behind says of it
  const Reconstruction rebuilt = RebuildSmashed(page);
  EXPECT_EQ(rebuilt.damaged_headers, 0U);
  ASSERT_EQ(rebuilt.stale_headers.size(), 2U);
  EXPECT_EQ(rebuilt.stale_headers[0].offset, page.blocks()[2].offset);
  EXPECT_EQ(PoolTag{rebuilt.stale_headers[0].fields.PoolTag}.text(), "File");
  EXPECT_EQ(PoolTag{rebuilt.stale_headers[1].fields.PoolTag}.text(), "Vad ");
}

TEST(StaleHeaders, DoNotComeBackToLifeWhenTheFreeBlocksHeaderIsSmashed) {
  PageBuilder page("nt6-x64");
  page.Block("Even", 0x100).Typed("Irp ", 0x100, 0).Typed("File", 0x80, 4).Typed("Vad ", 0x80, 0).FillToEnd("MmCa");
  const std::uint32_t first = page.blocks()[1].offset, next = page.blocks()[4].offset;
  page.Write(first + 2, {0x20}).Write(next, {0x20}).Fill(first, 20, 0x5A);
  const Reconstruction rebuilt = RebuildSmashed(page);
  ASSERT_GE(rebuilt.blocks.size(), 3U);
  EXPECT_EQ(rebuilt.blocks[1].offset, first);
  EXPECT_EQ(rebuilt.blocks[2].offset, next);
  EXPECT_EQ(rebuilt.damaged_headers, 1U);
}

TEST(AlignedHeader, InsideABlockIsNotASecondBlock) {
  // Windows 8+: a CacheAligned request has a second header at payload - 0x10, PreviousSize back to the first, type |4.
  PageBuilder page("nt62-x64");
  page.Block("Even", 0x100).Block("NDnd", 0x200).FillToEnd("MmCa");
  const std::uint32_t first = page.blocks()[1].offset;
  page.Write(first + 0x30, {0x03, 0x00, 0x1D, 0x06, 'N', 'D', 'n', 'd'});
  EXPECT_EQ(RebuildSmashed(page).damaged_headers, 0U);
  EXPECT_EQ(RebuildSmashed(page).blocks.size(), page.blocks().size());
}

TEST(BigTail, AFragBehindABigAllocationIsHealthy) {
  // ntdebugging, "Stop 0x19 in a Large Pool Allocation": 0x55 fill, the size word, Frag of one unit, Free to the end.
  PageBuilder page("nt6-x64");
  page.Fill(0, 4096, 0x55).Write(0xFA8, {0xB0, 0x1F, 0, 0, 0, 0, 0, 0});
  page.Write(0xFB0, {0x01, 0x01, 0x01, 0x02, 'F', 'r', 'a', 'g'});
  page.Write(0xFC0, {0x01, 0x01, 0x04, 0x00, 'F', 'r', 'e', 'e'});
  const Reconstruction rebuilt = RebuildSmashed(page);
  EXPECT_EQ(rebuilt.damaged_headers, 0U);
  EXPECT_EQ(rebuilt.leading_bytes, 0xFB0U);
  ASSERT_EQ(rebuilt.blocks.size(), 2U);
  EXPECT_EQ(rebuilt.blocks[1].state, BlockState::kFree);
}

TEST(Margin, IsWideWhenThePageIsClearAndNarrowWhenItIsNot) {
  PageBuilder clear = SmallBlocks("nt6-x64");
  clear.Fill(clear.blocks()[10].offset, 4, 0xEE);
  EXPECT_GT(RebuildSmashed(clear).margin, 4);
  EXPECT_GT(RebuildSmashed(clear).cost, 0);
}

TEST(Reconstruction, OfOtherSizesIsEmpty) {
  const std::vector<std::uint8_t> bytes(4095);
  EXPECT_TRUE(
      ReconstructPage({bytes.data(), bytes.size()}, HeaderReader(*FindPoolHeaderLayout("nt6-x64")), {}).blocks.empty());
}

}  // namespace
}  // namespace poolblame
