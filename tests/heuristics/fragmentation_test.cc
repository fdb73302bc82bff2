#include "heuristics/fragmentation.h"

#include <gtest/gtest.h>

namespace poolblame {
namespace {

constexpr std::uint64_t kFragmentPage = 0xFFFFFA8000001000;

PlacedBlock Block(std::uint64_t at, std::uint64_t bytes, BlockState state) {
  PlacedBlock block;
  block.begin = VirtAddr{at};
  block.bytes = bytes;
  block.state = state;
  block.kind = PoolKind::kNonPagedNx;
  return block;
}

PoolFragmentation Of(const std::vector<PlacedBlock>& blocks) {
  Fragmentation fragmentation;
  for (const PlacedBlock& block : blocks) fragmentation.Add(block);
  fragmentation.Finish();
  return fragmentation.Of(UsageType::kNonPaged);
}

TEST(Fragmentation, FreeBlocksFallInClassesAndTheLargestAreNamed) {
  std::vector<PlacedBlock> blocks;
  for (const std::uint64_t bytes : {0x40U, 0x7FU, 0x80U, 0x300U, 0x10U, 0x20U, 0x200U, 0x0U})
    blocks.push_back(Block(kFragmentPage + 16 * blocks.size(), bytes, BlockState::kFree));
  const PoolFragmentation pool = Of(blocks);
  EXPECT_EQ(pool.free.at(6).blocks, 2U);
  EXPECT_EQ(pool.free.at(6).bytes, 0xBFU);
  EXPECT_EQ(pool.free.at(9).blocks, 2U);
  ASSERT_EQ(pool.largest.size(), PoolFragmentation::kLargestRuns);
  EXPECT_EQ(pool.largest[0].bytes, 0x300U);
  EXPECT_EQ(pool.largest[0].begin.value, kFragmentPage + 16 * 3);
  EXPECT_EQ(pool.largest[4].bytes, 0x40U);
  EXPECT_EQ(pool.pages, 0U);
}

TEST(Fragmentation, APageIsNearlyEmptyUpToAnEighth) {
  const PoolFragmentation pool =
      Of({Block(kFragmentPage, 0x200, BlockState::kAllocated), Block(kFragmentPage + 0x200, 0xE00, BlockState::kFree),
          Block(kFragmentPage + 0x1000, 0x201, BlockState::kAllocated),
          Block(kFragmentPage + 0x3000, 0x100, BlockState::kAllocated),
          Block(kFragmentPage + 0x3800, 0x110, BlockState::kAllocated)});
  EXPECT_EQ(pool.pages, 3U);
  EXPECT_EQ(pool.nearly_empty, 1U);
  EXPECT_EQ(pool.nearly_empty_bytes, 0x200U);
}

TEST(Fragmentation, ABlockOverPagesIsInUseOnEach) {
  const PoolFragmentation pool = Of({Block(kFragmentPage + 0xF00, 0x2200, BlockState::kAllocated),
                                     Block(kFragmentPage + 0x3100, 0x40, BlockState::kAllocated)});
  EXPECT_EQ(pool.pages, 4U);
  EXPECT_EQ(pool.nearly_empty, 2U);
  EXPECT_EQ(pool.nearly_empty_bytes, 0x100U + 0x140U);
}

TEST(Fragmentation, WaitingBlocksCountByTheirSize) {
  const PoolFragmentation pool =
      Of({Block(kFragmentPage, 0x40, BlockState::kLookaside), Block(kFragmentPage + 0x40, 0x40, BlockState::kLookaside),
          Block(kFragmentPage + 0x80, 0x60, BlockState::kLookaside)});
  EXPECT_EQ(pool.waiting.at(0x40), 2U);
  EXPECT_EQ(pool.waiting.at(0x60), 1U);
  EXPECT_TRUE(pool.free.empty());
}

}  // namespace
}  // namespace poolblame
