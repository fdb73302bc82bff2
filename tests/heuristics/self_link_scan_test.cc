// A block that lies on a lookaside list twice leads to itself, also where it is still marked as in use.
#include "heuristics/self_link_scan.h"

#include <gtest/gtest.h>

#include "heuristics/content_model.h"
#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint32_t kPages = 8;
constexpr std::uint32_t kPayload = 0x70;  // of the block under test, from its page's begin

/// A page whose second block, a `Gone`, begins with `front`.
PageBuilder With(std::uint32_t seed, const ByteString& front, std::uint32_t size = 0x80) {
  return PageBuilder(Windows::kSeven64, seed).Block("Even", 0x60).Block("Gone", size).Put(0, front).Block("File", 0x50);
}

/// Pages of which the last holds the block under test; `siblings` of the others have a block of its tag.
Stage& WithLast(Stage& stage, const ByteString& front, std::uint32_t siblings = kPages, std::uint32_t size = 0x80) {
  for (std::uint32_t i = 0; i < kPages; ++i)
    stage.Add(i < siblings ? With(i, Varied(16, i)) : PageBuilder(Windows::kSeven64, i).Block("Even", 0x60));
  return stage.Add(With(kPages, front, size));
}

std::vector<Scene> SelfLinkIncidents(Stage& stage) {
  const PoolCensus& census = stage.Scan();
  std::vector<Scene> scenes;
  SceneSetter setter(stage.space(), stage.system(), census, stage.tags());
  AddSelfLinkIncidents(scenes, setter, LearnContents(census, stage.system()));
  return scenes;
}

ByteString Pointers(std::uint64_t first, std::uint64_t second) { return Word(first, 8) + Word(second, 8); }

TEST(SelfLinkScan, TheOnlyBlockOfItsTagThatLeadsToItselfIsOnAListTwice) {
  Stage stage(Windows::kSeven64);
  const std::uint64_t own = stage.AddressOf(kPages, kPayload);
  const std::vector<Scene> scenes = SelfLinkIncidents(WithLast(stage, Pointers(own, 7)));
  ASSERT_THAT(scenes, SizeIs(1));
  EXPECT_EQ(scenes[0].spots.front().kind, SpotKind::kLink);
  EXPECT_EQ(scenes[0].AddressOf(scenes[0].damage_begin()), own);
  EXPECT_EQ(scenes[0].AddressOf(scenes[0].damage_end()), own + 8);
}

TEST(SelfLinkScan, AnEmptyListHeadLeadsToItselfTwice) {
  Stage stage(Windows::kSeven64);
  const std::uint64_t own = stage.AddressOf(kPages, kPayload);
  EXPECT_THAT(SelfLinkIncidents(WithLast(stage, Pointers(own, own))), IsEmpty());
}

TEST(SelfLinkScan, OfATagWithFewBlocksNothingIsKnown) {
  Stage stage(Windows::kSeven64);
  const std::uint64_t own = stage.AddressOf(kPages, kPayload);
  EXPECT_THAT(SelfLinkIncidents(WithLast(stage, Pointers(own, 7), 3)), IsEmpty());
}

TEST(SelfLinkScan, ObjectsThatBeginWithTheirOwnAddressAreHealthy) {
  Stage stage(Windows::kSeven64);
  for (std::uint32_t i = 0; i < kPages; ++i) stage.Add(With(i, Pointers(stage.AddressOf(i, kPayload), i)));
  EXPECT_THAT(SelfLinkIncidents(stage), IsEmpty());
}

TEST(SelfLinkScan, LookasideListsKeepSmallBlocksOnly) {
  Stage stage(Windows::kSeven64);
  const std::uint64_t own = stage.AddressOf(kPages, kPayload);
  EXPECT_THAT(SelfLinkIncidents(WithLast(stage, Pointers(own, 7), kPages, 0x210)), IsEmpty());
}

TEST(SelfLinkScan, WhoWroteOverTheRestWroteThePointerToo) {
  constexpr std::uint32_t kMany = 48;
  const ByteString rest = Varied(0x60, 77);
  const auto incidents = [&](const ByteString& behind) {
    Stage stage(Windows::kSeven64);
    for (std::uint32_t i = 0; i < kMany; ++i) stage.Add(With(i, Word(i * 0x01010101, 8) + rest));
    return SelfLinkIncidents(stage.Add(With(kMany, Word(stage.AddressOf(kMany, kPayload), 8) + behind)));
  };
  EXPECT_THAT(incidents(rest), SizeIs(1));
  EXPECT_THAT(incidents(Varied(0x60, 78)), IsEmpty());
}

TEST(SelfLinkScan, TheReportCallsItADoubleFree) {
  Stage stage(Windows::kSeven64);
  const std::uint64_t own = stage.AddressOf(kPages, kPayload);
  const Report report = WithLast(stage, Pointers(own, 7)).Judge();
  ASSERT_THAT(report.incidents, SizeIs(1));
  EXPECT_EQ(report.incidents[0].kind, FaultKind::kDoubleFree);
  EXPECT_EQ(report.incidents[0].suspects[0].block->tag.text(), "Gone");
}

}  // namespace
}  // namespace poolblame::testing
