// Hibernation files of both formats, offsets typed by hand.
#include <gmock/gmock.h>

#include "parser/image/address_space.h"
#include "tests/image/open.h"
#include "tests/image/range_builder.h"

namespace poolblame::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

using PageList = std::vector<std::uint64_t>;

/// The pages of `memory` by number, padded with zero pages to 16.
std::vector<std::uint8_t> BlockOf(const PhysicalMemory& memory, const PageList& pages) {
  std::vector<std::uint8_t> bytes;
  for (const std::uint64_t pfn : pages) {
    const std::vector<std::uint8_t> page = PagesOf(memory, {pfn, 1});
    bytes.insert(bytes.end(), page.begin(), page.end());
  }
  bytes.resize(0x10000);
  return bytes;
}

/// A stored block behind its header: 0xFFFF, one less than its bytes, from bit 10 on.
void AppendBlock(Bytes& file, const PhysicalMemory& memory, const PageList& pages) {
  const std::uint64_t at = file.size();
  file.Text(at, "\x81\x81xpress").U32(at + 8, 0xFFFFull << 10).Resize(at + 0x20);
  const std::vector<std::uint8_t> block = BlockOf(memory, pages);
  file.Append(block.data(), block.size());
}

/// Windows 7 x64: the first table's page at 0x60; a link of 16 bytes (next, count), entries of two pages.
struct SevenTable {
  std::vector<TestRun> runs;
  std::uint64_t next = 0;
};
void AppendTable(Bytes& file, const SevenTable& table) {
  const std::uint64_t at = file.size();
  file.Resize(at + 0x1000).U64(at, table.next).U32(at + 8, table.runs.size());
  for (std::size_t i = 0; i < table.runs.size(); ++i)
    file.U64(at + 16 + i * 16, table.runs[i].first).U64(at + 24 + i * 16, table.runs[i].first + table.runs[i].count);
}

Bytes SevenHeader() { return Bytes().Text(0, "hibr").U32(0x0C, 0x128).U64(0x60, 1).Resize(0x1000); }

PhysicalMemory SomeMemory() {
  PhysicalMemory memory;
  PageTables(memory, TableKind::kX64, 1).MapSelf().Map(0xFFFFFA8001234000, 0x107);
  return memory.Add(0x107, 0xAA).Add(0x108, 0xBB);
}

PageList NumbersOf(const PhysicalMemory& memory) {
  PageList pages;
  for (const auto& page : memory.pages()) pages.push_back(page.first);
  return pages;
}

Bytes SevenFile(const PhysicalMemory& memory) {
  Bytes file = SevenHeader();
  AppendTable(file, {RunsOf(memory)});
  AppendBlock(file, memory, NumbersOf(memory));
  return file;
}

TEST(Hibernation, ATableIsMemory) {
  const OpenedImage opened = Open(SevenFile(SomeMemory()));
  const ImageFacts& facts = opened.image.facts();
  EXPECT_EQ(facts.container, "hibernation");
  EXPECT_EQ(facts.machine, Machine::kX64);
  EXPECT_EQ(facts.compression, "none") << "of the file; its pages are always packed";
  EXPECT_THAT(facts.notes, IsEmpty());
  EXPECT_EQ(facts.pages_promised, SomeMemory().pages().size());
  const AddressSpace space(opened.image);
  EXPECT_EQ(space.Page(VirtAddr{0xFFFFFA8001234000}).bytes[0], 0xAA);
  EXPECT_EQ(FirstByte(opened.image.pages(), 0x108), 0xBB);
}

TEST(Hibernation, TheStateOfTheProcessorNamesThePageTables) {
  constexpr std::uint64_t kRoot = 0x41000, kMappedAt = 0xFFFFFA8001234000;
  PhysicalMemory memory;
  PageTables(memory, TableKind::kX64, kRoot).MapSelf().Map(kMappedAt, 0x107);
  memory.Add(0x107, 0xAA);
  for (const std::uint64_t cr3 : {kRoot * 4096, std::uint64_t{0x107000}, std::uint64_t{0}}) {
    Bytes file = SevenHeader().U64(0x60, 3).U64(0x2010, cr3).Resize(0x3000);  // the state is the file's third page
    AppendTable(file, {RunsOf(memory)});
    AppendBlock(file, memory, NumbersOf(memory));
    const OpenedImage opened = Open(file);
    const bool is_named = cr3 == kRoot * 4096;
    EXPECT_EQ(opened.image.facts().root_source, is_named ? RootSource::kProcessor : RootSource::kSelfMap);
    EXPECT_EQ(AddressSpace(opened.image).Page(VirtAddr{kMappedAt}).bytes[0], 0xAA);
  }
}

