// LiME images: ranges as they are written, and ranges as no tool should write them.
#include <gmock/gmock.h>

#include "parser/image/address_space.h"
#include "tests/image/open.h"
#include "tests/image/range_builder.h"

namespace poolblame::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::uint64_t kLimeKernel = 0xFFFFFA8001234000;
constexpr const char* kLimeWithoutTables =
    "no page tables were found that map themselves or that the System process names: finds have physical addresses "
    "only, and the machine is not known";

std::vector<std::uint8_t> RangeOf(std::size_t size, std::uint8_t value) {
  return std::vector<std::uint8_t>(size, value);
}

TEST(Lime, ARangeIsMemoryBehindItsHeader) {
  // The header as AVML's own test has it, 0x1000 to 0x20000 inclusive: a last byte of a page that is not there.
  const std::uint8_t header[] = {0x45, 0x4D, 0x69, 0x4C, 1, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0,
                                 0,    0,    2,    0,    0, 0, 0, 0, 0, 0,    0, 0, 0, 0, 0, 0};
  const std::vector<std::uint8_t> content = RangeOf(0x1F001, 0x42);
  const OpenedImage opened = Open(Bytes().Append(header, 32).Append(content.data(), content.size()));
  const ImageFacts& facts = opened.image.facts();
  EXPECT_EQ(facts.container, "lime");
  EXPECT_EQ(facts.machine, Machine::kUnknown);
  EXPECT_FALSE(facts.truncated);
  EXPECT_EQ(facts.pages_promised, 0x1Fu);
  EXPECT_EQ(opened.image.pages().page_count(), 0x1Fu);
  EXPECT_EQ(FirstByte(opened.image.pages(), 0), -1);
  EXPECT_EQ(FirstByte(opened.image.pages(), 1), 0x42);
  EXPECT_EQ(FirstByte(opened.image.pages(), 0x1F), 0x42);
  EXPECT_EQ(FirstByte(opened.image.pages(), 0x20), -1);
  EXPECT_THAT(facts.notes, ElementsAre("1 bytes at the ends of memory ranges make no whole page and are left out",
                                       kLimeWithoutTables));
}

TEST(Lime, PageTablesAreFoundAndUsed) {
  PhysicalMemory memory;
  PageTables tables(memory, TableKind::kX64, 1);
  tables.MapSelf().Map(kLimeKernel, 0x200007);
  memory.Add(0x200007, 0xAA);  // behind a hole of 8 GiB, which costs nothing here
  const OpenedImage opened = Open(LimeImage(memory, RunsOf(memory)));
  const ImageFacts& facts = opened.image.facts();
  EXPECT_EQ(facts.machine, Machine::kX64);
  ASSERT_TRUE(facts.directory_table_base);
  EXPECT_EQ(facts.directory_table_base->value, 0x1000u);
  EXPECT_THAT(facts.notes, IsEmpty());
  const AddressSpace space(opened.image);
  ASSERT_EQ(space.Page(VirtAddr{kLimeKernel}).presence, Presence::kPresent);
  EXPECT_EQ(space.Page(VirtAddr{kLimeKernel}).bytes[0], 0xAA);
}

TEST(Lime, OptionsSayWhatTheFileDoesNot) {
  OpenOptions options;
  options.machine = Machine::kX86;
  options.build = 2600;
  const PhysicalMemory memory = PhysicalMemory().Add(3, 1);
  const OpenedImage opened = Open(LimeImage(memory, RunsOf(memory)), options);
  EXPECT_EQ(opened.image.facts().machine, Machine::kX86);
  EXPECT_EQ(opened.image.facts().build, 2600u);
}

TEST(Lime, RangesThatStartInsideAPageGiveTheirWholePages) {
  Bytes file;
  AppendLimeRange(file, 0x1C00, RangeOf(0x400, 1));   // not one
  AppendLimeRange(file, 0x2FFF, RangeOf(0x2001, 2));  // two, behind one byte
  AppendLimeRange(file, 0x5000, RangeOf(0xFFF, 3));   // almost one
  const OpenedImage opened = Open(file);
  EXPECT_EQ(opened.image.pages().page_count(), 2u);
  EXPECT_EQ(FirstByte(opened.image.pages(), 3), 2);
  EXPECT_EQ(FirstByte(opened.image.pages(), 4), 2);
  EXPECT_FALSE(opened.image.facts().truncated);
  EXPECT_EQ(opened.image.facts().notes.front(),
            "5120 bytes at the ends of memory ranges make no whole page and are left out");
}

