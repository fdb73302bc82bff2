// Sparse files: what lies in a hole is known to be zero, and is not looked at.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "tests/image/open.h"

namespace poolblame::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Extents = std::vector<FileExtent>;

std::vector<PageRun> StoredRuns(const PageMap& map, std::uint64_t first = 0, std::uint64_t count = ~std::uint64_t{0}) {
  std::vector<PageRun> runs;
  map.ForEachStoredRun(first, std::min(count, map.page_count()), [&](const PageRun& run) { runs.push_back(run); });
  return runs;
}

TEST(Holes, WhatTouchesAnExtentIsStored) {
  const std::vector<std::uint8_t> file(8 * kPageSize);
  PageMap map =
      PageMap::FromRuns({file.data(), file.size()}, {{0x10, 3, FileOffset{0}}, {0x20, 5, FileOffset{0x3000}}});
  EXPECT_EQ(map.stored_count(), 8u);
  // Half a page, a part of a page that the first has, too, the last byte of a page.
  map.SkipHoles({{0x800, 0x1800}, {0x1900, 0x1A00}, {0x5FFF, 0x6000}});
  EXPECT_EQ(map.page_count(), 8u);
  EXPECT_EQ(map.stored_count(), 3u);
  EXPECT_THAT(StoredRuns(map), ElementsAre(PageRun{0x10, 2, FileOffset{0}}, PageRun{0x22, 1, FileOffset{0x5000}}));
  EXPECT_THAT(StoredRuns(map, 1, 1), ElementsAre(PageRun{0x11, 1, FileOffset{0x1000}}));
  EXPECT_THAT(StoredRuns(map, 2, 9), ElementsAre(PageRun{0x22, 1, FileOffset{0x5000}}));
  EXPECT_EQ(map.Page(0x12).size(), kPageSize) << "a hole is a page of zeros, not a missing one";
}

TEST(Holes, AFileOfNothingElseHasNothingToLookAt) {
  const std::vector<std::uint8_t> file(4 * kPageSize);
  PageMap map = PageMap::FromRuns({file.data(), file.size()}, {{0, 4, FileOffset{0}}});
  map.SkipHoles({});
  EXPECT_EQ(map.stored_count(), 0u);
  EXPECT_THAT(StoredRuns(map), IsEmpty());
}

/// Pages of `map` with a byte in an extent, one by one.
std::vector<Pfn> StoredByHand(const PageMap& map, const Extents& extents) {
  std::vector<Pfn> pfns;
  map.ForEachRun(0, map.page_count(), [&](const PageRun& run) {
    for (std::uint64_t i = 0; i < run.count; ++i) {
      const std::uint64_t begin = run.offset.value + i * kPageSize;
      const bool touched = std::ranges::any_of(
          extents, [&](const FileExtent& e) { return e.begin < begin + kPageSize && begin < e.end; });
      if (touched) pfns.push_back(run.first + i);
    }
  });
  return pfns;
}

void ExpectStored(PageMap map, const Extents& extents) {
  map.SkipHoles(extents);
  std::vector<Pfn> pfns;
  map.ForEachStoredRun(0, map.stored_count(), [&](const PageRun& run) {
    for (std::uint64_t i = 0; i < run.count; ++i) pfns.push_back(run.first + i);
  });
  EXPECT_EQ(pfns, StoredByHand(map, extents));
  EXPECT_EQ(pfns.size(), map.stored_count());
}

