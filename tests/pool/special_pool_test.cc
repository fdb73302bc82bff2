// Special pool: every mode and machine, each kind of damage with its healthy twin, pages that only look like it, and
// whole images.
#include "parser/pool/special_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "parser/pool/page_class.h"
#include "tests/pool/opened_image.h"
#include "tests/pool/special_page.h"

namespace poolblame {
namespace {

using test::MakeSpecialPage;
using test::SpecialPage;
using test::SpecialWish;

std::optional<SpecialPoolBlock> Found(const SpecialPage& page, const SpecialWish& wish, std::uint32_t build = 7601) {
  const auto block = ReadSpecialPool(page.view(), wish.is_64bit, build, SpecialPoolTrust::kByBytes);
  // What the scan asks first must let every real page through.
  EXPECT_TRUE(!block || MayBeSpecialPool(page.bytes.data(), wish.is_64bit));
  return block;
}

std::optional<SpecialPoolBlock> Named(const SpecialPage& page, std::uint32_t build = 7601) {
  return ReadSpecialPool(page.view(), true, build, SpecialPoolTrust::kNamed);
}

TEST(SpecialPool, ReadsEveryModeAndMachine) {
  for (const bool is_64bit : {true, false}) {
    for (const bool at_start : {true, false}) {
      for (const std::uint32_t size : {1U, 8U, 0x123U, 0x800U, 0xF00U}) {
        const SpecialWish wish{.is_64bit = is_64bit, .at_start = at_start, .size = size};
        const SpecialPage page = MakeSpecialPage(wish);
        const auto block = Found(page, wish);
        ASSERT_TRUE(block.has_value()) << is_64bit << at_start << size;
        EXPECT_EQ(block->mode, at_start ? SpecialPoolMode::kVerifyStart : SpecialPoolMode::kVerifyEnd);
        EXPECT_EQ(block->requested, size);
        EXPECT_EQ(block->tag.text(), "Leak");
        EXPECT_EQ(block->fill, 0xA7);
        EXPECT_EQ(block->data.begin, page.data);
        EXPECT_EQ(block->data.end, page.data_end);
        EXPECT_EQ(block->header.begin, page.header);
        EXPECT_FALSE(block->paged);
        EXPECT_FALSE(block->damaged());
      }
    }
  }
}

TEST(SpecialPool, FlagsAreTheBuildsOwn) {
  const SpecialWish paged{.flags = 0x8000};
  EXPECT_TRUE(Found(MakeSpecialPage(paged), paged, 3790)->paged);
  const SpecialWish tracked{.flags = 0x4000, .fill = 0xFD, .tracked = true};
  const auto block = Found(MakeSpecialPage(tracked), tracked, 26100);
  ASSERT_TRUE(block.has_value());
  EXPECT_TRUE(block->tracked);
  EXPECT_EQ(block->filler.begin, 0x18U);
  EXPECT_FALSE(block->damaged());
  // In 2003 that bit belongs to the size, which is then larger than a page.
  EXPECT_FALSE(Found(MakeSpecialPage(tracked), tracked, 3790).has_value());
}

// On 26100 the filler is known to follow an untracked header; on older systems nobody knows, so nothing is claimed.
TEST(SpecialPool, BytesBehindTheHeaderAreJudgedOnlyWhereTheyAreKnown) {
  const SpecialWish wish{};
  EXPECT_FALSE(Found(MakeSpecialPage(wish).Put(0x10, {1, 2, 3, 4, 5, 6, 7, 8}), wish)->damaged());
  const auto named = Named(MakeSpecialPage(wish).Put(0x10, {1, 2, 3, 4, 5, 6, 7, 8}), 26100);
  EXPECT_EQ(named->filler_damage.wrong_bytes, 8U);
}

TEST(SpecialPool, SlopDamageIsMeasured) {
  const SpecialWish wish{.size = 0x123};
  SpecialPage page = MakeSpecialPage(wish);
  page.Put(page.data_end, {0x00, 0xA7, 0xA6});
  const auto block = Found(page, wish);
  ASSERT_TRUE(block.has_value());
  EXPECT_FALSE(block->filler_damage.any());
  EXPECT_EQ(block->slop_damage.begin, page.data_end);
  EXPECT_EQ(block->slop_damage.end, page.data_end + 3);
  EXPECT_EQ(block->slop_damage.wrong_bytes, 2U);
  EXPECT_EQ(block->slop_damage.wrong_bits, 5U + 1U);
}

TEST(SpecialPool, FillerDamageIsMeasured) {
  const SpecialWish wish{.is_64bit = false, .size = 0x40};
  SpecialPage page = MakeSpecialPage(wish);
  page.Put(page.data - 5, {1, 2, 3, 4, 5});
  const auto block = Found(page, wish);
  ASSERT_TRUE(block.has_value());
  EXPECT_EQ(block->filler_damage.begin, page.data - 5);
  EXPECT_EQ(block->filler_damage.end, page.data);
  EXPECT_FALSE(block->slop_damage.any());
}

TEST(SpecialPool, ALongWriteIsBelievedOnlyWhereThePageIsNamed) {
  const SpecialWish wish{.at_start = true, .size = 0x101};
  SpecialPage page = MakeSpecialPage(wish);
  page.Put(page.data_end, std::vector<std::uint8_t>(500, 0x41));
  EXPECT_FALSE(Found(page, wish).has_value());
  const auto named = Named(page);
  ASSERT_TRUE(named.has_value());
  EXPECT_EQ(named->slop_damage.wrong_bytes, 500U);
}

TEST(SpecialPool, ADamagedHeaderIsReadWhereThePageIsNamed) {
  const SpecialWish wish{};
  SpecialPage fill = MakeSpecialPage(wish), size = fill, tag = fill, both = fill;
  fill.Flip(2, 5);
  size.Put(0, {0xFF, 0x1F});
  tag.Put(4, {1, 2, 3, 4});
  both.Put(0, {0xFF, 0x1F, 0x00, 0x00, 1, 2, 3, 4});
  for (const SpecialPage* page : {&fill, &size, &tag}) EXPECT_FALSE(Found(*page, wish).has_value());
  EXPECT_EQ(Named(fill)->damaged_header, 0x4U);
  EXPECT_EQ(Named(fill)->fill, 0xA7);
  EXPECT_FALSE(Named(size)->size_known());
  EXPECT_EQ(Named(size)->data.begin, MakeSpecialPage(wish).data);
  EXPECT_FALSE(Named(tag)->tag_known());
  EXPECT_FALSE(Named(both).has_value());
}

TEST(SpecialPool, PagesThatOnlyLookLikeItAreNot) {
  const SpecialWish wish{};
  SpecialPage zero = MakeSpecialPage({.fill = 0});
  SpecialPage no_tag = MakeSpecialPage(wish), other_fill = no_tag, short_filler = MakeSpecialPage({.size = 0xFB0});
  no_tag.Put(4, {0, 0, 0, 0});
  other_fill.bytes[2] = 0xA6;
  SpecialPage beside_header = MakeSpecialPage(wish);
  beside_header.Put(0x18, {0});
  SpecialPage field_set = MakeSpecialPage(wish);  // sound, it passes with any fourth byte; damaged, it does not
  field_set.bytes[3] = 0x02;
  EXPECT_TRUE(Found(field_set, wish).has_value());
  field_set.Flip(0x400, 1);
  for (const SpecialPage* page : {&zero, &no_tag, &other_fill, &short_filler, &beside_header, &field_set})
    EXPECT_FALSE(Found(*page, wish).has_value());
  EXPECT_FALSE(ReadSpecialPool({zero.bytes.data(), 100}, true, 7601, SpecialPoolTrust::kNamed).has_value());
}

TEST(SpecialPool, PoolOfBlocksIsNot) {
  for (const char* layout : {"nt5-x86", "nt6-x86", "nt6-x64", "nt62-x64"}) {
    for (std::uint32_t seed = 1; seed <= 300; ++seed) {
      const test::PageBuilder page = test::RandomPage(layout, seed);
      EXPECT_FALSE(ReadSpecialPool(page.view(), page.layout().is_64bit, 7601, SpecialPoolTrust::kByBytes).has_value());
    }
  }
  // A block full of its own size, as the filler would be, on a page whose PoolIndex looks like a size.
  for (const std::uint8_t index : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{2}}) {
    test::PageBuilder page("nt6-x64");
    page.Index(index).Block("Culp", 0x800).FillToEnd("Rest").Fill(0x10, 0x7F0, 0x80);
    EXPECT_FALSE(ReadSpecialPool(page.view(), true, 7601, SpecialPoolTrust::kByBytes).has_value()) << int{index};
  }
}

TEST(SpecialPool, OneByteOverAndOverIsNot) {
  for (unsigned fill = 0; fill < 256; ++fill) {
    SpecialPage page;
    page.bytes.assign(4096, static_cast<std::uint8_t>(fill));
    for (const bool is_64bit : {true, false})
      EXPECT_FALSE(ReadSpecialPool(page.view(), is_64bit, 7601, SpecialPoolTrust::kByBytes)
                       .value_or(SpecialPoolBlock{})
                       .damaged())
          << fill;
  }
}

TEST(SpecialPool, RandomAndMutatedPagesNeverCrashAndAddUp) {
  std::mt19937 random(5);
  for (int i = 0; i < 20000; ++i) {
    const bool is_64bit = random() % 2 == 0;
    SpecialPage page = MakeSpecialPage({.is_64bit = is_64bit,
                                        .at_start = random() % 2 == 0,
                                        .size = static_cast<std::uint32_t>(1 + random() % 0xFE0)});
    for (auto changes = random() % 20; changes > 0; --changes) {
      const std::uint32_t near =
          static_cast<std::uint32_t>(random() % 2 == 0 ? page.header + random() % 8 : random() % 4096);
      page.bytes[near] = static_cast<std::uint8_t>(random());
    }
    if (i % 10 == 0)
      for (std::uint8_t& byte : page.bytes) byte = static_cast<std::uint8_t>(random());
    for (const SpecialPoolTrust trust : {SpecialPoolTrust::kByBytes, SpecialPoolTrust::kNamed}) {
      const auto block = ReadSpecialPool(page.view(), is_64bit, std::nullopt, trust);
      if (!block) continue;
      for (const PageStretch& s : {block->header, block->filler, block->data, block->slop}) {
        EXPECT_LE(s.begin, s.end);
        EXPECT_LE(s.end, 4096U);
      }
      EXPECT_EQ(block->data.end, block->slop.begin);
      EXPECT_LE(block->filler_damage.wrong_bytes, block->filler.size());
      EXPECT_LE(block->slop_damage.wrong_bytes, block->slop.size());
    }
    static_cast<void>(ReadFreedSpecialPool(page.view(), is_64bit));
  }
}

TEST(SpecialPool, RandomPagesAreNot) {
  std::mt19937_64 random(6);
  std::vector<std::uint8_t> page(4096);
  for (int i = 0; i < 20000; ++i) {
    for (std::size_t at = 0; at < page.size(); ++at) page[at] = static_cast<std::uint8_t>(random());
    EXPECT_FALSE(ReadSpecialPool({page.data(), 4096}, i % 2 == 0, 7601, SpecialPoolTrust::kByBytes).has_value());
    EXPECT_FALSE(ReadSpecialPool({page.data(), 4096}, i % 2 == 0, 7601, SpecialPoolTrust::kNamed).has_value());
  }
}

std::vector<std::uint8_t> FreedPage() {
  std::vector<std::uint8_t> page(4096, 0xA7);
  const std::vector<std::uint8_t> record = {
      0x23, 0x01, 0xA7, 0x00, 'L',  'e',  'a',  'k',                           // the old header
      0x21, 0x43, 0x76, 0x98, 0x10, 0x20, 0x00, 0x00, 0x23, 0x01, 0,    0,     // signature, time, bytes
      0x01, 0,    0,    0,    0xD8, 0x5E, 0x00, 0xFA, 0x00, 0x70, 0x12, 0xF8,  // paged, address, stack pointer
      0x0C, 0,    0,    0,    0x20, 0x3D, 0xA0, 0x81,                          // stack bytes, thread
      0xE4, 0x51, 0x4D, 0x80, 0x07, 0,    0,    0,    0xC4, 0x11, 0xF9, 0xF7};
  std::copy(record.begin(), record.end(), page.begin());
  return page;
}

TEST(FreedSpecialPool, TheRecordOfAFreeIsRead) {
  const auto page = FreedPage();
  EXPECT_TRUE(HasFreedSpecialSignature(page.data(), false));
  EXPECT_FALSE(HasFreedSpecialSignature(page.data(), true));
  const auto freed = ReadFreedSpecialPool({page.data(), page.size()}, false);
  ASSERT_TRUE(freed.has_value());
  EXPECT_EQ(freed->address.value, 0xFA005ED8U);
  EXPECT_EQ(freed->requested, 0x123U);
  EXPECT_TRUE(freed->paged);
  EXPECT_EQ(freed->tag.text(), "Leak");
  EXPECT_EQ(freed->thread.value, 0x81A03D20U);
  ASSERT_EQ(freed->on_stack.size(), 2U);
  EXPECT_EQ(freed->on_stack[1].value, 0xF7F911C4U);
}

TEST(FreedSpecialPool, ARecordThatContradictsItselfIsNone) {
  for (const std::size_t wrong : {0x11U, 0x1BU, 0x08U}) {  // size over the page's end, user address, signature
    auto page = FreedPage();
    page[wrong] = wrong == 0x11 ? 0x20 : 0x12;
    EXPECT_FALSE(ReadFreedSpecialPool({page.data(), page.size()}, false).has_value()) << wrong;
  }
}

test::Opened OnePage(const SpecialPage& special, std::uint64_t base, std::uint32_t build) {
  test::PageBuilder page("nt62-x64");
  page.Write(0, special.bytes);
  return test::FromPages({page}, base, Machine::kX64, build);
}

TEST(SpecialPoolCensus, ADamagedPageIsAFindingAndASoundOneIsCounted) {
  SpecialPage page = MakeSpecialPage({});
  PoolCensus census = test::Scan(OnePage(page, 0xFFFFCF8000101000, 9600));
  EXPECT_EQ(census.special_pool_pages, 1U);
  EXPECT_TRUE(census.special_findings.empty());
  EXPECT_EQ(census.allocator, "special");
  page.Put(page.data_end, {0x11});
  census = test::Scan(OnePage(page, 0xFFFFCF8000101000, 9600));
  ASSERT_EQ(census.special_findings.size(), 1U);
  EXPECT_EQ(census.special_findings[0].address->value, 0xFFFFCF8000101000);
  EXPECT_TRUE(census.findings.empty());
}

TEST(SpecialPoolCensus, WorksOnTheSegmentHeapsWindows) {
  SpecialPage page = MakeSpecialPage({.flags = 0x4000, .fill = 0xFD, .tracked = true});
  page.Put(page.data_end, {0x11});
  const PoolCensus census = test::Scan(OnePage(page, 0xFFFF980000101000, 26100));
  ASSERT_EQ(census.special_findings.size(), 1U);
  EXPECT_TRUE(census.special_findings[0].block.tracked);
}

// A page behind it is no guard page: whatever that is, it is not a damaged special-pool page.
TEST(SpecialPoolCensus, ADamagedPageWithoutItsGuardPageIsNoFinding) {
  SpecialPage special = MakeSpecialPage({});
  special.Put(special.data_end, {0x11});
  test::PageBuilder page("nt6-x64");
  page.Write(0, special.bytes);
  const PoolCensus census =
      test::Scan(test::FromPages({page, test::RandomPage("nt6-x64", 3)}, 0xFFFFFA8000000000, Machine::kX64, 7601));
  EXPECT_TRUE(census.special_findings.empty());
}

TEST(SpecialPoolCensus, FindsWhatTheBuilderDamagedAndNothingElse) {
  for (const char* system : {"windows=2600 machine=x86 paging=plain container=full", "windows=7601 container=full",
                             "windows=17134 machine=x86 container=bitmap", "windows=9600 container=kernel-bitmap"}) {
    const std::string words = std::string(system) + " pages=160 special=10 seed=5 fault=";
    const PoolCensus sound = test::Scan(test::FromRecipe(words + "none"));
    EXPECT_GE(sound.special_pool_pages, 8U) << words;
    EXPECT_TRUE(sound.special_findings.empty()) << words;
    for (const char* fault : {"special-overrun", "special-underrun bytes=9", "special-bit-flip"}) {
      const test::Opened opened = test::FromRecipe(words + fault);
      const PoolCensus census = test::Scan(opened);
      ASSERT_EQ(census.special_findings.size(), 1U) << words << fault;
      EXPECT_EQ(census.special_findings[0].address->value, opened.truth.page);
      EXPECT_TRUE(census.findings.empty()) << words << fault;
    }
  }
}

}  // namespace
}  // namespace poolblame
