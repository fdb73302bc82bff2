// AVML version 2: snappy streams typed by hand from the format's description.
#include <gmock/gmock.h>

#include <numeric>

#include "parser/image/address_space.h"
#include "parser/image/crc32c.h"
#include "tests/image/open.h"
#include "tests/image/range_builder.h"

namespace poolblame::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::uint64_t kKernel = 0xFFFFFA8001234000;
constexpr const char* kNoTables =
    "no page tables were found that map themselves or that the System process names: finds have physical addresses "
    "only, and the machine is not known";

std::vector<std::uint8_t> Page(std::uint8_t value) { return std::vector<std::uint8_t>(4096, value); }

/// A page of one byte: its length as a varint, a literal of one byte, then copies of 64 from one byte before, last 63.
std::vector<std::uint8_t> PackedPage(std::uint8_t value) {
  std::vector<std::uint8_t> packed = {0x80, 0x20, 0x00, value};
  for (int i = 0; i < 63; ++i) packed.insert(packed.end(), {0xFE, 1, 0});
  packed.insert(packed.end(), {0xFA, 1, 0});
  return PackedChunk(packed, Page(value));
}

std::vector<std::uint8_t> operator+(std::vector<std::uint8_t> a, const std::vector<std::uint8_t>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(Avml, StoredAndPackedChunksAreMemory) {
  Bytes file;
  AppendAvmlRange(file, 0x1000, 0x2000, PackedPage(0x42) + PlainChunk(Page(0x43)));
  AppendAvmlRange(file, 0x80000000, 0x1000, PackedPage(0x44));
  const std::uint64_t size = file.size();
  const OpenedImage opened = Open(file);
  const ImageFacts& facts = opened.image.facts();
  EXPECT_EQ(facts.container, "avml");
  EXPECT_EQ(facts.compression, "none") << "of the file; its ranges are always packed";
  EXPECT_EQ(facts.size, size);
  EXPECT_FALSE(facts.truncated);
  EXPECT_EQ(facts.pages_promised, 3u);
  EXPECT_EQ(FirstByte(opened.image.pages(), 1), 0x42);
  EXPECT_EQ(FirstByte(opened.image.pages(), 2), 0x43);
  EXPECT_EQ(FirstByte(opened.image.pages(), 0x80000), 0x44);
  EXPECT_THAT(facts.notes, ElementsAre(kNoTables));
}

TEST(Avml, TheChecksumIsThatOfTheStandard) {
  // RFC 3720, B.4: 32 bytes of zero have the CRC-32C 0x8A9136AA; masked that is 0x0FD7FFFA by the format's formula.
  const std::vector<std::uint8_t> chunk = PlainChunk(std::vector<std::uint8_t>(32));
  EXPECT_THAT(std::vector<std::uint8_t>(chunk.begin(), chunk.begin() + 8),
              ElementsAre(0x01, 36, 0, 0, 0xFA, 0xFF, 0xD7, 0x0F));
  Bytes file;
  AppendAvmlRange(file, 0x1000, 32, chunk);
  EXPECT_FALSE(Open(file).image.facts().truncated);
}

TEST(Crc32c, KnownSums) {
  // RFC 3720, B.4, and the check value of the polynomial.
  const auto sum = [](const std::vector<std::uint8_t>& bytes) { return Crc32c({bytes.data(), bytes.size()}); };
  std::vector<std::uint8_t> ascending(32);
  std::iota(ascending.begin(), ascending.end(), std::uint8_t{0});
  EXPECT_EQ(sum({}), 0u);
  EXPECT_EQ(sum(std::vector<std::uint8_t>(32)), 0x8A9136AAu);
  EXPECT_EQ(sum(std::vector<std::uint8_t>(32, 0xFF)), 0x62A8AB43u);
  EXPECT_EQ(sum(ascending), 0x46DD794Eu);
  EXPECT_EQ(sum({'1', '2', '3', '4', '5', '6', '7', '8', '9'}), 0xE3069283u);
}

TEST(Avml, PageTablesAreFoundAndUsed) {
  PhysicalMemory memory;
  PageTables tables(memory, TableKind::kX64, 1);
  tables.MapSelf().Map(kKernel, 0x107);
  memory.Add(0x107, 0xAA);
  const OpenedImage opened = Open(AvmlImage(memory, RunsOf(memory)));
  EXPECT_THAT(opened.image.facts().notes, IsEmpty());
  const AddressSpace space(opened.image);
  EXPECT_EQ(space.Page(VirtAddr{kKernel}).bytes[0], 0xAA);
}

TEST(Avml, ChunksThatMayBeSkippedAre) {
  const std::vector<std::uint8_t> padding = {0xFE, 3, 0, 0, 1, 2, 3}, unknown = {0x80, 0, 0, 0};
  const std::vector<std::uint8_t> again = {0xFF, 6, 0, 0, 's', 'N', 'a', 'P', 'p', 'Y'};
  Bytes file;
  AppendAvmlRange(file, 0x1000, 0x1000, padding + unknown + again + PackedPage(1));
  const OpenedImage opened = Open(file);
  EXPECT_FALSE(opened.image.facts().truncated);
  EXPECT_EQ(FirstByte(opened.image.pages(), 1), 1);
}

TEST(Avml, WhatIsBrokenEndsTheReading) {
  const std::vector<std::uint8_t> good = PackedPage(1);
  std::vector<std::uint8_t> wrong_sum = PackedPage(2), wrong_block = PackedPage(2);
  wrong_sum[4] ^= 1;
  wrong_block[10] = 0xFF;  // a copy from farther back than there is anything
  const struct {
    std::vector<std::uint8_t> chunks;
    const char* note;
  } cases[] = {
      {good + wrong_sum, "is damaged"},
      {good + wrong_block, "is damaged"},
      {good + std::vector<std::uint8_t>{0x02, 0, 0, 0}, "is no snappy"},
      {good + std::vector<std::uint8_t>{0xFF, 6, 0, 0, 's', 'n', 'a', 'p', 'p', 'y'}, "is no snappy"},
      {good + std::vector<std::uint8_t>{0xFF, 0, 0, 0}, "is no snappy"},
      {good + PlainChunk(std::vector<std::uint8_t>(4097, 2)), "has more than its range"},
      {good + PlainChunk(std::vector<std::uint8_t>(0x10001, 2)), "is damaged"},
      {good + std::vector<std::uint8_t>{0x01, 3, 0, 0, 1, 2, 3}, "is damaged"},
      {good + std::vector<std::uint8_t>{0x00, 0xFF, 0xFF, 0xFF}, "is cut"},
  };
  for (const auto& test : cases) {
    Bytes file;
    AppendAvmlRange(file, 0x1000, 0x2000, test.chunks);
    const OpenedImage opened = Open(file);
    EXPECT_TRUE(opened.image.facts().truncated);
    EXPECT_EQ(opened.image.pages().page_count(), 1u) << test.note;
    EXPECT_EQ(opened.image.facts().notes.front(),
              std::string("memory range 0 at 0x0 ") + test.note + ": nothing behind it is read");
  }
}

TEST(Avml, TheLengthBehindAStreamIsHeldAgainstIt) {
  Bytes file;
  AppendAvmlRange(file, 0x1000, 0x1000, PackedPage(1));
  const std::uint64_t trailer = file.size() - 8, length = trailer - 0x20;
  AppendAvmlRange(file, 0x2000, 0x1000, PackedPage(2));
  const OpenedImage opened = Open(file.U64(trailer, length + 1));
  EXPECT_EQ(opened.image.pages().page_count(), 1u);
  EXPECT_THAT(opened.image.facts().notes,
              Contains("memory range 0 at 0x0 says " + std::to_string(length + 1) + " bytes of snappy, " +
                       std::to_string(length) + " came: nothing behind it is read"));
}

TEST(Avml, ABombEndsAtTheLimit) {
  Bytes file;
  AppendAvmlRange(file, 0x1000, 0x4000, PackedPage(1) + PackedPage(2) + PackedPage(3) + PackedPage(4));
  OpenOptions options;
  options.max_decompressed_bytes = 0x2800;
  const OpenedImage opened = Open(file, options);
  EXPECT_TRUE(opened.image.facts().truncated);
  EXPECT_EQ(opened.image.pages().page_count(), 2u);
  EXPECT_EQ(opened.image.facts().notes.front(), "unpacking stopped at the limit of 10240 bytes");
}

TEST(Avml, LargeImagesGoToAFileWithoutAName) {
  // 24 MiB, more than stays in memory: blocks of 16 chunks of 64 KiB of one byte each.
  Bytes file;
  constexpr std::uint64_t kBlock = 0x100000;
  for (std::uint64_t block = 0; block < 24; ++block) {
    std::vector<std::uint8_t> chunks;
    const auto value = static_cast<std::uint8_t>(block + 1);
    for (int page = 0; page < 256; ++page) chunks = chunks + PackedPage(value);
    AppendAvmlRange(file, block * kBlock, kBlock, chunks);
  }
  const OpenedImage opened = Open(file);
  EXPECT_FALSE(opened.image.facts().truncated);
  EXPECT_EQ(opened.image.pages().page_count(), 24u * 256);
  for (const std::uint64_t block : {0, 1, 15, 16, 23})
    EXPECT_EQ(FirstByte(opened.image.pages(), block * 256 + 255), block + 1);
}

TEST(Avml, AMovedImageKeepsWhatCameOut) {
  Bytes file;
  AppendAvmlRange(file, 0x1000, 0x1000, PackedPage(7));
  Result<Image> image = TryOpen(file.vector());
  ASSERT_TRUE(image);
  const Image moved = std::move(*image);
  EXPECT_EQ(moved.bytes().size(), 0x1000u);
  EXPECT_EQ(FirstByte(moved.pages(), 1), 7);
}

TEST(Avml, AFirstHeaderThatCannotBeIsRefused) {
  EXPECT_EQ(ErrorOf(Bytes().Text(0, "AVML").Resize(31).vector()).what, "AVML range header");
  const Error version = ErrorOf(Bytes().Text(0, "AVML").U32(4, 1).Resize(0x2000).vector());
  EXPECT_EQ(version.kind, ErrorKind::kUnsupported);
  EXPECT_THAT(version.what, StartsWith("AVML memory image whose first range has version 1, 2 is known"));
}

}  // namespace
}  // namespace poolblame::testing
