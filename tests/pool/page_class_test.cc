// What is not classic pool must not be called damaged pool: the hundred thousand pages of a machine that hold something
// else, and pool of other kinds.
#include "parser/pool/page_class.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "parser/pool/page_evidence.h"
#include "parser/pool/page_scan.h"
#include "parser/pool/pool_census.h"
#include "tests/pool/page_builder.h"

namespace poolblame {
namespace {

using test::PageBuilder;
using Page = std::vector<std::uint8_t>;

PageClass Classify(const Page& page, const char* layout) {
  return ClassifyPage({page.data(), page.size()}, *FindPoolHeaderLayout(layout));
}

void ExpectNeverPool(const Page& page, const std::string& what) {
  for (const char* layout : {"nt5-x86", "nt6-x64"}) {
    const PageClass found = Classify(page, layout);
    EXPECT_NE(found, PageClass::kDamagedClassicPool) << what << " " << layout;
    EXPECT_NE(found, PageClass::kClassicPool) << what << " " << layout;
  }
}

TEST(PageClass, RandomPagesAreNeverDamagedPool) {
  std::mt19937_64 random(42);
  Page page(4096);
  PageScan x64, x86;
  const HeaderReader reader64(*FindPoolHeaderLayout("nt6-x64")), reader86(*FindPoolHeaderLayout("nt5-x86"));
  constexpr int kPages = 100000;
  for (int i = 0; i < kPages; ++i) {
    for (std::size_t at = 0; at < page.size(); at += 8) {
      const std::uint64_t word = random();
      std::memcpy(page.data() + at, &word, 8);
    }
    x64.AddPage(page.data(), 0, reader64);
    x86.AddPage(page.data(), 0, reader86);
  }
  for (const PageScan* scan : {&x64, &x86})
    for (const FoundPage& found : scan->found) EXPECT_EQ(found.kind, FoundKind::kWeak);
}

TEST(PageClass, TextIsNotPool) {
  std::mt19937 random(7);
  static const char kText[] = "the quick brown fox jumps over the lazy dog, 0123456789\r\n\tBCDEFGJKLMNO";
  for (int i = 0; i < 2000; ++i) {
    Page page(4096);
    for (auto& byte : page) byte = static_cast<std::uint8_t>(kText[random() % (sizeof(kText) - 1)]);
    ExpectNeverPool(page, "text " + std::to_string(i));
  }
}

TEST(PageClass, ArraysOfEqualRecordsAreNotPool) {
  std::mt19937 random(9);
  for (int i = 0; i < 500; ++i) {
    const std::size_t length = 8 * (1 + random() % 16);
    Page record(length), page(4096);
    for (auto& byte : record) byte = static_cast<std::uint8_t>(random() % 3 == 0 ? random() % 8 : 0x41 + random() % 26);
    for (std::size_t at = 0; at < page.size(); ++at) page[at] = record[at % length];
    for (const char* layout : {"nt5-x86", "nt6-x64"})
      EXPECT_NE(Classify(page, layout), PageClass::kDamagedClassicPool) << i << " length " << length;
  }
}

TEST(PageClass, SmallNumbersAreNotPool) {
  std::mt19937 random(11);
  for (int i = 0; i < 2000; ++i) {
    Page page(4096);
    for (auto& byte : page) byte = static_cast<std::uint8_t>(random() % 4 == 0 ? random() % 16 : 0);
    ExpectNeverPool(page, "small numbers " + std::to_string(i));
  }
}

TEST(PageClass, ZeroIsZero) {
  EXPECT_EQ(Classify(Page(4096), "nt6-x64"), PageClass::kZero);
  EXPECT_EQ(Classify(Page(100), "nt6-x64"), PageClass::kNotPool);
}

TEST(PageClass, TellsHealthyFromDamagedPool) {
  PageBuilder page = test::RandomPage("nt6-x64", 3);
  EXPECT_EQ(ClassifyPage(page.view(), page.layout()), PageClass::kClassicPool);
  page.Fill(page.blocks()[5].offset, 12, 0xEE);
  EXPECT_EQ(ClassifyPage(page.view(), page.layout()), PageClass::kDamagedClassicPool);
}

TEST(PageClass, LfhPagesAreSegmentHeap) {
  PageBuilder page("nt62-x64");
  for (std::uint32_t at = 0x20; at + 0x30 <= 4096; at += 0x30)
    page.Write(at, {0, 0, 3, 2, 'P', 's', 'I', 'n', 0, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(ClassifyPage(page.view(), page.layout()), PageClass::kSegmentHeapLfh);
}

TEST(PageClass, VsPagesAreSegmentHeap) {
  // 0x640, 0x640 and 0x2b0 with the encoded chunk header's sixteen bytes before each but the first.
  PageBuilder page("nt62-x64");
  for (const std::uint32_t at : {0x000U, 0x650U, 0xCA0U})
    page.Write(at, {0, 0, static_cast<std::uint8_t>(at == 0xCA0 ? 0x2B : 0x64), 2, 'K', 'D', 'N', 'F'});
  EXPECT_EQ(ClassifyPage(page.view(), page.layout()), PageClass::kSegmentHeapVs);
}

TEST(PageClass, AVsSubsegmentIsKnownByItsSignature) {
  Page page(4096, 0x77);
  const std::uint16_t size = 0x0FD, signature = size ^ 0x2BED;
  std::memcpy(page.data() + 0x20, &size, 2);
  std::memcpy(page.data() + 0x22, &signature, 2);
  EXPECT_EQ(Classify(page, "nt62-x64"), PageClass::kSegmentHeapVs);
  page[0x22] ^= 1;
  EXPECT_EQ(Classify(page, "nt62-x64"), PageClass::kNotPool);
}

TEST(PageClass, SpecialPoolIsItsHeaderAndOneFiller) {
  PageBuilder page("nt6-x64");
  page.Fill(0, 4096, 0xFD).Write(0, {0x28, 0x01, 0xFD, 0x00, 'L', 'e', 'a', 'k', 0, 0, 0, 0, 0, 0, 0, 0});
  for (std::uint32_t at = 4096 - 0x128; at < 4096; ++at) page.Fill(at, 1, static_cast<std::uint8_t>(at));
  EXPECT_EQ(ClassifyPage(page.view(), page.layout()), PageClass::kSpecialPool);
  page.Fill(0x800, 1, 0xFC);  // a wrong byte in the filler
  EXPECT_EQ(ClassifyPage(page.view(), page.layout()), PageClass::kSpecialPool);
  page.Fill(0x400, 400, 0xFC);  // not sure any more, and still no classic pool
  EXPECT_EQ(ClassifyPage(page.view(), page.layout()), PageClass::kNotPool);
}

TEST(PageClass, NamesAreWords) {
  EXPECT_STREQ(PageClassName(PageClass::kClassicPool), "classic pool");
  EXPECT_STREQ(PageClassName(PageClass::kNotPool), "not pool");
  EXPECT_STREQ(PageClassName(PageClass::kSpecialPool), "special pool");
}

TEST(Reconstruction, SurvivesAnyBytes) {
  std::mt19937 random(1);
  for (int i = 0; i < 3000; ++i) {
    PageBuilder page = test::RandomPage(i % 2 == 0 ? "nt6-x86" : "nt62-x64", static_cast<std::uint32_t>(i + 1));
    const auto changes = random() % 60;
    for (std::uint32_t k = 0; k < changes; ++k)
      page.Fill(static_cast<std::uint32_t>(random() % 4096), static_cast<std::uint32_t>(1 + random() % 300),
                static_cast<std::uint8_t>(random()));
    const Reconstruction rebuilt = ReconstructPage(page.view(), HeaderReader(page.layout()), {});
    ASSERT_FALSE(rebuilt.blocks.empty());
    std::uint32_t at = rebuilt.leading_bytes;
    for (const PoolBlock& block : rebuilt.blocks) {
      EXPECT_EQ(block.offset, at);
      EXPECT_GT(block.size, 0U);
      at += block.size;
    }
    EXPECT_EQ(at, 4096U);
    EXPECT_GE(rebuilt.margin, 0);
  }
}

}  // namespace
}  // namespace poolblame
