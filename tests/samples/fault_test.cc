// Faults: what changed is what the truth says, and nothing else.
#include "samples/fault.h"

#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <string>
#include <utility>

#include "samples/recipe.h"

namespace poolblame::samples {
namespace {

using Pages = std::map<std::uint64_t, Bytes>;

Pages Snapshot(const Machine& machine) {
  Pages pages;
  for (const auto& [page, pfn] : machine.memory().Mappings()) {
    pages[page * kPage] = Bytes(machine.memory().Frame(pfn), machine.memory().Frame(pfn) + kPage);
  }
  return pages;
}

/// First and one-past-last address that differ; both 0 where nothing does.
VaRange Difference(const Pages& before, const Pages& after) {
  VaRange range;
  for (const auto& [page, bytes] : before) {
    const Bytes& now = after.at(page);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (bytes[i] == now[i]) continue;
      if (range.end == 0) range.begin = page + i;
      range.end = page + i + 1;
    }
  }
  return range;
}

struct Done {
  FaultRecord record;
  Truth truth;
  VaRange changed;
  std::uint64_t reach_end = 0;  // of the culprit's block
};

Done Do(const std::string& words) {
  const auto recipe = ParseRecipe(words + " pages=160");
  EXPECT_TRUE(recipe.has_value());
  Machine machine(*recipe);
  machine.Populate();
  const Pages before = Snapshot(machine);
  const auto record = InjectFault(machine);
  EXPECT_TRUE(record.has_value()) << words;
  if (!record) return {};
  const BlockRef& culprit = record->culprit;
  const std::uint64_t reach_end = culprit.header == 0 ? 0 : culprit.pool->Reach(culprit.header).end;
  return {*record, TruthOf(machine, *record), Difference(before, Snapshot(machine)), reach_end};
}

class EveryFault : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryFault, ChangesOnlyWhatItSays) {
  for (const char* system :
       {"windows=7601", "windows=2600 machine=x86 paging=plain", "windows=9600", "windows=19041", "windows=26100"}) {
    for (int seed = 1; seed <= 4; ++seed) {
      const std::string words = std::string(system) + " fault=" + GetParam() + " seed=" + std::to_string(seed);
      const Done done = Do(words);
      if (done.changed.end == 0) continue;  // it wrote the bytes that were there, or only told of a bad call
      const std::uint64_t from = std::min(
          done.record.written_from == 0 ? done.truth.damage_start : done.record.written_from, done.truth.damage_start);
      EXPECT_GE(done.changed.begin, from) << words;
      // An underrun may go on through its own buffer, which is no damage.
      const bool inside = std::string(GetParam()) == "underrun";
      const std::uint64_t end = inside ? done.reach_end : done.truth.damage_end;
      EXPECT_LE(done.changed.end, end) << words;
    }
  }
}

TEST_P(EveryFault, IsTheSameEveryTime) {
  const std::string words =
      std::string("windows=9600 container=kernel-bitmap after=50 seed=5 pages=160 fault=") + GetParam();
  const auto once = BuildSample(words);
  const auto again = BuildSample(words);
  ASSERT_TRUE(once.has_value()) << once.error().what;
  EXPECT_EQ(once->bytes, again->bytes);
  EXPECT_EQ(TruthJson(once->truth, words), TruthJson(again->truth, words));
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryFault,
                         ::testing::Values("overrun", "off-by-one", "underrun", "use-after-free", "double-free",
                                           "bad-free", "free-list", "bit-flip", "wild-write", "nonlinear-overrun",
                                           "page-stomp", "uninitialised", "payload-overrun", "cross-page",
                                           "big-overrun"));

TEST(Overrun, StartsAtTheCulpritsEndAndHitsTheNextHeader) {
  const Done done = Do("windows=7601 fault=overrun bytes=8 content=fill fill=65 seed=3");
  EXPECT_EQ(done.truth.kind, "overrun");
  EXPECT_TRUE(done.truth.header_hit);
  EXPECT_EQ(done.truth.damage_start, done.truth.victim_header);
  EXPECT_EQ(done.truth.damage_end, done.truth.victim_header + 8);
  EXPECT_GT(done.truth.victim_header, done.truth.culprit_header);
  EXPECT_EQ(done.truth.culprit_tag.size(), 4U);
}

TEST(Overrun, CrossPageDamagesTheFirstBlockOfTheNextPage) {
  const Done done = Do("windows=7601 fault=cross-page bytes=8 content=fill fill=65 seed=3");
  EXPECT_EQ(done.truth.damage_start % kPage, 0U);
  EXPECT_EQ(done.truth.page, done.truth.damage_start);
  EXPECT_EQ(done.truth.culprit_header & ~(kPage - 1), done.truth.page - kPage);
}

TEST(Overrun, RepairedHeaderIsNotHit) {
  const Done done = Do("windows=7601 machine=x86 fault=payload-overrun bytes=24 content=fill fill=66 seed=3");
  EXPECT_FALSE(done.truth.header_hit);
  EXPECT_GE(done.changed.begin, done.record.written_from);
}

TEST(BitFlip, ChangesOneBit) {
  const auto recipe = ParseRecipe("windows=7601 fault=bit-flip variant=header seed=4 pages=160");
  ASSERT_TRUE(recipe.has_value());
  Machine machine(*recipe);
  machine.Populate();
  const auto record = InjectFault(machine);
  ASSERT_TRUE(record.has_value());
  ASSERT_EQ(record->before.size(), 1U);
  const unsigned now = machine.memory().Read(record->damage.begin, 1)[0];
  const unsigned difference = now ^ record->before[0];
  EXPECT_NE(difference, 0U);
  EXPECT_EQ(difference & (difference - 1), 0U);
}