TEST(Hibernation, PackedBlocksAndGapsBetweenThem) {
  // Two pages of 0x55 and 14 of zeros: a literal and a match of 0x1FFF from one before, then the same for zeros. The
  // matches share the byte of their lengths' next four bits. 17 bytes, 7 more make a multiple of 8. 700 bytes of
  // nothing lie before the block.
  Bytes file = SevenHeader();
  AppendTable(file, {{{0x20, 1}, {0x30, 1}}});
  const std::uint64_t at = file.size() + 700;
  const std::uint8_t packed[] = {0xFF, 0xFF, 0xFF, 0x5F, 0x55, 0x07, 0x00, 0xFF, 0xFF, 0xFC, 0x1F, 0x00,
                                 0x07, 0x00, 0xFF, 0xFC, 0xDF, 0,    0,    0,    0,    0,    0,    0};
  file.Text(at, "\x81\x81xpress").U32(at + 8, 16 << 10).Resize(at + 0x20).Append(packed, sizeof(packed));
  const OpenedImage opened = Open(file);
  EXPECT_FALSE(opened.image.facts().truncated) << opened.image.facts().notes.front();
  EXPECT_EQ(FirstByte(opened.image.pages(), 0x20), 0x55);
  EXPECT_EQ(FirstByte(opened.image.pages(), 0x30), 0x55);
  EXPECT_EQ(FirstByte(opened.image.pages(), 0x21), -1);
}

TEST(Hibernation, TablesFollowEachOther) {
  PhysicalMemory memory;
  for (std::uint64_t i = 0; i < 256; ++i) memory.Add(0x100 + 2 * i, static_cast<std::uint8_t>(i));
  const std::vector<TestRun> runs = RunsOf(memory);
  const PageList pages = NumbersOf(memory);
  Bytes file = SevenHeader();
  const std::uint64_t next = (0x2000 + 16 * 0x10020 + 0xFFF) / 0x1000;
  AppendTable(file, {{runs.begin(), runs.begin() + 255}, next});
  for (std::size_t i = 0; i < 255; i += 16)
    AppendBlock(file, memory,
                {pages.begin() + std::ptrdiff_t(i), pages.begin() + std::ptrdiff_t(std::min(i + 16, 255ul))});
  file.Resize(next * 0x1000);
  AppendTable(file, {{runs.back()}});
  AppendBlock(file, memory, {pages.back()});
  const OpenedImage opened = Open(file);
  EXPECT_FALSE(opened.image.facts().truncated) << opened.image.facts().notes.front();
  EXPECT_EQ(opened.image.pages().page_count(), 256u);
  for (const int i : {0, 15, 16, 254, 255}) EXPECT_EQ(FirstByte(opened.image.pages(), 0x100 + 2 * Pfn(i)), i);
  const OpenedImage backwards = Open(Bytes(file).U64(0x1000, 1));
  EXPECT_EQ(backwards.image.pages().page_count(), 255u);
  EXPECT_EQ(backwards.image.facts().notes.front(),
            "there is no page table 1 in page 1 of the file: the pages from there on are not read");
}

TEST(Hibernation, ADamagedBlockCostsItsPagesOnly) {
  PhysicalMemory memory;
  for (std::uint64_t i = 0; i < 32; ++i) memory.Add(0x100 + i, static_cast<std::uint8_t>(i + 1));
  const PageList pages = NumbersOf(memory);
  Bytes file = SevenHeader();
  AppendTable(file, {RunsOf(memory)});
  const std::uint64_t at = file.size();
  file.Text(at, "\x81\x81xpress").U32(at + 8, 7 << 10).Resize(at + 0x20).U64(at + 0x20, 0xFFFFFFFF);
  AppendBlock(file, memory, {pages.begin() + 16, pages.end()});
  const OpenedImage opened = Open(file);
  EXPECT_EQ(opened.image.pages().page_count(), 16u);
  EXPECT_EQ(opened.image.facts().pages_promised, 32u);
  EXPECT_EQ(FirstByte(opened.image.pages(), 0x110), 17);
  EXPECT_THAT(opened.image.facts().notes,
              Contains("16 pages of the hibernation file cannot be unpacked and are left out"));
}

TEST(Hibernation, ACutFileIsReadAsFarAsItGoes) {
  PhysicalMemory memory;
  for (std::uint64_t i = 0; i < 32; ++i) memory.Add(0x100 + i, static_cast<std::uint8_t>(i + 1));
  const PageList pages = NumbersOf(memory);
  Bytes file = SevenHeader();
  AppendTable(file, {RunsOf(memory)});
  AppendBlock(file, memory, {pages.begin(), pages.begin() + 16});
  AppendBlock(file, memory, {pages.begin() + 16, pages.end()});
  const OpenedImage opened = Open(file.Resize(file.size() - 1));
  EXPECT_TRUE(opened.image.facts().truncated);
  EXPECT_EQ(opened.image.pages().page_count(), 16u);
  EXPECT_EQ(opened.image.facts().notes.front(),
            "there is no whole block of pages behind 0x12020: the pages from there on are not read");
}

