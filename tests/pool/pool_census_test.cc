// The scan of whole images: the same census for any number of threads, findings where the damage is, absent pages told,
// other allocators left alone.
#include "parser/pool/pool_census.h"

#include <gtest/gtest.h>

#include <algorithm>
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

std::string Describe(const PoolCensus& census) {
  std::string text = std::to_string(census.pool_pages) + " " + std::to_string(census.pool_blocks) + " " +
                     std::to_string(census.allocated) + " " + std::to_string(census.free) + " " +
                     std::to_string(census.stale_pages) + " " + census.allocator + "\n";
  for (const auto& [tag, statistics] : census.tags) {
    text += tag.hex() + " " + std::to_string(statistics.allocated) + " " + std::to_string(statistics.bytes);
    for (const auto& [size, count] : statistics.sizes) text += " " + std::to_string(size) + "x" + std::to_string(count);
    for (const auto& sample : statistics.samples) text += " " + std::to_string(sample.address.value);
    text += "\n";
  }
  for (const PoolPage& page : census.findings) {
    text += std::to_string(page.address.value_or(VirtAddr{}).value) + ":";
    for (const PoolBlock& block : page.blocks) text += " " + std::to_string(block.damaged_bytes);
    text += "\n";
  }
  return text;
}

TEST(PoolCensus, IsTheSameForAnyNumberOfThreads) {
  const Opened opened = FromRecipe(
      "windows=9600 machine=x64 container=full fault=overrun bytes=24 content=string pages=4096 seed=11 activity=50");
  ScanOptions options;
  options.threads = 1;
  const std::string one = Describe(Scan(opened, options));
  for (const unsigned threads : {2U, 3U, 8U}) {
    options.threads = threads;
    EXPECT_EQ(Describe(Scan(opened, options)), one) << threads;
  }
}

class Findings : public testing::TestWithParam<const char*> {};

TEST_P(Findings, AnOverrunIsFoundWhereItIsAndNowhereElse) {
  const Opened opened = FromRecipe(std::string(GetParam()) + " fault=overrun bytes=24 content=string pages=512 seed=3");
  const PoolCensus census = Scan(opened);
  ASSERT_EQ(census.findings.size(), 1U);
  const PoolPage& page = census.findings.front();
  ASSERT_TRUE(page.address.has_value());
  EXPECT_EQ(page.address->value, opened.truth.victim_header & ~std::uint64_t{0xFFF});
  const auto victim = page.BlockIndexAt(static_cast<std::uint32_t>(opened.truth.victim_header & 0xFFF));
  ASSERT_TRUE(victim.has_value());
  EXPECT_EQ(page.blocks[*victim].offset, opened.truth.victim_header & 0xFFF);
  EXPECT_TRUE(page.blocks[*victim].header_damaged());
  EXPECT_EQ(census.allocator, "classic");
}

TEST_P(Findings, ACleanImageHasNone) {
  const Opened opened = FromRecipe(std::string(GetParam()) + " fault=none pages=512 seed=4");
  const PoolCensus census = Scan(opened);
  EXPECT_TRUE(census.findings.empty());
  EXPECT_GT(census.pool_pages, 100U);
  EXPECT_TRUE(census.not_judged.empty());
  EXPECT_EQ(census.pool_blocks, census.allocated + census.free);
}

INSTANTIATE_TEST_SUITE_P(
    Windows, Findings,
    testing::Values("windows=2600 machine=x86 container=full", "windows=3790 machine=x64 container=full",
                    "windows=7601 machine=x86 container=bitmap", "windows=7601 machine=x64 container=full",
                    "windows=9600 machine=x64 container=summary", "windows=17134 machine=x64 container=kernel-bitmap"));

TEST(PoolCensus, ReadPoolPageShowsWhatTheScanFound) {
  const Opened opened =
      FromRecipe("windows=7601 machine=x64 container=full fault=overrun bytes=24 content=string pages=512 seed=3");
  const AddressSpace space(*opened.image);
  const System system = ReadSystem(space);
  const PoolCensus census = ScanPool(space, system, {});
  ASSERT_EQ(census.findings.size(), 1U);
  const auto page = ReadPoolPage(space, system, census, *census.findings[0].address + 0x123);
  ASSERT_TRUE(page.has_value());
  ASSERT_EQ(page->blocks.size(), census.findings[0].blocks.size());
  for (std::size_t i = 0; i < page->blocks.size(); ++i)
    EXPECT_EQ(page->blocks[i].damaged_bytes, census.findings[0].blocks[i].damaged_bytes);
  EXPECT_FALSE(ReadPoolPage(space, system, census, VirtAddr{0x1000}).has_value());
}

