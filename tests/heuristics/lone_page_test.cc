// Blame on one page of the segment heap and nothing else: who wrote over the first header lies on a page that is not
// there, and nobody on this one is to be named for it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "heuristics/report.h"
#include "parser/format/segment_heap.h"
#include "parser/image/image.h"
#include "pooltag/tag_database.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kKey = 0x8F3A5C17D2B9E460, kPage = 0xFFFF9A0412340000;
constexpr std::uint32_t kFirst = 0x60;
const std::vector<std::uint16_t> kUnits = {0x13, 0x18, 0x21, 0x1A, 0x16, 0x25, 0x1F, 0x90};

std::vector<std::uint8_t> VsPage() {
  std::vector<std::uint8_t> page(kPageSize, 0);
  std::uint32_t at = kFirst;
  std::uint16_t previous = 0x40;
  for (const std::uint16_t n : kUnits) {
    const std::uint64_t word = EncodeChunk({0, n, previous, 1, 0}, kKey, kPage + at);
    std::memcpy(page.data() + at, &word, 8);
    const std::uint8_t header[8] = {0, 0, static_cast<std::uint8_t>(n - 1), 2, 'P', 'r', 'o', 'c'};
    if (at + 32 <= kPageSize) std::memcpy(page.data() + at + 16, header, 8);
    previous = n;
    at += n * kChunkUnit;
  }
  return page;
}

Report JudgePage(const std::vector<std::uint8_t>& page, std::optional<BugCheckRecord> crash = {}) {
  OpenOptions options;
  options.base = VirtAddr{kPage};
  options.machine = Machine::kX64;
  options.build = 19041;
  const auto image = Image::FromBytes({page.data(), page.size()}, "page", options);
  const AddressSpace space(*image);
  System system = ReadSystem(space);
  if (crash) system.bugcheck = ExplainBugCheck(*crash, Machine::kX64, 19041);
  return Judge(space, system, ScanPool(space, system, {}), TagDatabase::BuiltIn());
}

bool Lacks(const Report& report, std::uint64_t page) {
  return std::any_of(report.not_judged.begin(), report.not_judged.end(),
                     [&](const NotJudged& entry) { return entry.address == VirtAddr{page}; });
}

TEST(LonePageBlame, WhoeverLiesInFrontOfTheFirstHeaderIsNobodyOnThisPage) {
  auto page = VsPage();
  std::memset(page.data() + kFirst, 0x41, 24);
  const Report report = JudgePage(page);
  ASSERT_EQ(report.incidents.size(), 1U);
  EXPECT_EQ(report.incidents[0].damage.start, kPage + kFirst);
  EXPECT_EQ(report.incidents[0].confidence, Confidence::kInsufficient);
  for (const Suspect& suspect : report.incidents[0].suspects)
    EXPECT_FALSE(suspect.kind == FaultKind::kOverrun && suspect.block) << suspect.rank;
  EXPECT_TRUE(Lacks(report, kPage - kPageSize));
}

TEST(LonePageBlame, TheBlockBelowTheSecondHeaderIsOnThisPage) {
  auto page = VsPage();
  const std::uint32_t second = kFirst + kUnits[0] * kChunkUnit;
  std::memset(page.data() + second - 0x60, 0x41, 0x60 + 24);
  const Report report = JudgePage(page);
  ASSERT_EQ(report.incidents.size(), 1U);
  const Suspect& first = report.incidents[0].suspects.front();
  ASSERT_TRUE(first.block);
  EXPECT_EQ(first.block->header, kPage + kFirst);
  EXPECT_EQ(first.kind, FaultKind::kOverrun);
  EXPECT_FALSE(Lacks(report, kPage - kPageSize));
}

TEST(LonePageBlame, AComplaintAboutTheWholePageIsNoneAboutItsFirstBlock) {
  const BugCheckRecord crash{0x13A, {0x12, 0xFFFF9A0400000140, kPage, 0}};
  const Report report = JudgePage(VsPage(), crash);
  EXPECT_TRUE(report.incidents.empty());
  EXPECT_EQ(report.verdict, Verdict::kInconclusive);
}

TEST(LonePageBlame, AHealthyPageLacksNothing) {
  const Report report = JudgePage(VsPage());
  EXPECT_TRUE(report.incidents.empty());
  EXPECT_TRUE(report.not_judged.empty());
}

}  // namespace
}  // namespace poolblame
