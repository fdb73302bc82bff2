// Lists and trees of free chunks in whole images: which blocks are listed, and which links are found wrong.
#include "parser/pool/heap_free_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "parser/pool/free_tree.h"
#include "parser/pool/segment_heap.h"
#include "tests/pool/opened_image.h"

namespace poolblame {
namespace {

using test::FromRecipe;
using test::Opened;
using test::Scan;

class FreeStateOf : public ::testing::TestWithParam<int> {
 protected:
  static std::string Recipe(const std::string& words) {
    return "windows=" + std::to_string(GetParam()) + " machine=x64 activity=300 pages=200 container=full " + words;
  }
};

TEST_P(FreeStateOf, AHealthyImageHasListedBlocksAndNoWrongLink) {
  const PoolCensus census = Scan(FromRecipe(Recipe("fault=none seed=5")));
  ASSERT_NE(census.segment_heap, nullptr);
  const HeapFreeState& state = census.segment_heap->free_state();
  EXPECT_FALSE(state.listed.empty());
  EXPECT_TRUE(state.tree_faults.empty());
  for (const ListedBlock& block : state.listed) EXPECT_EQ(block.problem, ListProblem::kNone);
}

TEST_P(FreeStateOf, ThePoolStateAgreesOnTheKeys) {
  const Opened opened = FromRecipe(Recipe("fault=none seed=6"));
  const PoolCensus census = Scan(opened);
  ASSERT_NE(census.segment_heap, nullptr);
  ASSERT_TRUE(census.segment_heap->state());
  EXPECT_EQ(census.segment_heap->state()->heap_key, opened.truth.heap_key);
  EXPECT_EQ(census.segment_heap->state()->lfh_key, opened.truth.lfh_key);
  EXPECT_NE(census.notes.back().find("says the same"), std::string::npos);
}

TEST_P(FreeStateOf, ATreePointerThatLeadsToAnotherNodeIsFoundWithWhatItMustHaveBeen) {
  const Opened opened = FromRecipe(Recipe("fault=free-list backend=vs seed=7"));
  const PoolCensus census = Scan(opened);
  ASSERT_NE(census.segment_heap, nullptr);
  const TreeFault* fault = census.segment_heap->free_state().FaultAt(opened.truth.damage_start & ~std::uint64_t{7});
  ASSERT_NE(fault, nullptr);
  ASSERT_EQ(census.findings.size(), 1U);
  ASSERT_EQ(census.findings[0].free_links.size(), 1U);
  const FreeLinkFinding& link = census.findings[0].free_links[0];
  EXPECT_EQ((*census.findings[0].address + link.offset).value, fault->at);
  EXPECT_EQ(link.problem, LinkProblem::kBrokenBackLink);
}

/// The block that a list of the heap leads to twice, or nullptr.
const ListedBlock* TwiceListed(const PoolCensus& census) {
  const auto& listed = census.segment_heap->free_state().listed;
  const auto twice = std::find_if(listed.begin(), listed.end(),
                                  [](const ListedBlock& block) { return block.problem == ListProblem::kTwice; });
  return twice == listed.end() ? nullptr : &*twice;
}

TEST_P(FreeStateOf, ABlockOnAListTwiceIsFound) {
  const Opened opened = FromRecipe(Recipe("fault=double-free variant=listed backend=vs seed=8"));
  const PoolCensus census = Scan(opened);
  ASSERT_NE(census.segment_heap, nullptr);
  const ListedBlock* twice = TwiceListed(census);
  ASSERT_NE(twice, nullptr);
  EXPECT_EQ(twice->entry, opened.truth.damage_start);
  EXPECT_EQ(twice->next, twice->entry);
  ASSERT_EQ(census.findings.size(), 1U);
}

TEST_P(FreeStateOf, ARingIsToldAtTheBlockThatTheListComesBackTo) {
  const Opened opened = FromRecipe(Recipe("fault=double-free variant=buried backend=vs seed=8"));
  const PoolCensus census = Scan(opened);
  ASSERT_NE(census.segment_heap, nullptr);
  const ListedBlock* twice = TwiceListed(census);
  ASSERT_NE(twice, nullptr);
  EXPECT_EQ(twice->entry, opened.truth.damage_start);
  EXPECT_NE(twice->next, twice->entry);
  ASSERT_EQ(census.findings.size(), 1U);
  ASSERT_EQ(census.findings[0].free_links.size(), 1U);
  EXPECT_EQ(census.findings[0].free_links[0].problem, LinkProblem::kTwiceOnList);
}

INSTANTIATE_TEST_SUITE_P(Windows, FreeStateOf, ::testing::Values(18362, 19041, 22000, 22621, 26100));

TEST(HeapFreeState, AnEntryIsFoundInItsChunkOnly) {
  const HeapFreeState state{{{0x1010, 0, ListProblem::kNone}, {0x2020, 0, ListProblem::kTwice}}, {{0x3008, 5}}};
  EXPECT_EQ(state.ListedIn(0x1000, 0x1100), &state.listed[0]);
  EXPECT_EQ(state.ListedIn(0x1020, 0x2020), nullptr);
  EXPECT_EQ(state.ListedIn(0x2020, 0x2030), &state.listed[1]);
  EXPECT_EQ(state.FaultAt(0x3008), &state.tree_faults[0]);
  EXPECT_EQ(state.FaultAt(0x3000), nullptr);
}

TEST(SettleTreeFaults, WhatMustStandThereOutlivesWhatDoesNotSay) {
  const auto faults = SettleTreeFaults({{0x20, {}}, {0x10, {}}, {0x20, 7}}, 100);
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_EQ(faults[0].at, 0x10U);
  EXPECT_EQ(faults[1].expected, 7U);
}

TEST(SettleTreeFaults, ATreeThatIsWrongEverywhereIsNotReadRightly) {
  std::vector<TreeFault> faults;
  for (std::uint64_t i = 0; i < 30; ++i) faults.push_back({8 * i, {}});
  EXPECT_TRUE(SettleTreeFaults(faults, 100).empty());
  EXPECT_EQ(SettleTreeFaults(faults, 1000).size(), 30U);
}

}  // namespace
}  // namespace poolblame