TEST(PoolCensus, BarePagesWithoutBuildInferTheirLayout) {
  std::vector<PageBuilder> pages;
  for (std::uint32_t seed = 1; seed <= 20; ++seed) pages.push_back(test::RandomPage("nt5-x86", seed));
  pages[7].Fill(pages[7].blocks()[3].offset, 8, 0xEE);
  const Opened opened = FromPages(pages, 0x81000000, Machine::kX86, std::nullopt);
  const PoolCensus census = Scan(opened);
  ASSERT_NE(census.layout, nullptr);
  EXPECT_EQ(census.layout->name, "nt5-x86");
  EXPECT_EQ(census.layout_source, LayoutSource::kInferred);
  EXPECT_GT(census.layout_margin, 0);
  ASSERT_EQ(census.findings.size(), 1U);
  EXPECT_EQ(census.findings[0].address->value, 0x81007000U);
}

TEST(PoolCensus, ABarePageThatIsNoPoolIsNotJudgedAndSaysSo) {
  std::vector<PageBuilder> pages;
  for (std::uint32_t seed = 1; seed <= 5; ++seed) pages.push_back(test::RandomPage("nt6-x64", seed));
  pages[2].Fill(0, 4096, 0x5A);
  const PoolCensus census = Scan(FromPages(pages, 0xFFFFFA8000000000, Machine::kX64, 7601));
  EXPECT_TRUE(census.findings.empty());
  ASSERT_EQ(census.not_judged.size(), 1U);
  EXPECT_EQ(census.not_judged[0].address, VirtAddr{0xFFFFFA8000002000});
}

TEST(PoolCensus, AnOptionForcesTheLayoutAndAWrongNameIsToldAndIgnored) {
  const Opened opened = FromPages({test::RandomPage("nt6-x64", 1)}, 0xFFFFFA8000000000, Machine::kX64, 7601);
  ScanOptions options;
  options.forced_layout = "nt62-x64";
  PoolCensus census = Scan(opened, options);
  EXPECT_EQ(census.layout->name, "nt62-x64");
  EXPECT_EQ(census.layout_source, LayoutSource::kOption);
  options.forced_layout = "nt99";
  census = Scan(opened, options);
  EXPECT_EQ(census.layout->name, "nt6-x64");
  EXPECT_EQ(census.notes.size(), 1U);
}

TEST(PoolCensus, LfhPagesAloneAreReadButNotWhichOfTheirSlotsAreInUse) {
  PageBuilder lfh("nt62-x64");
  for (std::uint32_t at = 0x20; at + 0x30 <= 4096; at += 0x30)
    lfh.Write(at, {0, 0, 3, 2, 'P', 's', 'I', 'n', 0, 0, 0, 0, 0, 0, 0, 0});
  const PoolCensus census = Scan(FromPages({lfh, lfh, lfh}, 0xFFFF830800000000, Machine::kX64, 26100));
  EXPECT_EQ(census.allocator, "segment-heap");
  EXPECT_TRUE(census.findings.empty());
  EXPECT_EQ(census.segment_heap_pages, 3U);
  EXPECT_GT(census.pool_blocks, 3U * 80);
  EXPECT_EQ(census.allocated + census.free, 0U);
  EXPECT_EQ(census.not_judged.size(), 1U);
}

TEST(PoolCensus, FieldTrustComesFromTheImageItself) {
  // PoolIndex is not kept on this system: every block has its own.
  std::vector<PageBuilder> pages;
  for (int p = 0; p < 20; ++p) {
    PageBuilder page("nt6-x64");
    for (int i = 0; i < 16; ++i) page.Index(static_cast<std::uint8_t>((i * 7 + p) % 5)).Block("Proc", 0x100);
    pages.push_back(page);
  }
  const PoolCensus census = Scan(FromPages(pages, 0xFFFFFA8000000000, Machine::kX64, 7601));
  EXPECT_FALSE(census.trust.pool_index_uniform);
  EXPECT_TRUE(census.trust.paged_bit_uniform);
  EXPECT_TRUE(census.findings.empty());
  EXPECT_EQ(census.trust.pages_learned_from, 20U);
}

