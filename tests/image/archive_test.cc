// Archives with one dump inside, and those where it is not clear which file is meant.
#include <gmock/gmock.h>

#include <random>

#include "parser/image/seven_zip_memory.h"
#include "tests/image/archive_builder.h"
#include "tests/image/open.h"
#include "tests/image/range_builder.h"

namespace poolblame::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

using ArchiveFileBytes = std::vector<std::uint8_t>;

ArchiveFileBytes SmallDump(std::uint8_t value = 0x42) {
  PhysicalMemory memory = PhysicalMemory().Add(1, value).Add(2, 0x43);
  PageTables(memory, TableKind::kX64, 3).MapSelf();
  return FullDump64(memory, RunsOf(memory), {.table_base = 0x3000}).vector();
}

ArchiveFileBytes Text(const std::string& words) { return {words.begin(), words.end()}; }

struct Packed {
  const char* word;  // of the report
  ArchiveFileBytes bytes;
};

std::vector<Packed> PackedBy(const std::vector<TestFile>& files) {
  return {{"zip", ArchiveOf("zip", files)},
          {"7z", ArchiveOf("7zip", files)},
          {"cab", CabinetOf(files)},
          {"tar", ArchiveOf("ustar", files)},
          {"gzip/tar", ArchiveOf("ustar", files, "gzip")},
          {"bzip2/tar", ArchiveOf("ustar", files, "bzip2")},
          {"xz/tar", ArchiveOf("ustar", files, "xz")},
          {"zstd/tar", ArchiveOf("ustar", files, "zstd")}};
}

TEST(Archive, OneDumpInsideOpensAsTheDump) {
  const OpenedImage plain = Open(SmallDump());
  for (const Packed& packed : PackedBy({{"MEMORY.DMP", SmallDump()}})) {
    const OpenedImage opened = Open(packed.bytes);
    const ImageFacts& facts = opened.image.facts();
    EXPECT_EQ(facts.container, "pagedu64-full");
    EXPECT_EQ(facts.compression, packed.word);
    EXPECT_EQ(facts.member, "MEMORY.DMP");
    EXPECT_EQ(facts.size, packed.bytes.size());
    EXPECT_FALSE(facts.truncated) << packed.word;
    EXPECT_EQ(facts.notes, plain.image.facts().notes) << packed.word;
    EXPECT_EQ(FirstByte(opened.image.pages(), 1), 0x42);
    EXPECT_EQ(FirstByte(opened.image.pages(), 2), 0x43);
  }
}

TEST(Archive, AZipFileOfStoredBytes) {
  // The local header, the central directory and its end as APPNOTE has them, typed by hand; the page holds 0x42 only.
  Bytes file;
  file.Text(0, "PK\x03\x04")
      .U32(4, 20)
      .U32(0x0E, 0x23991E58)
      .U32(0x12, 4096)
      .U32(0x16, 4096)
      .U32(0x1A, 1)
      .Text(30, "a");
  file.Resize(31 + 4096);
  for (std::uint64_t at = 31; at < 31 + 4096; ++at) file.U8(at, 0x42);
  const std::uint64_t list = file.size();
  file.Text(list, "PK\x01\x02").U32(list + 4, 20 << 16 | 20).U32(list + 0x10, 0x23991E58).U32(list + 0x14, 4096);
  file.U32(list + 0x18, 4096).U32(list + 0x1C, 1).Resize(list + 46).Text(list + 46, "a");
  const std::uint64_t end = file.size();
  file.Text(end, "PK\x05\x06").U32(end + 8, 1 << 16 | 1).U32(end + 12, end - list).U32(end + 16, list).Resize(end + 22);
  const OpenedImage opened = Open(file);
  EXPECT_EQ(opened.image.facts().container, "raw");
  EXPECT_EQ(opened.image.facts().member, "a");
  EXPECT_FALSE(opened.image.facts().truncated) << opened.image.facts().notes.front();
  EXPECT_EQ(FirstByte(opened.image.pages(), 0), 0x42);
}

TEST(Archive, WhatIsBesideTheDumpDoesNotMatter) {
  const std::vector<TestFile> files = {{"logs/readme.txt", Text("hello")},
                                       {"logs/empty.dmp", {}},
                                       {"__MACOSX/._MEMORY.DMP", Text(std::string("\0\x05\x16\x07", 4) + "resource")},
                                       {"MEMORY.DMP", SmallDump()},
                                       {"msinfo32.nfo", Text("<xml>")}};
  for (const Packed& packed : PackedBy(files)) {
    const OpenedImage opened = Open(packed.bytes);
    EXPECT_EQ(opened.image.facts().member, "MEMORY.DMP") << packed.word;
    EXPECT_EQ(FirstByte(opened.image.pages(), 1), 0x42) << packed.word;
  }
}

