// The table of big allocations, found without symbols; and what it settles about pages.
#include "parser/pool/big_page_table.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/pool/opened_image.h"

namespace poolblame {
namespace {

using test::FromRecipe;
using test::Opened;
using test::Scan;

std::vector<BigAllocation> TableOf(const Opened& opened) {
  const AddressSpace space(*opened.image);
  return ReadBigPageTable(space, ReadSystem(space)).live;
}

class BigPageTable : public ::testing::TestWithParam<const char*> {};

TEST_P(BigPageTable, HasTheAllocationThatTheTruthNames) {
  const Opened opened =
      FromRecipe(std::string(GetParam()) + " container=full fault=big-overrun bytes=24 pages=200 activity=400 seed=3");
  ASSERT_TRUE(opened.image.has_value());
  const std::vector<BigAllocation> table = TableOf(opened);
  ASSERT_FALSE(table.empty());
  const BigAllocation* big = FindBigAllocation(table, VirtAddr{opened.truth.culprit_header});
  ASSERT_NE(big, nullptr);
  EXPECT_EQ(big->address.value, opened.truth.culprit_header);
  EXPECT_EQ(big->tag.name().text(), opened.truth.culprit_tag);
  EXPECT_EQ((big->address.value + big->bytes + kPageSize - 1) / kPageSize * kPageSize, opened.truth.victim_header);
  for (std::size_t i = 1; i < table.size(); ++i) EXPECT_LT(table[i - 1].address, table[i].address);
}

INSTANTIATE_TEST_SUITE_P(Windows, BigPageTable,
                         ::testing::Values("windows=2600 machine=x86", "windows=3790 machine=x86",
                                           "windows=3790 machine=x64", "windows=6002 machine=x86",
                                           "windows=7601 machine=x64", "windows=9600 machine=x86",
                                           "windows=17134 machine=x64"),
                         [](const auto& windows) {
                           std::string name = windows.param;
                           std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
                           return name;
                         });

TEST(BigPageTableAbsent, ATriageDumpHasNone) {
  EXPECT_TRUE(TableOf(FromRecipe("windows=7601 machine=x64 container=triage fault=overrun bytes=8 seed=4")).empty());
}

TEST(BigPageTableAbsent, BarePagesHaveNone) {
  const Opened opened = FromRecipe("windows=7601 machine=x64 container=full fault=none pages=120 activity=100 seed=5");
  const AddressSpace space(*opened.image);
  System system = ReadSystem(space);
  ASSERT_TRUE(system.pool_track_table.has_value());
  system.pool_track_table.reset();
  EXPECT_TRUE(ReadBigPageTable(space, system).live.empty());
}

TEST(BigPageTableAbsent, AVariableAtTheEdgeOfTheAddressSpaceLeadsNowhere) {
  const Opened opened = FromRecipe("windows=7601 machine=x64 container=full fault=none pages=120 activity=100 seed=5");
  const AddressSpace space(*opened.image);
  System system = ReadSystem(space);
  for (const std::uint64_t at : {space.kernel_base().value, ~std::uint64_t{0}, ~std::uint64_t{0} - 0x1FFF}) {
    system.pool_track_table = VirtAddr{at};
    EXPECT_TRUE(ReadBigPageTable(space, system).live.empty()) << std::hex << at;
  }
}

TEST(FindBigAllocation, GoesToTheEndOfTheLastPageAndNoFurther) {
  const std::vector<BigAllocation> table = {{VirtAddr{0xFFFFFA8000010000}, 0x1801, PoolTag{}},
                                            {VirtAddr{0xFFFFFA8000020000}, 0x1000, PoolTag{}}};
  EXPECT_EQ(FindBigAllocation(table, VirtAddr{0xFFFFFA800000FFFF}), nullptr);
  EXPECT_EQ(FindBigAllocation(table, VirtAddr{0xFFFFFA8000010000}), table.data());
  EXPECT_EQ(FindBigAllocation(table, VirtAddr{0xFFFFFA8000011FFF}), table.data());
  EXPECT_EQ(FindBigAllocation(table, VirtAddr{0xFFFFFA8000012000}), nullptr);
  EXPECT_EQ(FindBigAllocation(table, VirtAddr{0xFFFFFA8000020FFF}), table.data() + 1);
  EXPECT_EQ(FindBigAllocation(table, VirtAddr{0xFFFFFA8000021000}), nullptr);
  EXPECT_EQ(FindBigAllocation({}, VirtAddr{0xFFFFFA8000010000}), nullptr);
}

TEST(PoolCensusBigPages, CountsWhatTheTableHas) {
  const Opened opened =
      FromRecipe("windows=7601 machine=x64 container=full fault=big-overrun bytes=24 pages=200 activity=400 seed=3");
  EXPECT_EQ(Scan(opened).big_allocations, TableOf(opened).size());
}

}  // namespace
}  // namespace poolblame
