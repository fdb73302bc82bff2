#include "heuristics/usage_limits.h"

#include <gtest/gtest.h>

#include "tests/pool/opened_image.h"

namespace poolblame {
namespace {

/// A pool of so many bytes in use, most of them one tag's.
Usage Holding(UsageType type, std::uint64_t bytes) {
  Usage usage;
  UsageRow row;
  row.tag = PoolTag::FromText("Leak");
  row.type = type;
  row.block_bytes = bytes;
  row.blocks = 1;
  usage.rows.push_back(row);
  usage.totals[static_cast<std::size_t>(type)].bytes = bytes;
  return usage;
}

System Windows(Machine machine, std::uint32_t build, std::uint64_t ram) {
  System system;
  system.machine = machine;
  system.build = build;
  system.physical_pages = ram / kPageSize;
  return system;
}

constexpr std::uint64_t kM = std::uint64_t{1} << 20, kG = std::uint64_t{1} << 30;

std::uint64_t LimitOf(const System& system, UsageType type) {
  for (const PoolFill& fill : FillOfPools(Usage{}, system))
    if (fill.type == type) return fill.limit;
  return 0;
}

// Microsoft's table, row by row.
TEST(UsageLimits, AreWhatMicrosoftPublished) {
  const auto x86 = [](std::uint32_t build, UsageType type) { return LimitOf(Windows(Machine::kX86, build, kG), type); };
  const auto x64 = [](std::uint32_t build, UsageType type) {
    return LimitOf(Windows(Machine::kX64, build, 4 * kG), type);
  };
  EXPECT_EQ(x86(2600, UsageType::kNonPaged), 256 * kM);
  EXPECT_EQ(x86(2600, UsageType::kPaged), 490 * kM);
  EXPECT_EQ(x86(3790, UsageType::kPaged), 530 * kM);
  EXPECT_EQ(x86(7601, UsageType::kNonPaged), kG / 100 * 75);
  EXPECT_EQ(x64(6000, UsageType::kNonPaged), 4 * kG / 100 * 40);
  EXPECT_EQ(x64(7601, UsageType::kNonPaged), 4 * kG / 100 * 75);
  EXPECT_EQ(x64(7601, UsageType::kPaged), 128 * kG);
  EXPECT_EQ(x64(9200, UsageType::kPaged), 384 * kG);
  EXPECT_EQ(x64(26100, UsageType::kNonPaged), 4 * kG / 100 * 100);
  EXPECT_EQ(LimitOf(Windows(Machine::kX64, 7601, 512 * kG), UsageType::kNonPaged), 128 * kG);
}

TEST(UsageLimits, WithoutRamOnlyWhatDoesNotDependOnItIsSaid) {
  System system = Windows(Machine::kX64, 7601, kG);
  system.physical_pages.reset();
  const auto fills = FillOfPools(Usage{}, system);
  ASSERT_EQ(fills.size(), 1U);
  EXPECT_EQ(fills[0].type, UsageType::kPaged);
  system.build.reset();
  EXPECT_TRUE(FillOfPools(Usage{}, system).empty());
}

TEST(UsageLimits, ExhaustionIsNamedWithItsLargestTag) {
  const System system = Windows(Machine::kX86, 2600, kG);
  const auto full = FillOfPools(Holding(UsageType::kNonPaged, 205 * kM), system);
  ASSERT_EQ(full.size(), 2U);
  EXPECT_TRUE(full[0].exhausted);
  ASSERT_TRUE(full[0].largest.has_value());
  EXPECT_EQ(full[0].largest->tag.text(), "Leak");
  EXPECT_FALSE(full[1].exhausted);
  EXPECT_FALSE(FillOfPools(Holding(UsageType::kNonPaged, 204 * kM), system)[0].exhausted);
}

TEST(ExpectedLimit, IsReadWithItsUnits) {
  const auto limit = ParseExpectedLimit("nonpaged=300M:2g");
  ASSERT_TRUE(limit.has_value());
  EXPECT_EQ(limit->type, UsageType::kNonPaged);
  EXPECT_EQ(limit->warning, 300 * kM);
  EXPECT_EQ(limit->critical, 2 * kG);
  EXPECT_EQ(limit->StateOf(300 * kM - 1), LimitState::kOk);
  EXPECT_EQ(limit->StateOf(300 * kM), LimitState::kWarning);
  EXPECT_EQ(limit->StateOf(2 * kG), LimitState::kCritical);
  EXPECT_EQ(ParseExpectedLimit("paged=12")->StateOf(~std::uint64_t{0}), LimitState::kWarning);
}

TEST(ExpectedLimit, AnythingElseIsNone) {
  for (const char* text : {"", "nonpaged", "nonpaged=", "pagd=1M", "paged=1M:", "paged=2M:1M", "paged=1X", "paged=M",
                           "paged=-1", "paged=99999999999999999999", "paged=99999999T", "paged=1M:2M:3M"})
    EXPECT_FALSE(ParseExpectedLimit(text).has_value()) << text;
}

Usage Count(const std::string& recipe) {
  const auto opened = test::FromRecipe(recipe);
  const AddressSpace space(*opened.image);
  const System system = ReadSystem(space);
  EXPECT_TRUE(system.physical_pages.has_value());
  return CountUsage(space, system, ScanPool(space, system, {}), TagDatabase::BuiltIn());
}

// Tags of every fifth model stay in executable pool in the builder's Windows 8 and later.
TEST(ExecutableNonPagedPool, IsWhatThePageTablesDoNotDeny) {
  for (const char* windows : {"windows=9600 machine=x64", "windows=9600 machine=x86", "windows=22621 machine=x64"}) {
    const Usage usage = Count(std::string(windows) + " fault=none nx=yes pages=400 seed=3");
    EXPECT_TRUE(usage.executable.known) << windows;
    std::uint64_t bytes = 0, others = 0;
    for (const UsageRow& row : usage.rows) {
      bytes += row.executable_bytes;
      others += row.type == UsageType::kNonPaged && row.executable_bytes == 0 ? 1 : 0;
      EXPECT_TRUE(row.type == UsageType::kNonPaged || row.executable_bytes == 0);
    }
    EXPECT_EQ(bytes, usage.executable.bytes);
    EXPECT_GT(bytes, 0U);
    EXPECT_GT(others, 20U);
  }
}

TEST(ExecutableNonPagedPool, SaysNothingWherePageTablesDenyNothing) {
  EXPECT_FALSE(Count("windows=7601 machine=x64 fault=none pages=200 seed=3").executable.known);
}

}  // namespace
}  // namespace poolblame