TEST(PoolCensus, OneDifferingIndexInAnImageThatKeepsItIsFound) {
  std::vector<PageBuilder> pages;
  for (int p = 0; p < 20; ++p) {
    PageBuilder page("nt6-x64");
    for (int i = 0; i < 16; ++i) page.Index(p == 5 && i == 9 ? 4 : 1).Block("Proc", 0x100);
    pages.push_back(page);
  }
  const PoolCensus census = Scan(FromPages(pages, 0xFFFFFA8000000000, Machine::kX64, 7601));
  ASSERT_EQ(census.findings.size(), 1U);
  EXPECT_EQ(census.findings[0].blocks[9].damaged_bytes, 1U << 1);
}

TEST(PoolCensus, TagStatisticsKeepTheirCaps) {
  std::vector<PageBuilder> pages;
  for (std::uint32_t seed = 1; seed <= 60; ++seed) pages.push_back(test::RandomPage("nt6-x86", seed));
  const PoolCensus census = Scan(FromPages(pages, 0x84000000, Machine::kX86, 7601));
  const TagStatistics* file = census.Tag(PoolTag::FromText("File"));
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->samples.size(), TagStatistics::kMaxSamplesPerTag);
  EXPECT_LE(file->sizes.size(), TagStatistics::kMaxSizesPerTag);
  EXPECT_TRUE(file->seen_paged);
  EXPECT_TRUE(file->seen_nonpaged);
  EXPECT_EQ(census.Tag(PoolTag::FromText("zzzz")), nullptr);
  for (std::size_t i = 1; i < file->samples.size(); ++i)
    EXPECT_LT(file->samples[i - 1].address, file->samples[i].address);
}

std::uint32_t DwordAt(const std::vector<std::uint8_t>& bytes, std::size_t at) {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | static_cast<std::uint32_t>(bytes[at + 3]) << 24;
}

void PutDword(std::vector<std::uint8_t>& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

/// A triage dump whose data blocks of a page each are given as two halves.
Opened WithSplitPages(const std::string& recipe) {
  constexpr std::size_t kList = 0x2078, kCount = 0x207C, kEntry = 16, kOffset = 8, kSize = 12;
  constexpr std::uint32_t kHalf = 0x800;
  Opened opened = FromRecipe(recipe);
  std::vector<std::uint8_t>& bytes = opened.bytes;
  std::vector<std::uint8_t> list;
  for (std::uint32_t i = 0; i < DwordAt(bytes, kCount); ++i) {
    const auto at = bytes.begin() + DwordAt(bytes, kList) + static_cast<std::ptrdiff_t>(i * kEntry);
    std::vector<std::uint8_t> entry(at, at + kEntry);
    const bool page = DwordAt(entry, kSize) == 2 * kHalf && DwordAt(entry, 0) % 0x1000 == 0;
    if (page) PutDword(entry, kSize, kHalf);
    list.insert(list.end(), entry.begin(), entry.end());
    if (!page) continue;
    PutDword(entry, 0, DwordAt(entry, 0) + kHalf);
    PutDword(entry, kOffset, DwordAt(entry, kOffset) + kHalf);
    list.insert(list.end(), entry.begin(), entry.end());
  }
  PutDword(bytes, kList, static_cast<std::uint32_t>(bytes.size()));
  PutDword(bytes, kCount, static_cast<std::uint32_t>(list.size() / kEntry));
  bytes.insert(bytes.end(), list.begin(), list.end());
  opened.image.emplace(Image::FromBytes({bytes.data(), bytes.size()}, "split", {}).value());
  return opened;
}

TEST(PoolCensus, KeepsPagesThatWereJoinedFromSeveralRanges) {
  const std::string recipe = "windows=7601 machine=x64 container=triage fault=overrun bytes=8 seed=4";
  const PoolCensus whole = Scan(FromRecipe(recipe)), split = Scan(WithSplitPages(recipe));
  EXPECT_EQ(Describe(split), Describe(whole));
  EXPECT_TRUE(whole.joined_pages.empty());
  ASSERT_FALSE(split.healthy_pages.empty());
  for (const PoolPageRef& page : split.healthy_pages)
    EXPECT_TRUE(
        std::ranges::any_of(split.joined_pages, [&](const auto& bytes) { return bytes->data() == page.bytes; }));
}

}  // namespace
}  // namespace poolblame
