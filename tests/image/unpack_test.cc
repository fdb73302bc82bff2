// Compressed images, whole, cut and damaged, small (memory) and large (temporary file).
#include "parser/image/unpack.h"

#include <gmock/gmock.h>
#include <lzma.h>
#include <unistd.h>
#include <zstd.h>

#include <boost/iostreams/device/back_inserter.hpp>
#include <boost/iostreams/filter/bzip2.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <fstream>
#include <random>

#include "tests/image/open.h"

namespace poolblame::testing {
namespace {

using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

namespace io = boost::iostreams;

std::vector<std::uint8_t> PackZstd(const std::vector<std::uint8_t>& plain) {
  std::vector<std::uint8_t> packed(ZSTD_compressBound(plain.size()));
  packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 1));
  return packed;
}

template <typename Filter>
std::vector<std::uint8_t> PackWith(const std::vector<std::uint8_t>& plain) {
  std::vector<char> packed;
  io::filtering_ostream stream;
  stream.push(Filter());
  stream.push(io::back_inserter(packed));
  stream.write(reinterpret_cast<const char*>(plain.data()), static_cast<std::streamsize>(plain.size()));
  stream.reset();
  return {packed.begin(), packed.end()};
}

struct Packer {
  const char* name;
  std::vector<std::uint8_t> (*pack)(const std::vector<std::uint8_t>&);
  std::uint64_t pages;  // of a dump that fills more than one of its blocks
};
constexpr Packer kPackers[] = {
    {"zstd", PackZstd, 64},
    {"gzip", PackWith<io::gzip_compressor>, 64},
    {"xz", PackWith<io::lzma_compressor>, 64},
    {"bzip2", PackWith<io::bzip2_compressor>, 300},
};

/// A dump whose pages do not compress, so that a cut file loses pages and not everything.
std::vector<std::uint8_t> NoisyDump(std::uint64_t pages) {
  std::mt19937 random(3);
  PhysicalMemory memory;
  for (std::uint64_t pfn = 0; pfn < pages; ++pfn)
    for (auto& byte : memory[pfn]) byte = static_cast<std::uint8_t>(random());
  return FullDump64(memory, RunsOf(memory)).vector();
}

TEST(Unpack, EveryCompressionGivesTheSameImage) {
  const std::vector<std::uint8_t> plain = NoisyDump(20);
  for (const Packer& packer : kPackers) {
    const std::vector<std::uint8_t> packed = packer.pack(plain);
    const OpenedImage opened = Open(packed);
    EXPECT_EQ(opened.image.facts().compression, packer.name);
    EXPECT_EQ(opened.image.facts().container, "pagedu64-full");
    EXPECT_EQ(opened.image.facts().size, packed.size());
    EXPECT_FALSE(opened.image.facts().truncated) << packer.name;
    EXPECT_TRUE(std::ranges::equal(opened.image.bytes(), plain)) << packer.name;
  }
}

/// A file that says it needs a dictionary of 1.5 GiB: the header of its block has that code (40 is 4 GiB), and its sum.
TEST(Unpack, AnXzFileThatWantsTooMuchMemoryIsRefusedWithBothNumbers) {
  std::vector<std::uint8_t> packed = PackWith<io::lzma_compressor>(NoisyDump(2));
  // Stream header 12 bytes; block header: its size, flags, sizes, filter LZMA2 (0x21) with one byte: the dictionary.
  const std::size_t sum_at = 12 + (packed[12] + 1u) * 4 - 4;
  constexpr std::uint8_t kFilter[] = {0x21, 0x01};
  const auto filter = std::search(packed.begin() + 14, packed.begin() + sum_at, kFilter, kFilter + 2);
  ASSERT_NE(filter, packed.begin() + sum_at);
  filter[2] = 37;
  const std::uint32_t sum = lzma_crc32(&packed[12], sum_at - 12, 0);
  for (int i = 0; i < 4; ++i) packed[sum_at + i] = static_cast<std::uint8_t>(sum >> 8 * i);
  const Error error = ErrorOf(packed);
  EXPECT_EQ(error.kind, ErrorKind::kIo);
  EXPECT_THAT(error.what, StartsWith("unpack the file: the xz data needs 153"));  // MiB, and what liblzma itself takes
  EXPECT_THAT(error.what, EndsWith(" MiB of memory, at most 256 MiB are given to it: unpack it first"));
}

