// A block that Driver Verifier tracks: the report shows who allocated it, if the record is this block's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/heuristics/pages_of_verifier.h"
#include "tests/pool/page_builder.h"

namespace poolblame::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint32_t kCulprit = 0x100, kCulpritSize = 0x80, kRecord = 0x40;  // kRecord: in another block's data
constexpr std::uint8_t kTracked = 0x42;

/// A page whose tracked block overran its neighbour; the record says that `address` is its block.
Report Judged(std::uint64_t address, std::uint64_t bytes) {
  test::PageBuilder page("nt6-x64");
  page.BusyType(kTracked).Block("Root", kCulprit).Block("Culp", kCulpritSize).Block("Vict", 0x90).FillToEnd("Rest");
  page.Write(kCulprit + kCulpritSize - 8, Word(kBase + kRecord));
  page.Write(kRecord, Word(address)).Write(kRecord + 8, Word(kDriver + 0x444)).Write(kRecord + 0x10, Word(bytes));
  page.Write(kRecord + 0x18, {'C', 'u', 'l', 'p', 0, 0, 0, 0});
  page.Fill(kCulprit + kCulpritSize, 12, 0x41);
  return JudgePages(page.view(), {Caller()});
}

std::vector<std::string> TextsOf(const Report& report, const char* tag) {
  std::vector<std::string> texts;
  for (const Incident& incident : report.incidents)
    for (const Suspect& suspect : incident.suspects)
      if (suspect.block && suspect.block->tag.text() == tag)
        for (const Evidence& evidence : suspect.evidence) texts.push_back(evidence.text);
  return texts;
}

TEST(VerifierRecord, NamesTheCodeThatAllocatedTheSuspect) {
  const Report report = Judged(kBase + kCulprit + 16, 0x60);
  EXPECT_THAT(TextsOf(report, "Culp"),
              Contains("Driver Verifier's record of this block: 96 bytes allocated by the code at caller.sys+0x444"));
}

TEST(VerifierRecord, OfAnotherBlockOrSizeSaysNothing) {
  for (const Report& report : {Judged(kBase + kCulprit, 0x60), Judged(kBase + kCulprit + 16, 0x1000)}) {
    ASSERT_FALSE(report.incidents.empty());
    EXPECT_THAT(TextsOf(report, "Culp"), Not(Contains(HasSubstr("Driver Verifier"))));
  }
}

/// The same overrun, the culprit in the log of a kernel that lies behind the page, and the log behind the kernel.
Report JudgedWithLog(std::uint64_t logged) {
  test::PageBuilder page("nt6-x64");
  page.Block("Root", kCulprit).Block("Culp", kCulpritSize).Block("Vict", 0x90).FillToEnd("Rest");
  page.Fill(kCulprit + kCulpritSize, 12, 0x41);
  std::vector<std::uint8_t> bytes(page.data(), page.data() + kPageSize);
  bytes.resize(3 * kPageSize);
  const auto put = [&](std::size_t at, std::uint64_t value) {
    std::ranges::copy(Word(value), bytes.begin() + static_cast<std::ptrdiff_t>(at));
  };
  put(kPageSize + 0x10, kBase + 2 * kPageSize);
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t at = 2 * kPageSize + i * 0x80;
    put(at, i == 2 ? logged : kBase + 0x800000 + i * 0x100);
    put(at + 8, 0x60);
    put(at + 0x10, kBase + 0x900080);
    put(at + 0x18, kDriver + 0x555);
  }
  return JudgePages({bytes.data(), bytes.size()},
                    {{"ntoskrnl.exe", "", VirtAddr{kBase + kPageSize}, kPageSize, 0, false}, Caller()});
}

TEST(VerifierRecord, TheLogOfPoolCallsNamesTheCodeThatCalledForTheSuspect) {
  EXPECT_THAT(TextsOf(JudgedWithLog(kBase + kCulprit + 16), "Culp"),
              Contains("Driver Verifier's log of pool calls: this address with 96 bytes, allocated or freed on thread "
                       "0xfffffa8001900080 by the code at caller.sys+0x555"));
  EXPECT_THAT(TextsOf(JudgedWithLog(kBase + kCulprit), "Culp"), Not(Contains(HasSubstr("log of pool calls"))));
}

}  // namespace
}  // namespace poolblame::testing
