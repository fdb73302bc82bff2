// The blocks in use, seen once more behind the scan.
#include "heuristics/block_walk.h"

#include <gtest/gtest.h>

#include "parser/pool/segment_heap.h"
#include "tests/pool/opened_image.h"

namespace poolblame {
namespace {

TEST(BlockWalk, ChunksThatListsHoldAreNotInUseThoughTheirHeadersSaySo) {
  const test::Opened opened = test::FromRecipe("windows=19041 pages=160 activity=600 container=full fault=none seed=3");
  const AddressSpace space(*opened.image);
  const System system = ReadSystem(space);
  const PoolCensus census = ScanPool(space, system, {});
  ASSERT_NE(census.segment_heap, nullptr);
  const HeapFreeState& lists = census.segment_heap->free_state();
  ASSERT_GT(lists.listed.size(), 4U);
  std::uint64_t blocks = 0, listed = 0;
  const BlocksInUse in_use(space, census);
  for (std::uint64_t part = 0; part < in_use.parts(); ++part)
    in_use.Walk(part, [&](const WalkedBlock& block) {
      const std::uint64_t header = block.begin.value + block.chunk_header;
      ++blocks;
      listed += lists.ListedIn(header, header + block.bytes.size()) != nullptr ? 1 : 0;
    });
  EXPECT_GT(blocks, 100U);
  EXPECT_EQ(listed, 0U);
}

}  // namespace
}  // namespace poolblame