/// A machine and the fault that this recipe does to it.
struct Injected {
  explicit Injected(const std::string& recipe) : machine(ParseRecipe(recipe).value()) {
    machine.Populate();
    record = InjectFault(machine);
  }
  Machine machine;
  Result<FaultRecord> record = FaultRecord{};
};

TEST(DoubleFree, ListedTwiceMakesALoop) {
  Injected injected("windows=7601 fault=double-free variant=listed seed=4 pages=160");
  ASSERT_TRUE(injected.record.has_value());
  const std::uint64_t link = injected.record->victim.pool->LinkOf(injected.record->victim.header);
  EXPECT_EQ(injected.machine.memory().ReadPointer(link), link);
}

/// The value at the damage before and after, little-endian.
std::pair<std::uint64_t, std::uint64_t> StaleValues(const std::string& variant) {
  Injected injected("windows=7601 fault=use-after-free variant=" + variant + " seed=4 pages=160");
  const auto& record = injected.record;
  if (!record) return {};
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < record->before.size(); ++i) before |= std::uint64_t{record->before[i]} << (8 * i);
  return {before, injected.machine.memory().ReadPointer(record->damage.begin)};
}

TEST(UseAfterFree, CountsByOne) {
  const auto [before, after] = StaleValues("decrement");
  EXPECT_TRUE(after == before + 1 || after + 1 == before) << before << " " << after;
}

TEST(UseAfterFree, ChangesOneFlag) {
  const auto [before, after] = StaleValues("flag");
  EXPECT_EQ(std::popcount(before ^ after), 1);
  EXPECT_LT(before ^ after, 0x10000U);
}

TEST(DoubleFree, BelowTheTopMakesARing) {
  Injected injected("windows=7601 fault=double-free variant=buried seed=4 pages=160");
  ASSERT_TRUE(injected.record.has_value());
  const std::uint64_t link = injected.record->victim.pool->LinkOf(injected.record->victim.header);
  std::uint64_t at = injected.machine.memory().ReadPointer(link);
  EXPECT_NE(at, link);
  for (int i = 0; i < 64 && at != link && at != 0; ++i) at = injected.machine.memory().ReadPointer(at);
  EXPECT_EQ(at, link);
}

TEST(DmaLine, IsOneAlignedCacheLine) {
  const Done done = Do("windows=7601 fault=dma-line content=random seed=4");
  EXPECT_EQ(done.truth.damage_start % 64, 0U);
  EXPECT_EQ(done.truth.damage_end - done.truth.damage_start, 64U);
  EXPECT_EQ(done.truth.kind, "page-stomp");
  EXPECT_EQ(done.truth.culprit_header, 0U);
}

TEST(Crash, ParametersAreThoseOfTheDamagedMemory) {
  const auto recipe = ParseRecipe(
      "windows=7601 fault=overrun bytes=8 content=fill fill=65 bugcheck=19 victim=allocated seed=3 pages=160");
  ASSERT_TRUE(recipe.has_value());
  Machine machine(*recipe);
  machine.Populate();
  const auto record = InjectFault(machine);
  ASSERT_TRUE(record.has_value());
  const BugCheckFacts facts = CrashOf(machine, *record, TruthOf(machine, *record));
  EXPECT_EQ(facts.code, 0x19U);
  EXPECT_EQ(facts.parameters[0], 0x20U);
  const HeaderFields fields = DecodeHeader(machine.memory().At(facts.parameters[1]), true);
  EXPECT_EQ(facts.parameters[2], facts.parameters[1] + fields.units * 16U);
}

// Where blocks in use have a type without a bit of its own, one whose type is sound is not free.
TEST(Crash, AFreeFindsABlockFreeByItsTypeAlone) {
  int freed = 0;
  for (int seed = 1; seed <= 24; ++seed) {
    const auto recipe =
        ParseRecipe("windows=3790 machine=x86 encoding=plain fault=bit-flip pages=160 seed=" + std::to_string(seed));
    ASSERT_TRUE(recipe.has_value());
    Machine machine(*recipe);
    machine.Populate();
    const auto record = InjectFault(machine);
    if (!record) continue;
    if (CrashOf(machine, *record, TruthOf(machine, *record)).code != 0xC2) continue;
    ++freed;
    EXPECT_EQ(DecodeHeader(machine.memory().At(record->victim.header), false).type & 3U, 0U) << seed;
  }
  EXPECT_LT(freed, 6);
}

TEST(AfterTheFault, LifeGoesOnAroundTheDamage) {
  const std::string words = "windows=7601 fault=overrun bytes=16 content=fill fill=65 seed=6 pages=160";
  const auto calm = BuildSample(words + " container=raw");
  const auto busy = BuildSample(words + " container=raw after=2000");
  ASSERT_TRUE(calm.has_value() && busy.has_value());
  EXPECT_NE(calm->bytes, busy->bytes);
  EXPECT_EQ(calm->truth.damage_start, busy->truth.damage_start);
  const std::string fill(16, 'A');
  const std::string bytes(busy->bytes.begin(), busy->bytes.end());
  EXPECT_NE(bytes.find(fill), std::string::npos);
}

}  // namespace
}  // namespace poolblame::samples