TEST(Holes, AgreeWithLookingAtEveryPage) {
  std::mt19937 random(3);
  const std::vector<std::uint8_t> file(64 * kPageSize);
  const ByteView bytes(file.data(), file.size());
  for (int round = 0; round < 100; ++round) {
    Extents extents;
    for (std::uint64_t at = random() % 9000; at + 9000 < file.size(); at = extents.back().end + 1 + random() % 30000)
      extents.push_back({at, at + 1 + random() % 9000});
    std::vector<PageRun> runs;
    for (Pfn pfn = random() % 4; runs.size() < 6; pfn = runs.back().first + runs.back().count + random() % 3)
      runs.push_back({pfn, 1 + random() % 12, FileOffset{random() % (60 * kPageSize)}});
    ExpectStored(PageMap::FromRuns(bytes, runs), extents);
    std::vector<std::uint8_t> bitmap(16);
    for (std::uint8_t& byte : bitmap) byte = static_cast<std::uint8_t>(random());
    ExpectStored(PageMap::FromBitmap(bytes, {bitmap.data(), bitmap.size()}, 128, FileOffset{kPageSize + 16}), extents);
  }
}

TEST(Holes, RunsThatAllLieAtOnePlaceDoNotMultiply) {
  // 4,096 runs over 2,048 extents each: eight million pieces, and a hostile file can have more.
  constexpr std::uint64_t kPages = 0x1000;
  const std::vector<std::uint8_t> file(kPages * kPageSize);
  std::vector<PageRun> runs;
  for (Pfn i = 0; i < 4096; ++i) runs.push_back({i * kPages, kPages, FileOffset{0}});
  Extents extents;
  for (std::uint64_t page = 0; page < kPages; page += 2) extents.push_back({page * kPageSize, page * kPageSize + 1});
  PageMap map = PageMap::FromRuns({file.data(), file.size()}, runs);
  map.SkipHoles(extents);
  EXPECT_GE(map.stored_count(), map.page_count() / 2) << "what was not told apart counts as stored";
  EXPECT_LE(map.stored_count(), map.page_count());
}

/// A raw image with pages 1, 2 and `last` of the given bytes; nothing where the file system keeps no holes.
std::optional<std::string> SparseFile(const std::string& ending, Pfn last, std::uint8_t content) {
  const std::string name = ::testing::TempDir() + "poolblame_holes_" + std::to_string(getpid()) + ending;
  std::ofstream out(name, std::ios::binary);
  for (const Pfn pfn : {Pfn{1}, Pfn{2}, last}) {
    out.seekp(static_cast<std::streamoff>(pfn * kPageSize));
    out << std::string(kPageSize, static_cast<char>(content));
  }
  out.close();
  struct stat status {};
  if (stat(name.c_str(), &status) == 0 && status.st_blocks * 512 < status.st_size / 2) return name;
  unlink(name.c_str());
  return std::nullopt;
}

TEST(Holes, OfAFileAreAskedFor) {
  const auto name = SparseFile(".raw", 0x1000, 0x5A);
  if (!name) GTEST_SKIP() << "the file system of the temporary folder keeps no holes";
  const Result<Image> image = Image::Open(*name, {});
  unlink(name->c_str());
  ASSERT_TRUE(image);
  EXPECT_EQ(image->pages().page_count(), 0x1001u);
  EXPECT_LT(image->pages().stored_count(), 0x200u);
  std::vector<Pfn> with_content;
  image->pages().ForEachStoredRun(0, image->pages().stored_count(), [&](const PageRun& run) {
    for (Pfn pfn = run.first; pfn < run.first + run.count; ++pfn)
      if (FirstByte(image->pages(), pfn) == 0x5A) with_content.push_back(pfn);
  });
  EXPECT_THAT(with_content, ElementsAre(1, 2, 0x1000));
}

TEST(Holes, AFileOfZerosIsRefusedHoweverItLies) {
  const auto name = SparseFile(".zero", 0x100000, 0);  // 4 GiB
  if (!name) GTEST_SKIP() << "the file system of the temporary folder keeps no holes";
  const Result<Image> image = Image::Open(*name, {});
  unlink(name->c_str());
  ASSERT_FALSE(image);
  EXPECT_THAT(image.error().what, HasSubstr("zero bytes only"));
}

}  // namespace
}  // namespace poolblame::testing