TEST(Lime, OfOverlappingRangesTheFirstWins) {
  Bytes file;
  AppendLimeRange(file, 0x2000, RangeOf(0x2000, 1));
  AppendLimeRange(file, 0x1000, RangeOf(0x3000, 2));
  const OpenedImage opened = Open(file);
  EXPECT_EQ(FirstByte(opened.image.pages(), 1), 2);
  EXPECT_EQ(FirstByte(opened.image.pages(), 2), 1);
  EXPECT_EQ(FirstByte(opened.image.pages(), 3), 1);
  EXPECT_EQ(opened.image.facts().notes.front(),
            "page runs overlap: 5 pages are stored for 3 places; the first of each is used");
}

TEST(Lime, ACutRangeIsReadAsFarAsItGoes) {
  Bytes file;
  AppendLimeRange(file, 0x1000, RangeOf(0x2000, 1));
  AppendLimeRange(file, 0x8000, RangeOf(0x4000, 2));
  const OpenedImage opened = Open(file.Resize(file.size() - 0x1001));
  EXPECT_TRUE(opened.image.facts().truncated);
  EXPECT_EQ(opened.image.pages().page_count(), 4u);
  EXPECT_EQ(opened.image.facts().notes.front(),
            "the file ends before 1 of its 2 memory ranges do: they promise 6 pages, the file holds 4");
}

TEST(Lime, WhatIsNoRangeHeaderEndsTheReading) {
  const struct {
    std::uint64_t offset, value;
    const char* note;
  } cases[] = {
      {0x00, 0x12345678, "memory range 1 at 0x1020 is no range header: nothing behind it is read"},
      {0x04, 2, "memory range 1 at 0x1020 has version 2, 1 is known: nothing behind it is read"},
      {0x10, 0x7000, "memory range 1 at 0x1020 goes from 0x8000 to 0x7000: nothing behind it is read"},
  };
  for (const auto& test : cases) {
    Bytes file;
    AppendLimeRange(file, 0x1000, RangeOf(0x1000, 1));
    AppendLimeRange(file, 0x8000, RangeOf(0x1000, 2));
    const OpenedImage opened = Open(file.U32(0x1020 + test.offset, test.value));
    EXPECT_EQ(opened.image.pages().page_count(), 1u);
    EXPECT_TRUE(opened.image.facts().truncated);
    EXPECT_EQ(opened.image.facts().notes.front(), test.note);
  }
}

TEST(Lime, ZerosBehindTheLastRangeAreFiller) {
  Bytes file;
  AppendLimeRange(file, 0x1000, RangeOf(0x1000, 1));
  for (const std::uint64_t zeros : {1, 32, 4096}) {
    const OpenedImage opened = Open(Bytes(file).Resize(file.size() + zeros));
    EXPECT_FALSE(opened.image.facts().truncated) << zeros;
    EXPECT_THAT(opened.image.facts().notes, ElementsAre(kLimeWithoutTables));
  }
}

TEST(Lime, AddressesAtTheEndOfEverythingAreCut) {
  Bytes file;
  AppendLimeRange(file, 0, RangeOf(0x1000, 1));
  const OpenedImage whole = Open(Bytes(file).U64(0x10, 0xFFFFFFFFFFFFFFFE));
  EXPECT_EQ(whole.image.pages().page_count(), 1u);
  EXPECT_TRUE(whole.image.facts().truncated);
  EXPECT_EQ(whole.image.facts().notes.front(),
            "the file ends before 1 of its 1 memory ranges do: they promise 1099511627776 pages, the file holds 1");
  const OpenedImage top = Open(Bytes(file).U64(0x08, 0xFFFFFFFFFFFFF001).U64(0x10, 0xFFFFFFFFFFFFFFFF));
  EXPECT_TRUE(top.image.pages().empty());
  const Error all = ErrorOf(Bytes(file).U64(0x10, 0xFFFFFFFFFFFFFFFF).vector());
  EXPECT_THAT(all.what, HasSubstr("goes from 0x0 to 0xffffffffffffffff"));
}

TEST(Lime, AFirstHeaderThatCannotBeIsRefused) {
  const Error cut = ErrorOf(Bytes().Text(0, "EMiL").Resize(31).vector());
  EXPECT_EQ(cut.kind, ErrorKind::kTruncated);
  EXPECT_EQ(cut.what, "LiME range header");
  const Error version = ErrorOf(Bytes().Text(0, "EMiL").U32(4, 3).Resize(0x2000).vector());
  EXPECT_EQ(version.kind, ErrorKind::kUnsupported);
  EXPECT_THAT(version.what, StartsWith("LiME memory image whose first range has version 3"));
}

TEST(Lime, ABaseDoesNotFit) {
  OpenOptions options;
  options.base = VirtAddr{kLimeKernel};
  Bytes file;
  AppendLimeRange(file, 0x1000, RangeOf(0x1000, 1));
  EXPECT_EQ(ErrorOf(file.vector(), options).what, "--base is for bare pool pages, and this is a LiME memory image");
}

}  // namespace
}  // namespace poolblame::testing
