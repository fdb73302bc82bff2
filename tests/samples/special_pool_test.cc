// Special pool of the builder: the bytes are where the descriptions have them, faults change what the truth says.
#include "samples/special_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace poolblame::samples {
namespace {

Recipe Parsed(const std::string& words) {
  const auto recipe = ParseRecipe(words + " pages=160 special=10");
  EXPECT_TRUE(recipe.has_value()) << words;
  return recipe.value_or(Recipe{});
}

TEST(SpecialPoolBuilder, ABlockIsAloneOnItsPageBetweenUnmappedPages) {
  for (const char* words : {"windows=2600 machine=x86 paging=plain", "windows=7601",
                            "windows=9600 special_mode=underrun", "windows=17134 machine=x86 special_mode=underrun"}) {
    Machine machine(Parsed(words));
    machine.Populate();
    const auto blocks = PlaceSpecialPool(machine);
    ASSERT_EQ(blocks.size(), 10U) << words;
    for (const SpecialBlock& block : blocks) {
      EXPECT_TRUE(machine.memory().Mapped(block.page));
      EXPECT_FALSE(machine.memory().Mapped(block.page - kPage));
      EXPECT_FALSE(machine.memory().Mapped(block.page + kPage));
      const Bytes page = machine.memory().Read(block.page, kPage);
      const std::uint64_t header = block.header() - block.page;
      EXPECT_EQ((page[header] | page[header + 1] << 8) & 0x7FFF, static_cast<int>(block.request));
      EXPECT_EQ(page[header + 2], block.fill);
      EXPECT_NE(block.fill, 0);
      for (std::uint64_t at = block.data_end(); at < block.slop_end(); ++at)
        EXPECT_EQ(page[at - block.page], block.fill);
      if (block.at_start) continue;
      for (std::uint64_t at = block.header_size; at < block.data() - block.page; ++at) EXPECT_EQ(page[at], block.fill);
    }
  }
}

struct FaultCase {
  const char* words;
  std::uint32_t code;
  std::uint64_t why;
};

TEST(SpecialPoolBuilder, EveryFaultGetsItsBugCheckAndItsTruth) {
  for (const FaultCase& row : {FaultCase{"windows=7601 fault=special-overrun", 0xC1, 0x24},
                               FaultCase{"windows=7601 fault=special-underrun bytes=12", 0xC1, 0x23},
                               FaultCase{"windows=2600 machine=x86 fault=special-bit-flip", 0xC1, 0x32},
                               FaultCase{"windows=9600 fault=special-double-free", 0xC1, 0x20}}) {
    Machine machine(Parsed(row.words));
    machine.Populate();
    const auto blocks = PlaceSpecialPool(machine);
    const auto fault = InjectSpecialFault(machine, blocks);
    ASSERT_TRUE(fault.has_value()) << row.words;
    EXPECT_EQ(fault->crash.code, row.code);
    EXPECT_EQ(fault->crash.parameters[3], row.why);
    EXPECT_EQ(fault->truth.kind, KindOfFault(machine.recipe().fault));
    const auto block =
        std::find_if(blocks.begin(), blocks.end(), [&](const SpecialBlock& b) { return b.page == fault->truth.page; });
    ASSERT_NE(block, blocks.end());
    EXPECT_EQ(fault->crash.parameters[0], block->data());
    EXPECT_EQ(machine.memory().Mapped(block->page), row.why != 0x20);
    if (row.why == 0x20) continue;
    EXPECT_EQ(fault->crash.parameters[1], fault->truth.damage_start);
    EXPECT_NE(machine.memory().Read(fault->truth.damage_start, 1)[0], block->fill);
    EXPECT_NE(machine.memory().Read(fault->truth.damage_end - 1, 1)[0], block->fill);
    if (row.why == 0x24) {
      EXPECT_EQ(fault->truth.damage_start, block->data_end());
    }
    if (row.why == 0x23) {
      EXPECT_EQ(fault->truth.damage_end, block->data());
    }
  }
}

TEST(SpecialPoolBuilder, ATrappedAccessIsTheOwnersCodeAndDamagesSlopAtMost) {
  for (const char* words :
       {"windows=7601 fault=special-guard", "windows=7601 fault=special-guard special_mode=underrun",
        "windows=3790 machine=x86 fault=special-use-after-free"}) {
    Machine machine(Parsed(words));
    machine.Populate();
    const auto fault = InjectSpecialFault(machine, PlaceSpecialPool(machine));
    ASSERT_TRUE(fault.has_value()) << words;
    EXPECT_TRUE(fault->truth.visible);
    EXPECT_LE(fault->truth.damage_end, fault->truth.page + kPage);
    EXPECT_FALSE(machine.memory().Mapped(fault->crash.parameters[0]));
    const auto& bases = machine.layout().driver_bases;
    EXPECT_NE(std::find(bases.begin(), bases.end(), fault->crash.parameters[2] - 0x10E6), bases.end());
  }
}

TEST(SpecialPoolBuilder, WithoutSpecialPoolNothingFits) {
  EXPECT_FALSE(BuildSample("windows=7601 fault=special-overrun pages=160 seed=1").has_value());
}

}  // namespace
}  // namespace poolblame::samples