TEST(Unpack, AZstdFileThatWantsTooMuchMemoryIsRefusedWithTheNumber) {
  // Magic, a frame header without anything but the window (2^41 bytes by exponent 31), and an empty last block.
  const std::vector<std::uint8_t> packed = {0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xF8, 0x01, 0x00, 0x00};
  const Error error = ErrorOf(packed);
  EXPECT_EQ(error.kind, ErrorKind::kIo);
  EXPECT_THAT(error.what, HasSubstr("needs a window of more than 128 MiB"));
  EXPECT_THAT(error.what, HasSubstr("unpack it first"));
}

TEST(Unpack, SeveralFramesAreOneImage) {
  const std::vector<std::uint8_t> plain = NoisyDump(4);
  const std::vector<std::uint8_t> half(plain.begin(), plain.begin() + 0x3000);
  const std::vector<std::uint8_t> rest(plain.begin() + 0x3000, plain.end());
  for (const Packer& packer : kPackers) {
    std::vector<std::uint8_t> packed = packer.pack(half);
    const std::vector<std::uint8_t> second = packer.pack(rest);
    packed.insert(packed.end(), second.begin(), second.end());
    const OpenedImage opened = Open(packed);
    EXPECT_TRUE(std::ranges::equal(opened.image.bytes(), plain)) << packer.name;
    EXPECT_FALSE(opened.image.facts().truncated) << packer.name;
  }
}

TEST(Unpack, ACutFileIsReadAsFarAsItGoes) {
  for (const Packer& packer : kPackers) {
    const std::vector<std::uint8_t> plain = NoisyDump(packer.pages);
    std::vector<std::uint8_t> packed = packer.pack(plain);
    packed.resize(packed.size() * 7 / 8);
    const OpenedImage opened = Open(packed);
    const ImageFacts& facts = opened.image.facts();
    EXPECT_TRUE(facts.truncated) << packer.name;
    EXPECT_GT(opened.image.pages().page_count(), packer.pages / 3) << packer.name;
    EXPECT_LT(opened.image.pages().page_count(), packer.pages * 7 / 8 + 2) << packer.name;
    EXPECT_THAT(facts.notes, Contains(HasSubstr(std::string("the ") + packer.name + " data ends early")))
        << packer.name;
    EXPECT_TRUE(std::equal(opened.image.bytes().begin(), opened.image.bytes().end(), plain.begin())) << packer.name;
  }
}

TEST(Unpack, ACutZstdFileSaysBothNumbers) {
  const std::vector<std::uint8_t> plain = NoisyDump(200);
  std::vector<std::uint8_t> packed = PackZstd(plain);
  packed.resize(packed.size() - 1);
  const OpenedImage opened = Open(packed);
  const std::string came = std::to_string(opened.image.bytes().size());
  EXPECT_THAT(opened.image.facts().notes, Contains("the zstd data ends early: its frames declare " +
                                                   std::to_string(plain.size()) + " bytes, " + came + " came"));
}

TEST(Unpack, DamageInTheMiddleIsNoSilentEnd) {
  for (const Packer& packer : kPackers) {
    const std::vector<std::uint8_t> plain = NoisyDump(packer.pages);
    std::vector<std::uint8_t> packed = packer.pack(plain);
    for (std::size_t i = 0; i < 64; ++i) packed[packed.size() * 7 / 8 + i] ^= 0x5A;
    const Result<Image> image = TryOpen(packed);
    ASSERT_TRUE(image) << packer.name;
    EXPECT_TRUE(image->facts().truncated || std::ranges::equal(image->bytes(), plain) == false) << packer.name;
  }
}

TEST(Unpack, EveryPrefixOfACompressedImageIsAnErrorOrTruncated) {
  const std::vector<std::uint8_t> plain = NoisyDump(1);
  for (const Packer& packer : kPackers) {
    const std::vector<std::uint8_t> packed = packer.pack(plain);
    // Below the magic's length a prefix is a very small raw file, which is an error of its own.
    for (std::size_t length = 0; length < packed.size(); length += length < 64 ? 1 : 61) {
      const Result<Image> image = TryOpen({packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(length)});
      EXPECT_TRUE(!image || image->facts().truncated) << packer.name << " " << length;
    }
  }
}