TEST(Archive, TheOnlyFileIsTakenWhateverItsName) {
  const OpenedImage opened =
      Open(ArchiveOf("zip", {{"folder/", {}}, {"folder/evidence", ArchiveFileBytes(8192, 0x55)}}));
  EXPECT_EQ(opened.image.facts().container, "raw");
  EXPECT_EQ(opened.image.facts().member, "folder/evidence");
}

TEST(Archive, BareMemoryIsToldByItsName) {
  const OpenedImage opened = Open(ArchiveOf(
      "7zip", {{"a.txt", Text("words")}, {"machine.VMEM", ArchiveFileBytes(8192, 0x55)}, {"b", Text("more")}}));
  EXPECT_EQ(opened.image.facts().member, "machine.VMEM");
}

TEST(Archive, SeveralImagesAreNotGuessedAt) {
  for (const Packed& packed : PackedBy({{"a.dmp", SmallDump(1)}, {"notes.txt", Text("words")}, {"b", SmallDump(2)}})) {
    const Error error = ErrorOf(packed.bytes);
    EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
    EXPECT_THAT(error.what, HasSubstr(" archive with 2 files that look like memory images (a.dmp, b): unpack it"))
        << packed.word;
  }
  std::vector<TestFile> many;
  for (const char* name : {"1.raw", "2.raw", "3.raw", "4.raw", "5.raw"})
    many.push_back({name, ArchiveFileBytes(8192, 0x55)});
  EXPECT_EQ(ErrorOf(ArchiveOf("zip", many)).what,
            "ZIP archive with 5 files that look like memory images (1.raw, 2.raw, 3.raw, 4.raw, …): unpack it and give "
            "the one that you mean");
}

TEST(Archive, NoImageInside) {
  EXPECT_EQ(ErrorOf(ArchiveOf("zip", {{"a.txt", Text("one")}, {"b.txt", Text("two")}})).what,
            "ZIP archive with 2 files and none that looks like a memory image (a.txt, b.txt): unpack it and give the "
            "one that you mean");
  for (const Packed& packed : PackedBy({{"folder/", {}}})) {
    if (std::string(packed.word) == "cab") continue;  // has no folders
    EXPECT_THAT(ErrorOf(packed.bytes).what, HasSubstr(" archive without a file in it: give the dump")) << packed.word;
  }
  // An end of the central directory and nothing else: what `zip` leaves of an archive whose last file was deleted.
  EXPECT_THAT(ErrorOf(Bytes().Text(0, "PK\x05\x06").Resize(22).vector()).what,
              StartsWith("ZIP archive without a file in it"));
}

TEST(Archive, EncryptedFilesAreRefusedByName) {
  const Error error = ErrorOf(ArchiveOf("zip", {{"MEMORY.DMP", SmallDump()}}, "none", "secret"));
  EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
  EXPECT_EQ(error.what, "encrypted ZIP archive: unpack it first with its password");
}

TEST(Archive, LayersComeOff) {
  const ArchiveFileBytes zip = ArchiveOf("zip", {{"MEMORY.DMP", SmallDump()}});
  const ArchiveFileBytes twice = ArchiveOf("7zip", {{"mail.zip", zip}, {"mail.txt", Text("see the archive")}});
  EXPECT_EQ(ErrorOf(twice).what.find("7-Zip archive with 2 files and none"), 0u) << "which one it is, nobody said";
  const OpenedImage opened = Open(ArchiveOf("7zip", {{"mail.zip", zip}}));
  EXPECT_EQ(opened.image.facts().compression, "7z/zip");
  EXPECT_EQ(opened.image.facts().member, "MEMORY.DMP");
  ArchiveFileBytes deep = SmallDump();
  for (int i = 0; i < 3; ++i) deep = ArchiveOf("zip", {{"a", deep}});
  EXPECT_EQ(Open(deep).image.facts().compression, "zip/zip/zip");
  EXPECT_EQ(ErrorOf(ArchiveOf("zip", {{"a", deep}})).what,
            "file packed more than 3 times over (zip/zip/zip/zip): unpack it first");
}

TEST(Archive, ACutArchiveGivesWhatCameOut) {
  ArchiveFileBytes dump = SmallDump();
  std::minstd_rand random(1);  // bytes that cannot be packed, so that there are pieces to cut between
  for (int i = 0; i < 0x30000; ++i) dump.push_back(static_cast<std::uint8_t>(random() >> 8));
  for (const Packed& packed : PackedBy({{"MEMORY.DMP", dump}})) {
    bool partly = false;
    for (std::size_t length = 0; length < packed.bytes.size(); length += 7919) {
      const Result<Image> image = TryOpen({packed.bytes.begin(), packed.bytes.begin() + std::ptrdiff_t(length)});
      if (!image) continue;
      // A list of files at the end is not needed where each file has its own header, too.
      const bool whole = image->bytes().size() == dump.size();
      ASSERT_TRUE(whole || image->facts().truncated) << packed.word << " " << length;
      partly |= !whole;
    }
    const bool all_or_nothing = std::string(packed.word) == "7z" || std::string(packed.word) == "bzip2/tar";
    EXPECT_NE(partly, all_or_nothing) << packed.word << ": a list of files at the end; blocks of 900 KB";
  }
}

