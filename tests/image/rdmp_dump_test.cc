// Dumps of types 8, 9 and 10, offsets typed by hand.
#include <gmock/gmock.h>

#include "parser/image/address_space.h"
#include "tests/image/open.h"
#include "tests/image/range_builder.h"

namespace poolblame::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

PhysicalMemory RdmpMemory() {
  PhysicalMemory memory;
  PageTables(memory, TableKind::kX64, 1).MapSelf().Map(0xFFFFFA8001234000, 0x107);
  return memory.Add(0x107, 0xAA);
}

/// The list is padded to 0x10 bytes more than it needs: its end is page frame 0.
Bytes RdmpDump(std::uint32_t type, const PhysicalMemory& memory) {
  const std::vector<TestRun> runs = RunsOf(memory);
  Bytes file = Header64({.type = type, .table_base = 0x1000});
  const std::uint64_t first_page = 0x2030 + (runs.size() + 1) * 16;
  file.U32(0x2000, 0x40)
      .Text(0x2004, "RDMPDUMP")
      .U32(0x200C, 0)
      .U64(0x2010, first_page - 0x2020)
      .U64(0x2018, first_page);
  if (type == 10)
    file.U32(0x2020, runs.size()).U32(0x2024, 0).U64(0x2028, memory.pages().size());
  else
    file.U64(0x2020, 0x1111).U64(0x2028, 0x2222);
  for (std::size_t i = 0; i < runs.size(); ++i)
    file.U64(0x2030 + i * 16, runs[i].first).U64(0x2038 + i * 16, runs[i].count);
  file.Resize(first_page);
  for (const TestRun& run : runs) {
    const std::vector<std::uint8_t> pages = PagesOf(memory, run);
    file.Append(pages.data(), pages.size());
  }
  return file;
}

TEST(Rdmp, RangesAreMemory) {
  for (const std::uint32_t type : {8, 9, 10}) {
    const OpenedImage opened = Open(RdmpDump(type, RdmpMemory()));
    const ImageFacts& facts = opened.image.facts();
    EXPECT_EQ(facts.container, "pagedu64-rdmp");
    EXPECT_FALSE(facts.truncated);
    EXPECT_THAT(facts.notes, ElementsAre(StartsWith("the layout of this dump (RDMP) is known from one source only")));
    EXPECT_EQ(opened.image.pages().page_count(), RdmpMemory().pages().size());
    EXPECT_EQ(AddressSpace(opened.image).Page(VirtAddr{0xFFFFFA8001234000}).bytes[0], 0xAA);
  }
}

TEST(Rdmp, ACutDumpIsReadAsFarAsItGoes) {
  const Bytes file = RdmpDump(10, RdmpMemory());
  const OpenedImage opened = Open(Bytes(file).Resize(file.size() - 1));
  EXPECT_TRUE(opened.image.facts().truncated);
  EXPECT_EQ(opened.image.pages().page_count(), RdmpMemory().pages().size() - 1);
}

TEST(Rdmp, CountsThatDisagreeAreNoted) {
  const OpenedImage more = Open(RdmpDump(10, RdmpMemory()).U64(0x2028, 1000));
  EXPECT_THAT(more.image.facts().notes.back(), StartsWith("the block counts 1000 pages, its ranges have "));
  const OpenedImage beyond = Open(RdmpDump(8, RdmpMemory()).U64(0x2030, std::uint64_t{1} << 40));
  EXPECT_THAT(beyond.image.facts().notes.back(), HasSubstr("page range 0 at 0x2030 cannot be"));
}

TEST(Rdmp, WhatIsNotAsKnownIsRefused) {
  const Bytes file = RdmpDump(9, RdmpMemory());
  const std::pair<std::uint64_t, std::uint64_t> edits[] = {{0x2000, 0x41}, {0x2004, 0},      {0x2008, 0},
                                                           {0x2010, 0x11}, {0x2018, 0x2030}, {0x2018, 0}};
  for (const auto& [offset, value] : edits) {
    const Error error = ErrorOf(Bytes(file).U32(offset, value).vector());
    EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
    EXPECT_THAT(error.what, StartsWith("crash dump of the new dbgeng layout (RDMP) whose block is not as known: take"));
  }
  EXPECT_THAT(ErrorOf(Header32({8}).Resize(0x4000).vector()).what, HasSubstr("of a 32-bit machine"));
  EXPECT_EQ(ErrorOf(Header64({9}).vector()).what, "RDMP block");
}

}  // namespace
}  // namespace poolblame::testing