TEST(Unpack, NothingAtAllIsAnError) {
  std::vector<std::uint8_t> packed = PackZstd(NoisyDump(1));
  packed.resize(20);
  const Error error = ErrorOf(packed);
  EXPECT_EQ(error.kind, ErrorKind::kIo);
  EXPECT_THAT(error.what,
              HasSubstr("unpack the file: the zstd data ends early: its frames declare 12288 bytes, 0 came"));
}

TEST(Unpack, ABombEndsAtTheLimit) {
  OpenOptions options;
  options.max_decompressed_bytes = 0x3000;
  const std::vector<std::uint8_t> plain = NoisyDump(5);
  for (const Packer& packer : kPackers) {
    const OpenedImage opened = Open(packer.pack(plain), options);
    EXPECT_EQ(opened.image.bytes().size(), 0x3000u);
    EXPECT_TRUE(opened.image.facts().truncated);
    EXPECT_THAT(opened.image.facts().notes, Contains("unpacking stopped at the limit of 12288 bytes"));
  }
}

TEST(Unpack, LargeImagesGoToAFileWithHoles) {
  // 20 MiB: noise, a long hole, noise again at odd places.
  std::vector<std::uint8_t> plain(20 << 20);
  std::mt19937 random(5);
  for (const std::size_t at : {std::size_t{0}, std::size_t{10} << 20, (std::size_t{17} << 20) + 5, plain.size() - 1})
    for (std::size_t i = at; i < std::min(at + 5000, plain.size()); ++i)
      plain[i] = static_cast<std::uint8_t>(random() | 1);
  for (const Packer& packer : {kPackers[0], kPackers[1]}) {
    const std::vector<std::uint8_t> packed = packer.pack(plain);
    const Result<Unpacked> unpacked =
        Unpack({packed.data(), packed.size()}, CompressionOf({packed.data(), packed.size()}), 1 << 30);
    ASSERT_TRUE(unpacked);
    EXPECT_FALSE(unpacked->cut);
    EXPECT_TRUE(unpacked->content.mapped());
    EXPECT_TRUE(std::ranges::equal(unpacked->content.bytes(), plain)) << packer.name;
  }
}

TEST(Unpack, MagicsDecideAndNotNames) {
  EXPECT_EQ(CompressionOf({}), Compression::kNone);
  const Bytes almost = Bytes().Text(0, "BZh9 is no bzip2 yet");
  EXPECT_EQ(CompressionOf({almost.vector().data(), almost.size()}), Compression::kNone);
  const std::string name = ::testing::TempDir() + "poolblame_test_" + std::to_string(getpid()) + ".dmp";
  const std::vector<std::uint8_t> packed = PackZstd(NoisyDump(2));
  std::ofstream(name, std::ios::binary)
      .write(reinterpret_cast<const char*>(packed.data()), static_cast<std::streamsize>(packed.size()));
  const Result<Image> image = Image::Open(name, {});
  unlink(name.c_str());
  ASSERT_TRUE(image);
  EXPECT_EQ(image->facts().compression, "zstd");
  EXPECT_EQ(image->facts().path, name);
  EXPECT_EQ(image->pages().page_count(), 2u);
}

TEST(Unpack, AFileIsMappedAndStaysReadable) {
  const std::string name = ::testing::TempDir() + "poolblame_test_" + std::to_string(getpid()) + ".plain.dmp";
  const std::vector<std::uint8_t> plain = NoisyDump(3);
  std::ofstream(name, std::ios::binary)
      .write(reinterpret_cast<const char*>(plain.data()), static_cast<std::streamsize>(plain.size()));
  Result<Image> image = Image::Open(name, {});
  unlink(name.c_str());
  ASSERT_TRUE(image);
  const Image moved = std::move(*image);
  moved.pages().ForEachRun(0, moved.pages().page_count(), [&](const PageRun& run) {
    moved.WillRead(run);
    EXPECT_TRUE(std::equal(plain.begin() + 0x2000, plain.end(), moved.pages().Bytes(run).begin()));
  });
  EXPECT_TRUE(std::ranges::equal(moved.bytes(), plain));
}

}  // namespace
}  // namespace poolblame::testing