TEST(Hibernation, OfTwoLayoutsWithOneLengthTheOneThatMakesSense) {
  // Vista SP2 x64 has the header's length in common with 7: the table's page at 0x68, a link of 24 bytes.
  const PhysicalMemory memory = SomeMemory();
  Bytes file = Bytes().Text(0, "HIBR").U32(0x0C, 0x128).U64(0x68, 1).Resize(0x2000);
  const std::vector<TestRun> runs = RunsOf(memory);
  file.U32(0x1010, runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i)
    file.U64(0x1018 + i * 16, runs[i].first).U64(0x1020 + i * 16, runs[i].first + runs[i].count);
  AppendBlock(file, memory, NumbersOf(memory));
  EXPECT_EQ(FirstByte(Open(file).image.pages(), 0x107), 0xAA);
}

/// Windows 10 1809 x64 with two streams: sets in page 1 for the loader, in page 0x40 for the kernel.
Bytes TenHeader(std::uint64_t loader_pages, std::uint64_t kernel_pages) {
  return Bytes()
      .Text(0, "HIBR")
      .U32(0x0C, 0x3E0)
      .U64(0x58, loader_pages)
      .U64(0x68, 1)
      .U64(0x70, 0x40)
      .U64(0x230, kernel_pages);
}

/// A set whose word is typed by the caller; returns its end.
std::uint64_t PutSet(Bytes& file, std::uint64_t at, std::uint64_t word, const std::vector<std::uint64_t>& descriptors,
                     const std::vector<std::uint8_t>& data) {
  if (file.size() < at) file.Resize(at);
  file.U32(at, word);
  for (std::size_t i = 0; i < descriptors.size(); ++i) file.U64(at + 4 + i * 8, descriptors[i]);
  for (std::size_t i = 0; i < data.size(); ++i) file.U8(at + 4 + descriptors.size() * 8 + i, data[i]);
  return at + 4 + descriptors.size() * 8 + data.size();
}

/// 0x1000 bytes of one value: a literal, and a match of 0xFFF whose length less 3 is a word.
std::vector<std::uint8_t> PackedPlain(std::uint8_t value) {
  return {0xFF, 0xFF, 0xFF, 0x7F, value, 0x07, 0x00, 0x0F, 0xFF, 0xFC, 0x0F};
}
/// The same with codes of nine bits for everything: `value`, then symbol 256 + 15 (a long match from one before).
std::vector<std::uint8_t> PackedHuffman(std::uint8_t value) {
  std::vector<std::uint8_t> packed(256, 0x99);
  const std::uint32_t bits = std::uint32_t{value} << 23 | (256u + 15) << 14;
  for (const std::uint32_t shift : {16, 24, 0, 8}) packed.push_back(static_cast<std::uint8_t>(bits >> shift));
  packed.insert(packed.end(), {0, 0, 0xFF, 0xFC, 0x0F});  // the reader is one word ahead when it wants the length
  return packed;
}

std::uint64_t SetWord(std::uint64_t method, std::size_t bytes, std::size_t descriptors) {
  return method << 30 | bytes << 8 | descriptors;
}

TEST(Hibernation, SetsOfEveryMethodAreMemory) {
  Bytes file = TenHeader(3, 4);
  std::vector<std::uint8_t> stored(0x2000, 0x11);
  std::uint64_t at = PutSet(file, 0x1000, SetWord(0, 0x2000, 2), {0x20 << 4, 0x30 << 4}, stored);
  PutSet(file, at, SetWord(0, 11, 1), {0x40 << 4}, PackedPlain(0x22));
  at = 0x40000;
  for (const std::uint64_t method : {2, 3, 1})
    at = PutSet(file, at, SetWord(method, PackedHuffman(0).size(), 1), {(0x50 + method) << 4},
                PackedHuffman(static_cast<std::uint8_t>(0x30 + method)));
  PutSet(file, at, SetWord(1, 11, 1), {0x60 << 4}, PackedPlain(0x44));
  const OpenedImage opened = Open(file);
  const ImageFacts& facts = opened.image.facts();
  EXPECT_EQ(facts.container, "hibernation");
  EXPECT_EQ(facts.machine, Machine::kX64);
  EXPECT_FALSE(facts.truncated) << facts.notes.front();
  EXPECT_EQ(opened.image.pages().page_count(), 7u);
  const std::pair<Pfn, int> pages[] = {{0x20, 0x11}, {0x30, 0x11}, {0x40, 0x22}, {0x51, 0x31},
                                       {0x52, 0x32}, {0x53, 0x33}, {0x60, 0x44}, {0x21, -1}};
  for (const auto& [pfn, value] : pages) EXPECT_EQ(FirstByte(opened.image.pages(), pfn), value) << pfn;
}

