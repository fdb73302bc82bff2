// Every block once: what the walk visits adds up to what the scan counted, and each block is where it says.
#include "parser/pool/pool_blocks.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "tests/pool/opened_image.h"

namespace poolblame {
namespace {

using test::FromPages;
using test::FromRecipe;
using test::Opened;
using test::PageBuilder;

struct Walked {
  std::vector<PlacedBlock> blocks;
  BlockCoverage coverage;
  PoolCensus census;
};

Walked Walk(const Opened& opened) {
  const AddressSpace space(*opened.image);
  const System system = ReadSystem(space);
  Walked walked;
  walked.census = ScanPool(space, system, {});
  walked.coverage =
      ForEachPoolBlock(space, system, walked.census, [&](const PlacedBlock& block) { walked.blocks.push_back(block); });
  return walked;
}

class PoolBlocks : public ::testing::TestWithParam<const char*> {};

TEST_P(PoolBlocks, AreWhatTheScanCounted) {
  const Walked walked = Walk(FromRecipe(std::string(GetParam()) + " pages=300 activity=600 seed=11"));
  std::map<BlockState, std::uint64_t> states;
  std::set<std::uint64_t> begins;
  for (const PlacedBlock& block : walked.blocks) {
    ++states[block.state];
    EXPECT_TRUE(begins.insert(block.begin.value).second) << std::hex << block.begin.value;
    EXPECT_NE(block.kind, PoolKind::kUnknown) << std::hex << block.begin.value;
  }
  EXPECT_EQ(states[BlockState::kAllocated], walked.census.allocated);
  EXPECT_EQ(states[BlockState::kBig], walked.census.big_pages.size());
  EXPECT_EQ(walked.coverage.pages, walked.census.pool_pages);
  EXPECT_EQ(walked.coverage.pages_left_out, 0U);
}

INSTANTIATE_TEST_SUITE_P(Windows, PoolBlocks,
                         ::testing::Values("windows=2600 machine=x86", "windows=3790 machine=x64",
                                           "windows=7601 machine=x64 fault=overrun bytes=16",
                                           "windows=9600 machine=x86", "windows=17134 machine=x64 fault=bit-flip"),
                         [](const auto& windows) {
                           std::string name = windows.param;
                           std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
                           return name;
                         });

TEST(PoolBlocksOfASegmentHeap, AreOfBothBackendsAndKnowTheirPool) {
  const Walked walked = Walk(FromRecipe("windows=22621 machine=x64 pages=400 activity=900 large=2 seed=12"));
  std::map<PoolBackend, std::uint64_t> backends;
  std::set<std::uint64_t> begins;
  for (const PlacedBlock& block : walked.blocks) {
    ++backends[block.backend];
    EXPECT_TRUE(begins.insert(block.begin.value).second) << std::hex << block.begin.value;
    if (block.state == BlockState::kAllocated || block.state == BlockState::kBig) {
      EXPECT_NE(block.kind, PoolKind::kUnknown) << std::hex << block.begin.value;
    }
  }
  EXPECT_GT(backends[PoolBackend::kVs], 0U);
  EXPECT_GT(backends[PoolBackend::kLfh], 0U);
  EXPECT_GT(backends[PoolBackend::kBig], 0U);
}

TEST(PoolBlocksOfADamagedPage, HaveTheTagThatTheHeaderMustHaveHad) {
  const Opened opened = FromRecipe("windows=7601 machine=x64 fault=overrun bytes=4 victim=allocated pages=200 seed=7");
  std::uint64_t damaged = 0;
  for (const PlacedBlock& block : Walk(opened).blocks) {
    if (!block.damaged) continue;
    ++damaged;
    EXPECT_EQ(block.begin.value, opened.truth.victim_header);
    EXPECT_EQ(block.tag.text(), opened.truth.victim_tag);
  }
  EXPECT_EQ(damaged, 1U);
}

TEST(PoolBlocksWithoutPageTables, LieAtPhysicalAddresses) {
  const PageBuilder page = PageBuilder("nt6-x64").Block("Proc", 0x40).Free(0x60).FillToEnd("Ntfx");
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < 8; ++i) bytes.insert(bytes.end(), page.data(), page.data() + 4096);
  OpenOptions options;
  options.machine = Machine::kX64;
  options.build = 7601;
  auto image = Image::FromBytes({bytes.data(), bytes.size()}, "raw", options);
  ASSERT_TRUE(image.has_value());
  const AddressSpace space(*image);
  const System system = ReadSystem(space);
  std::vector<PlacedBlock> blocks;
  ForEachPoolBlock(space, system, ScanPool(space, system, {}), [&](const PlacedBlock& b) { blocks.push_back(b); });
  ASSERT_EQ(blocks.size(), 8 * page.blocks().size());
  for (const PlacedBlock& block : blocks) EXPECT_TRUE(block.physical);
  EXPECT_EQ(blocks[page.blocks().size()].begin.value, 0x1000U);
  EXPECT_EQ(blocks[page.blocks().size()].address.value, 0x1010U);
  EXPECT_EQ(blocks[page.blocks().size()].tag.text(), "Proc");
}

}  // namespace
}  // namespace poolblame
