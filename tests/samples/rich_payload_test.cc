// payload=rich: blocks of one tag that differ without any damage, and a truth that knows which do.
#include "samples/rich_payload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "samples/builder.h"
#include "samples/machine.h"
#include "samples/recipe.h"

namespace poolblame::samples {
namespace {

constexpr std::uint64_t kSomewhere = 0xFFFFFA8001203010;

class RichMachine : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const auto recipe = ParseRecipe(std::string(GetParam()) + " payload=rich pages=240 seed=11");
    ASSERT_TRUE(recipe.has_value());
    machine_.emplace(*recipe);
    machine_->Populate();
  }

  template <typename Use>
  void ForEachLive(Use use) {
    for (const auto& pool : machine_->pools())
      for (const std::uint64_t header : pool->live()) use(*pool, header, *pool->Find(header));
  }

  std::optional<Machine> machine_;
};

TEST(RichPayload, MostBlocksAreFilledAsUsualAndEachHabitOccurs) {
  std::map<Habit, int> habits;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) ++habits[HabitOf(seed, kSomewhere + seed * 0x40)];
  EXPECT_EQ(habits.size(), 6U);
  EXPECT_GT(habits[Habit::kUsual], 3200);
}

TEST(RichPayload, ClearedMemoryLiesTogether) {
  bool found = false;
  for (std::uint64_t at = kSomewhere & ~std::uint64_t{0x3FF}; !found && at < kSomewhere + 0x100000; at += 0x400) {
    found = true;
    for (std::uint64_t seed = 0; seed < 64; ++seed) found = found && HabitOf(seed, at + seed * 8) == Habit::kZeroed;
  }
  EXPECT_TRUE(found);
}

TEST_P(RichMachine, HasBlocksOfEveryHabit) {
  std::map<Habit, int> habits;
  ForEachLive([&](const Pool& pool, std::uint64_t header, const Block& block) {
    if (block.model != kNoModel) ++habits[HabitOf(block.seed, pool.Payload(header))];
  });
  EXPECT_EQ(habits.size(), 6U);
}

TEST_P(RichMachine, FixedBytesAreThere) {
  int checked = 0;
  ForEachLive([&](const Pool& pool, std::uint64_t header, const Block& block) {
    if (block.model == kNoModel || block.headerless) return;
    const std::uint64_t va = pool.Payload(header);
    const Bytes now = machine_->memory().Read(va, block.request);
    const Bytes own = OwnerContent(machine_->world(), Tags()[block.model], block.seed, va, block.request, false);
    const bool text = Tags()[block.model].content == Content::kUnicode;
    for (std::size_t i = 0; i < now.size(); ++i) {
      if (!IsFixedInRich(machine_->world(), block, va, i)) continue;
      ASSERT_EQ(now[i], text ? 0 : own[i]) << Tags()[block.model].tag << " at " << i;
      ++checked;
    }
  });
  EXPECT_GT(checked, 1000);
}

TEST_P(RichMachine, SomeBlocksBeginWithWhatTheBlockBelowHolds) {
  int copies = 0;
  ForEachLive([&](const Pool& pool, std::uint64_t header, const Block& block) {
    const Block* below = pool.Previous(header);
    const auto lower = pool.HeaderHolding(header - 1);
    if (below == nullptr || !lower || *lower == 0 || pool.Find(*lower) != below) return;
    if (below->state != BlockState::kAllocated || HabitOf(block.seed, pool.Payload(header)) != Habit::kCopy) return;
    const std::size_t size = std::min(below->request, block.request);
    copies +=
        machine_->memory().Read(pool.Payload(header), size) == machine_->memory().Read(pool.Payload(*lower), size);
  });
  EXPECT_GT(copies, 3);
}

INSTANTIATE_TEST_SUITE_P(Pools, RichMachine,
                         ::testing::Values("windows=7601 machine=x64", "windows=9600 machine=x86", "windows=win11"));

TEST(RichPayload, TheWordIsReadAndPlainIsTheDefault) {
  EXPECT_FALSE(ParseRecipe("seed=1")->rich_payload);
  EXPECT_TRUE(ParseRecipe("payload=rich")->rich_payload);
  EXPECT_FALSE(ParseRecipe("payload=odd").has_value());
  EXPECT_EQ(BuildSample("pages=96 seed=3")->bytes, BuildSample("pages=96 seed=3 payload=plain")->bytes);
}

}  // namespace
}  // namespace poolblame::samples
