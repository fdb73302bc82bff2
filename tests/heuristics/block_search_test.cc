#include "heuristics/block_search.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

std::vector<FoundBlock> Find(Stage& stage, const BlockQuery& query) {
  std::vector<FoundBlock> found;
  const PoolCensus& census = stage.Scan();
  FindBlocks(stage.space(), stage.system(), census, stage.tags(), query,
             [&](const FoundBlock& block) { found.push_back(block); });
  return found;
}

Stage Everyday() {
  Stage stage(Windows::kSeven64);
  stage.AddHealthy(3).TagFile("Abcd - abcd.sys - a driver\n");
  stage.Add(PageBuilder(Windows::kSeven64)
                .Block("Abcd", 0x80)
                .Block("Zzzz", 0x100)
                .FreeBlock("Free", 0x40)
                .Block("Abcd", 0x60));
  return stage;
}

TEST(BlockSearch, FindsATagWithItsSizeAndPlace) {
  Stage stage = Everyday();
  const auto found = Find(stage, {.tag = TagPattern::FromText("Abcd", true)});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].block.begin.value, stage.AddressOf(3, 0));
  EXPECT_EQ(found[0].block.address.value, stage.AddressOf(3, 0x10));
  EXPECT_EQ(found[0].block.bytes, 0x80U);
  EXPECT_EQ(found[1].block.begin.value, stage.AddressOf(3, 0x1C0));
  EXPECT_EQ(found[1].owner.driver, "abcd.sys");
}

TEST(BlockSearch, FindsTheBlockThatHoldsAnAddressToItsLastByteAndNoFurther) {
  Stage stage = Everyday();
  const auto at = [&](std::uint32_t offset) {
    return Find(stage, {.address = VirtAddr{stage.AddressOf(3, offset)}}).at(0).block;
  };
  EXPECT_EQ(at(0x80).tag.text(), "Zzzz");
  EXPECT_EQ(at(0x17F).tag.text(), "Zzzz");
  EXPECT_EQ(at(0x180).state, BlockState::kFree);
  EXPECT_TRUE(Find(stage, {.address = VirtAddr{stage.AddressOf(9, 0)}}).empty());
}

TEST(BlockSearch, ADriverIsFoundByItsTags) {
  Stage stage = Everyday();
  EXPECT_EQ(Find(stage, {.driver = "ABCD"}).size(), 2U);
  EXPECT_EQ(Find(stage, {.driver = "abcd.sys"}).size(), 2U);
  EXPECT_TRUE(Find(stage, {.driver = "abc"}).empty());
  EXPECT_TRUE(Find(stage, {.driver = ""}).size() > 2U);
}

TEST(BlockSearch, FreeBlocksAreFoundWhereTheyAreAskedFor) {
  Stage stage = Everyday();
  const auto tag = TagPattern::FromText("Free", true);
  EXPECT_TRUE(Find(stage, {.tag = tag}).empty());
  EXPECT_FALSE(Find(stage, {.tag = tag, .with_free = true}).empty());
}

}  // namespace
}  // namespace poolblame::testing