TEST(Hibernation, AStreamEndsWhereNoSetCanBe) {
  const struct {
    std::uint64_t word;
    std::uint64_t descriptor;
  } cases[] = {{SetWord(0, 11, 0), 0x30 << 4},         {SetWord(0, 11, 17), 0x30 << 4},
               {SetWord(0, 0, 1), 0x30 << 4},          {SetWord(0, 0x1001, 1), 0x30 << 4},
               {SetWord(0, 0x2001, 1), 0x30 << 4 | 1}, {SetWord(0, 11, 1), ~0ull}};
  for (const auto& test : cases) {
    Bytes file = TenHeader(2, 0);
    const std::uint64_t at = PutSet(file, 0x1000, SetWord(0, 11, 1), {0x20 << 4}, PackedPlain(0x22));
    PutSet(file, at, test.word, {test.descriptor}, std::vector<std::uint8_t>(0x3000, 1));
    const OpenedImage opened = Open(file);
    EXPECT_EQ(opened.image.pages().page_count(), 1u);
    EXPECT_TRUE(opened.image.facts().truncated);
    EXPECT_EQ(
        opened.image.facts().notes.front(),
        "the hibernation file promises 2 pages for the loader, of which 1 are there: nothing behind 0x1017 is a set "
        "of pages");
  }
}

TEST(Hibernation, ADamagedSetCostsItsPagesOnly) {
  Bytes file = TenHeader(2, 0);
  const std::uint64_t at = PutSet(file, 0x1000, SetWord(2, 11, 1), {0x20 << 4}, PackedPlain(0x22));
  PutSet(file, at, SetWord(0, 11, 1), {0x30 << 4}, PackedPlain(0x33));
  const OpenedImage opened = Open(file);
  EXPECT_EQ(FirstByte(opened.image.pages(), 0x20), -1);
  EXPECT_EQ(FirstByte(opened.image.pages(), 0x30), 0x33);
  EXPECT_THAT(opened.image.facts().notes,
              Contains("1 pages of the hibernation file cannot be unpacked and are left out"));
}

TEST(Hibernation, ABombEndsAtTheLimit) {
  Bytes file = TenHeader(64, 0);
  std::uint64_t at = 0x1000;
  for (std::uint64_t i = 0; i < 64; ++i) at = PutSet(file, at, SetWord(0, 11, 1), {(0x20 + i) << 4}, PackedPlain(0x22));
  OpenOptions options;
  options.max_decompressed_bytes = 0x8800;
  const OpenedImage opened = Open(file, options);
  EXPECT_EQ(opened.image.pages().page_count(), 8u);
  EXPECT_THAT(opened.image.facts().notes, Contains("unpacking stopped at the limit of 34816 bytes"));
}

TEST(Hibernation, WhatCannotBeReadIsRefusedByName) {
  EXPECT_THAT(ErrorOf(Bytes().Text(0, "hibr").U32(0x0C, 0x999).Resize(0x2000).vector()).what,
              StartsWith("hibernation file of a Windows version that is not known (its header has 2457 bytes)"));
  EXPECT_EQ(ErrorOf(SevenHeader().Resize(0x3000).vector()).what,
            "hibernation file without a table of its pages: copy it again while the system is off");
  for (const char* signature : {"wake", "WAKE"})
    EXPECT_THAT(
        ErrorOf(Bytes().Text(0, signature).Resize(0x2000).vector()).what,
        StartsWith("hibernation file of a resumed system: Windows has already discarded its memory; hibernate"));
  EXPECT_EQ(ErrorOf(Bytes().Text(0, "hibr").vector()).what, "hibernation file header");
  EXPECT_EQ(ErrorOf(TenHeader(1, 1).Resize(0x200).vector()).kind, ErrorKind::kTruncated);
}

TEST(Hibernation, AWipedHeaderIsKnownByTheFilesName) {
  const std::vector<std::uint8_t> file = Bytes().U8(0x1000, 1).Resize(0x3000).vector();
  const ByteView bytes(file.data(), file.size());
  for (const char* name : {"hiberfil.sys", "C:\\HIBERFIL.SYS", "/evidence/hiberfil.sys"}) {
    const Result<Image> image = Image::FromBytes(bytes, name, {});
    ASSERT_FALSE(image);
    EXPECT_THAT(image.error().what, StartsWith("hibernation file of a resumed system"));
  }
  EXPECT_TRUE(Image::FromBytes(bytes, "memory.raw", {}));
  const Result<Image> empty = Image::FromBytes({}, "hiberfil.sys", {});
  EXPECT_EQ(empty.error().what, "image (the file is empty)");
}

}  // namespace
}  // namespace poolblame::testing
