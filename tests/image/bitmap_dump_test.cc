// Dumps that store some pages behind a bitmap: types 2, 5, 6 and 7.
#include <gmock/gmock.h>

#include "tests/image/open.h"

namespace poolblame::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Pages whose bits cross bytes, words and the end of the bitmap.
PhysicalMemory ScatteredPages() {
  PhysicalMemory memory;
  std::uint8_t value = 1;
  for (const std::uint64_t pfn :
       std::initializer_list<std::uint64_t>{0, 7, 8, 63, 64, 65, 2047, 2048, 5000, 5001, 5002})
    memory.Add(pfn, value++);
  return memory;
}
constexpr std::uint64_t kBits = 5003;

void ExpectAllPages(const Image& image) {
  std::uint8_t value = 1;
  for (const std::uint64_t pfn :
       std::initializer_list<std::uint64_t>{0, 7, 8, 63, 64, 65, 2047, 2048, 5000, 5001, 5002})
    EXPECT_EQ(FirstByte(image.pages(), pfn), value++) << pfn;
  for (const std::uint64_t pfn :
       std::initializer_list<std::uint64_t>{1, 6, 9, 62, 66, 2046, 2049, 4999, 5003, 5004, 1 << 20})
    EXPECT_EQ(FirstByte(image.pages(), pfn), -1) << pfn;
  EXPECT_EQ(image.pages().page_count(), 11u);
  EXPECT_EQ(image.pages().highest_pfn(), 5002u);
}

TEST(BitmapDump, EveryKindNamesItselfAndFindsItsPages) {
  const PhysicalMemory memory = ScatteredPages();
  const struct {
    Bytes file;
    const char* container;
  } cases[] = {
      {SummaryDump64(memory, kBits), "pagedu64-summary"},
      {SummaryDump32(memory, kBits), "pagedump-summary"},
      {BitmapDump64(memory, kBits, "FDMP", {.type = 5}), "pagedu64-bitmap"},
      {BitmapDump32(memory, kBits, "FDMP", {.type = 5}), "pagedump-bitmap"},
      {BitmapDump64(memory, kBits, "SDMP", {.type = 6}), "pagedu64-kernel-bitmap"},
      {BitmapDump32(memory, kBits, "SDMP", {.type = 6}), "pagedump-kernel-bitmap"},
      {BitmapDump64(memory, kBits, "SDMP", {.type = 7}), "pagedu64-kernel-bitmap"},
      {BitmapDump64(memory, kBits, "FDMP", {.type = 7}), "pagedu64-bitmap"},
  };
  for (const auto& test : cases) {
    const OpenedImage opened = Open(test.file);
    EXPECT_EQ(opened.image.facts().container, test.container);
    EXPECT_EQ(opened.image.facts().pages_promised, 11u);
    EXPECT_FALSE(opened.image.facts().truncated) << test.container;
    EXPECT_THAT(opened.image.facts().notes, IsEmpty()) << test.container;
    ExpectAllPages(opened.image);
  }
}

TEST(BitmapDump, BitsBehindTheLastOneDoNotCount) {
  Bytes file = BitmapDump64(ScatteredPages(), kBits, "FDMP", {.type = 5});
  file.U8(0x2038 + kBits / 8, 0xFF);  // bits 5000-5007; the bitmap ends at 5002
  ExpectAllPages(Open(file).image);
}

TEST(BitmapDump, ABitmapThatPromisesTooMuchIsClamped) {
  Bytes file = BitmapDump64(ScatteredPages(), kBits, "FDMP", {.type = 5});
  file.Resize(file.size() - 2 * 0x1000 - 1);
  const OpenedImage opened = Open(file);
  EXPECT_TRUE(opened.image.facts().truncated);
  EXPECT_THAT(opened.image.facts().notes, ElementsAre("the page bitmap promises 11 pages, the file holds 8"));
  EXPECT_EQ(opened.image.pages().page_count(), 8u);
  EXPECT_EQ(opened.image.pages().highest_pfn(), 2048u);
  EXPECT_EQ(FirstByte(opened.image.pages(), 2048), 8);
  EXPECT_EQ(FirstByte(opened.image.pages(), 5000), -1);
}

TEST(BitmapDump, ALyingPageCountIsANote) {
  Bytes file = BitmapDump64(ScatteredPages(), kBits, "FDMP", {.type = 5});
  file.U64(0x2028, 0xFFFFFFFFFFFF);
  const OpenedImage opened = Open(file);
  ExpectAllPages(opened.image);
  EXPECT_THAT(opened.image.facts().notes,
              ElementsAre("the bitmap block counts 281474976710655 pages, its bitmap has 11"));
}

TEST(BitmapDump, ABitmapLongerThanItsRoomIsClamped) {
  for (const std::uint64_t lie : std::initializer_list<std::uint64_t>{std::uint64_t{1} << 32, ~std::uint64_t{0}}) {
    Bytes file = BitmapDump64(ScatteredPages(), kBits, "FDMP", {.type = 5});
    file.U64(0x2030, lie);
    const OpenedImage opened = Open(file);
    EXPECT_TRUE(opened.image.facts().truncated);
    ASSERT_FALSE(opened.image.facts().notes.empty());
    EXPECT_THAT(opened.image.facts().notes[0], HasSubstr("the page bitmap is said to have"));
    ExpectAllPages(opened.image);
  }
}

TEST(BitmapDump, AFirstPageBeforeTheBitmapIsReplaced) {
  Bytes file = BitmapDump64(ScatteredPages(), kBits, "FDMP", {.type = 5});
  file.U64(0x2020, 0x1000);
  const OpenedImage opened = Open(file);
  ASSERT_FALSE(opened.image.facts().notes.empty());
  EXPECT_EQ(opened.image.facts().notes[0],
            "the first page is said to lie at 0x1000, before the bitmap; 0x3000 is used");
  ExpectAllPages(opened.image);
}

TEST(BitmapDump, AFirstPageBehindTheFileLeavesNoPages) {
  Bytes file = BitmapDump64(ScatteredPages(), kBits, "FDMP", {.type = 5});
  file.U64(0x2020, 0xFFFFFFFFFFFFF000);
  const OpenedImage opened = Open(file);
  EXPECT_TRUE(opened.image.facts().truncated);
  EXPECT_TRUE(opened.image.pages().empty());
}

TEST(BitmapDump, TheBlockNeedsItsSignature) {
  Bytes file = BitmapDump64(ScatteredPages(), kBits, "XDMP", {.type = 6});
  const Error error = ErrorOf(file.vector());
  EXPECT_EQ(error.kind, ErrorKind::kBadMagic);
  EXPECT_EQ(error.what, "bitmap dump block (FDMPDUMP or SDMPDUMP)");
  EXPECT_EQ(error.offset, 0x2000u);

  Bytes summary = SummaryDump32(ScatteredPages(), kBits);
  summary.Text(0x1004, "PUMP");
  EXPECT_EQ(ErrorOf(summary.vector()).what, "summary dump block (SDMPDUMP)");
}

}  // namespace
}  // namespace poolblame::testing
