// A lookaside list that leads back to one of its own blocks: something on it was freed twice.
#include "heuristics/list_ring_scan.h"

#include <gtest/gtest.h>

#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint32_t kPages = 6, kHeader = 0x60, kPayload = 0x70;  // of the listed block of each page

/// Pages with one lookaside block each, which lead from page to page; the last leads to the page `back`, or nowhere.
Stage& WithList(Stage& stage, std::optional<std::uint32_t> back) {
  constexpr std::uint8_t kLookasideType = 4;
  for (std::uint32_t i = 0; i < kPages; ++i) {
    const std::uint64_t next = i + 1 < kPages ? stage.AddressOf(i + 1, kPayload)
                               : back         ? stage.AddressOf(*back, kPayload)
                                              : 0;
    stage.Add(PageBuilder(Windows::kSeven64, i + 1)
                  .Block("Even", kHeader)
                  .Block("Gone", 0x80)
                  .Put(0, Word(next, 8))
                  .OverwriteHeader(3, {kLookasideType})
                  .Block("File", 0x50));
  }
  return stage;
}

std::vector<Scene> Rings(Stage& stage) {
  const PoolCensus& census = stage.Scan();
  std::vector<Scene> scenes;
  SceneSetter setter(stage.space(), stage.system(), census, stage.tags());
  AddListRingIncidents(scenes, setter);
  return scenes;
}

TEST(ListRingScan, AListThatEndsIsSound) {
  Stage stage(Windows::kSeven64);
  EXPECT_THAT(Rings(WithList(stage, std::nullopt)), IsEmpty());
}

TEST(ListRingScan, ARingIsToldAtItsLowestBlockWithItsLength) {
  Stage stage(Windows::kSeven64);
  const std::vector<Scene> scenes = Rings(WithList(stage, 2));
  ASSERT_THAT(scenes, SizeIs(1));
  EXPECT_EQ(scenes[0].ring_blocks, kPages - 2);
  EXPECT_EQ(scenes[0].AddressOf(scenes[0].damage_begin()), stage.AddressOf(2, kPayload));
}

TEST(ListRingScan, TheBlockThatTheBugCheckNamesStandsForTheRing) {
  Stage stage(Windows::kSeven64);
  stage.Crash(BugCheckHint::kNone, stage.AddressOf(4, kPayload), AddressUse::kBlockPayload);
  const std::vector<Scene> scenes = Rings(WithList(stage, 2));
  ASSERT_THAT(scenes, SizeIs(1));
  EXPECT_EQ(scenes[0].AddressOf(scenes[0].damage_begin()), stage.AddressOf(4, kPayload));
}

TEST(ListRingScan, ItIsADoubleFreeOfOneOfThemAndNobodyIsAccused) {
  Stage stage(Windows::kSeven64);
  const Report report = WithList(stage, 2).Judge();
  ASSERT_THAT(report.incidents, SizeIs(1));
  const Incident& incident = report.incidents[0];
  EXPECT_EQ(incident.kind, FaultKind::kDoubleFree);
  EXPECT_EQ(incident.confidence, Confidence::kInsufficient);
  EXPECT_EQ(incident.suspects[0].role, SuspectRole::kUnknown);
  EXPECT_NEAR(incident.suspects[0].probability, 0.75, 0.02);
  EXPECT_THAT(incident.suspects[1].evidence[0].text, HasSubstr("over 4 blocks"));
}

}  // namespace
}  // namespace poolblame::testing