TEST(Archive, ABombEndsAtTheLimit) {
  OpenOptions options;
  options.max_decompressed_bytes = 1 << 20;
  for (const Packed& packed : PackedBy({{"memory.raw", ArchiveFileBytes(4 << 20, 0x11)}})) {
    const Result<Image> image = TryOpen(packed.bytes, options);
    ASSERT_TRUE(image) << packed.word;
    EXPECT_EQ(image->bytes().size(), 1u << 20) << packed.word;
    EXPECT_TRUE(image->facts().truncated);
    EXPECT_THAT(image->facts().notes.back(), StartsWith("unpacking stopped at the limit of 1048576 bytes"));
  }
}

TEST(Archive, GarbageBehindAMagicIsRefused) {
  for (const std::string& magic : {std::string("PK\x03\x04", 4), std::string("7z\xBC\xAF\x27\x1C"),
                                   std::string("MSCF\0\0\0\0", 8), std::string(257, 'a') + "ustar"}) {
    const Error error = ErrorOf(Bytes().Text(0, magic).Resize(0x3000).vector());
    EXPECT_THAT(error.what, HasSubstr(" archive")) << magic;
  }
}

/// A 7-Zip archive that is nothing but a header which is not packed: one folder with this one coder.
std::vector<std::uint8_t> SevenZipWithCoder(const std::vector<std::uint8_t>& coder) {
  std::vector<std::uint8_t> header = {0x01, 0x04, 0x06, 0x00, 0x01, 0x09, 0x05, 0x00, 0x07, 0x0B, 0x01, 0x00, 0x01};
  header.insert(header.end(), coder.begin(), coder.end());
  header.insert(header.end(), {0x0C, 0x05, 0x00, 0x00, 0x00});
  Bytes file;
  file.Text(0, "7z\xBC\xAF\x27\x1C").U32(0x08, 0).U64(0x0C, 0).U64(0x14, header.size()).U32(0x1C, 0);
  return file.Append(header.data(), header.size()).vector();
}

TEST(SevenZipMemory, IsWhatTheCodersAskFor) {
  const struct {
    std::vector<std::uint8_t> coder;
    std::uint64_t bytes;
  } cases[] = {
      {{0x21, 0x21, 0x01, 0x18}, std::uint64_t{1} << 24},                          // LZMA2, code 24
      {{0x21, 0x21, 0x01, 0x28}, std::uint64_t{1} << 32},                          // and 40
      {{0x23, 0x03, 0x01, 0x01, 0x05, 0x5D, 0xFF, 0xFF, 0xFF, 0x7F}, 0x7FFFFFFF},  // LZMA
      {{0x23, 0x03, 0x04, 0x01, 0x05, 0x06, 0x00, 0x00, 0x00, 0x40}, 0x40000000},  // PPMd
      {{0x01, 0x00}, 0},                                                           // stored
  };
  for (const auto& test : cases) {
    const std::vector<std::uint8_t> file = SevenZipWithCoder(test.coder);
    EXPECT_EQ(LargestDictionary({file.data(), file.size()}).value(), test.bytes);
    for (std::size_t length = 0; length < file.size(); ++length) (void)LargestDictionary({file.data(), length});
  }
}

TEST(SevenZipMemory, OfAPackedHeaderIsFound) {
  const std::vector<std::uint8_t> file = ArchiveOf("7zip", {{"MEMORY.DMP", ArchiveFileBytes(0x8000, 0x55)}});
  const std::uint64_t bytes = LargestDictionary({file.data(), file.size()}).value();
  EXPECT_GT(bytes, 0U);
  EXPECT_LE(bytes, kMostDictionary);
}

TEST(Archive, ZipThatMayTakeAnyAmountOfMemoryIsRefused) {
  // A local header of method 14 (LZMA) whose data asks for a dictionary of 4 GiB.
  Bytes file;
  file.Text(0, {"PK\x03\x04", 4}).U32(0x04, 0x0002003F).U32(0x08, 14).U32(0x12, 64).U32(0x16, 64).U32(0x1A, 10);
  file.Text(0x1E, "MEMORY.DMP").U32(0x28, 0x00051409).U8(0x2C, 0x5D).U32(0x2D, 0xFFFFFFFF).Resize(0x28 + 64);
  const Error error = ErrorOf(file.vector());
  EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
  EXPECT_THAT(error.what, StartsWith("ZIP archive packed with LZMA or xz, which may ask for any amount of memory"));
}

TEST(Archive, SevenZipThatWantsTooMuchMemoryIsRefusedWithBothNumbers) {
  const Error error = ErrorOf(SevenZipWithCoder({0x21, 0x21, 0x01, 0x28}));
  EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
  EXPECT_EQ(error.what,
            "7-Zip archive that needs 4096 MiB of memory, at most 256 MiB are given to it: unpack it first");
}

}  // namespace
}  // namespace poolblame::testing
