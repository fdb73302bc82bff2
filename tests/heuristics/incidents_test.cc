// Damage that hangs together is one case, damage that does not is several: from bytes through the scan.
#include "heuristics/incidents.h"

#include <gtest/gtest.h>

#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint32_t kHealthy = 12;  // pages before the one under test

PageBuilder Page(std::uint32_t seed = 1) { return PageBuilder(Windows::kSeven64, seed); }

Stage& WithSystem(Stage& stage) { return stage.AddHealthy(kHealthy); }

std::vector<Scene> Incidents(Stage& stage) {
  const PoolCensus& census = stage.Scan();
  return FormIncidents(stage.space(), stage.system(), census, stage.tags()).scenes;
}

std::string TagOf(const Scene& scene, std::size_t block) { return scene.Reference(block).tag.text(); }

/// A page whose blocks `Cul1` and `Cul2` overran, with `between` blocks from one to the other.
PageBuilder TwoOverruns(std::uint32_t between) {
  PageBuilder page = Page();
  page.Block("Even", 0x60).Block("Cul1", 0x80).Overrun(16, 0xEE).Block("Vic1", 0x40);
  for (std::uint32_t i = 0; i < between; ++i) page.Block("File", 0x50);
  return page.Block("Cul2", 0x80).Overrun(16, 0xDD).Block("Vic2", 0x40).Block("Even", 0x60);
}

TEST(FormIncidents, HealthyPagesHaveNone) {
  Stage stage(Windows::kSeven64);
  WithSystem(stage).Add(Page().Block("Even", 0x60).FreeBlock("Gone", 0x80).Block("File", 0x50));
  EXPECT_THAT(Incidents(stage), IsEmpty());
}

TEST(FormIncidents, OneDamageIsOne) {
  Stage stage(Windows::kSeven64);
  WithSystem(stage).Add(Page().Block("Even", 0x60).Block("Culp", 0x80).Overrun(16, 0xEE).Block("Vict", 0x40));
  const std::vector<Scene> scenes = Incidents(stage);
  ASSERT_THAT(scenes, SizeIs(1));
  EXPECT_EQ(scenes[0].AddressOf(scenes[0].damage_begin()), stage.AddressOf(kHealthy, 0xE0));
  EXPECT_EQ(scenes[0].Below(scenes[0].victim()), scenes[0].victim() - 1);
  EXPECT_EQ(TagOf(scenes[0], scenes[0].victim() - 1), "Culp");
}

TEST(FormIncidents, DamageFarApartIsTwo) {
  Stage stage(Windows::kSeven64);
  WithSystem(stage).Add(TwoOverruns(6));
  const std::vector<Scene> scenes = Incidents(stage);
  ASSERT_THAT(scenes, SizeIs(2));
  EXPECT_LT(scenes[0].AddressOf(scenes[0].damage_begin()), scenes[1].AddressOf(scenes[1].damage_begin()));
}

TEST(FormIncidents, DamageOnTwoPagesIsTwo) {
  Stage stage(Windows::kSeven64);
  WithSystem(stage)
      .Add(Page(1).Block("Even", 0x60).Block("Culp", 0x80).Overrun(16, 0xEE).Block("Vict", 0x40))
      .Add(Page(2).Block("Even", 0x60).Block("Culp", 0x80).Overrun(16, 0xEE).Block("Vict", 0x40));
  EXPECT_THAT(Incidents(stage), SizeIs(2));
}

TEST(FormIncidents, ARunThroughSeveralHeadersIsOne) {
  Stage stage(Windows::kSeven64);
  WithSystem(stage).Add(Page()
                            .Block("Even", 0x60)
                            .Block("Culp", 0x80)
                            .Overrun(0x90, 0xEE)
                            .Block("Vic1", 0x40)
                            .Block("Vic2", 0x40)
                            .Block("Vic3", 0x40)
                            .Block("Even", 0x60));
  const std::vector<Scene> scenes = Incidents(stage);
  ASSERT_THAT(scenes, SizeIs(1));
  EXPECT_EQ(scenes[0].AddressOf(scenes[0].damage_begin()), stage.AddressOf(kHealthy, 0xE0));
}

TEST(FormIncidents, ARunOverAPageBoundaryIsOneAndItsFirstBlockIsBelow) {
  Stage stage(Windows::kSeven64);
  WithSystem(stage)
      .Add(Page(1).Block("Even", 0x800).Block("Culp", 0x800))
      .Add(Page(2).Block("Vict", 0x40).OverwriteHeader(0, Repeat(0xEE, 16)).Block("File", 0x60));
  const std::vector<Scene> scenes = Incidents(stage);
  ASSERT_THAT(scenes, SizeIs(1));
  const auto below = scenes[0].Below(scenes[0].victim());
  ASSERT_TRUE(below.has_value());
  EXPECT_EQ(TagOf(scenes[0], *below), "Culp");
  EXPECT_FALSE(scenes[0].page_before_missing);
}

TEST(FormIncidents, ARunWithHeadersOnBothPagesIsOne) {
  Stage stage(Windows::kSeven64);
  WithSystem(stage)
      .Add(Page(1).Block("Even", 0x800).Block("Culp", 0x7C0).Overrun(0x40, 0xEE).Block("Vic1", 0x40))
      .Add(Page(2).Block("Vic2", 0x40).OverwriteHeader(0, Repeat(0xEE, 16)).Block("File", 0x60));
  const std::vector<Scene> scenes = Incidents(stage);
  ASSERT_THAT(scenes, SizeIs(1));
  EXPECT_EQ(scenes[0].AddressOf(scenes[0].damage_begin()), stage.AddressOf(kHealthy, 0xFC0));
  EXPECT_GT(scenes[0].AddressOf(scenes[0].damage_end()), stage.AddressOf(kHealthy + 1, 0));
}

// A physical image holds the pages in any order.
TEST(FormIncidents, ARunOverAPageBoundaryIsOneInAnyOrderOfThePages) {
  Stage stage(Windows::kSeven64);
  WithSystem(stage)
      .Add(Page(1).Block("Even", 0x800).Block("Culp", 0x7C0).Overrun(0x40, 0xEE).Block("Vic1", 0x40))
      .Add(Page(2).Block("Vic2", 0x40).OverwriteHeader(0, Repeat(0xEE, 16)).Block("File", 0x60));
  PoolCensus census = stage.Scan();
  ASSERT_THAT(census.findings, SizeIs(2));
  std::swap(census.findings[0], census.findings[1]);
  const std::vector<Scene> scenes = FormIncidents(stage.space(), stage.system(), census, stage.tags()).scenes;
  ASSERT_THAT(scenes, SizeIs(1));
  EXPECT_EQ(scenes[0].AddressOf(scenes[0].damage_begin()), stage.AddressOf(kHealthy, 0xFC0));
  EXPECT_EQ(scenes[0].finding, 1U);
}

TEST(FormIncidents, ThePageBeforeIsMissedWhereTheRunMustHaveBegunThere) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page(2).Block("Vict", 0x40).OverwriteHeader(0, Repeat(0xEE, 16)).Block("File", 0x60));
  WithSystem(stage);
  const std::vector<Scene> scenes = Incidents(stage);
  ASSERT_THAT(scenes, SizeIs(1));
  EXPECT_TRUE(scenes[0].page_before_missing);
}

/// `Gon1` at 0x60, `Gon2` and `Gon3` on one list, in a ring; the page has no other damage than `fault` adds.
PageBuilder Ring(const Stage& stage) {
  const auto entry = [&](std::uint32_t block) { return stage.AddressOf(kHealthy, block + 0x10); };
  const std::uint64_t one = entry(0x60), two = entry(0x160), three = entry(0x260);
  return Page()
      .Block("Even", 0x60)
      .FreeBlock("Gon1", 0x80)
      .Put(0, Word(two, 8) + Word(three, 8))
      .Block("File", 0x80)
      .FreeBlock("Gon2", 0x80)
      .Put(0, Word(three, 8) + Word(one, 8))
      .Block("File", 0x80)
      .FreeBlock("Gon3", 0x80)
      .Put(0, Word(one, 8) + Word(two, 8))
      .Block("File", 0x80);
}

TEST(FormIncidents, ASoundListHasNone) {
  Stage stage(Windows::kSeven64);
  WithSystem(stage).Add(Ring(stage));
  EXPECT_THAT(Incidents(stage), IsEmpty());
}

TEST(FormIncidents, AnOverwrittenEntryDoesNotAccuseItsNeighboursOnTheList) {
  Stage stage(Windows::kSeven64);
  WithSystem(stage).Add(Ring(stage).Overwrite(0x170, Ascii("sixteen letters.")));
  const std::vector<Scene> scenes = Incidents(stage);
  ASSERT_THAT(scenes, SizeIs(1));
  EXPECT_EQ(TagOf(scenes[0], scenes[0].victim()), "Gon2");
  EXPECT_EQ(scenes[0].spots.front().kind, SpotKind::kLink);
}

TEST(FormIncidents, ALinkOneBitFromTheEntryThatNamesItIsDamaged) {
  Stage stage(Windows::kSeven64);
  const std::uint64_t flipped = stage.AddressOf(kHealthy, 0x270) ^ 0x800;  // inside the same page, in another block
  WithSystem(stage).Add(Ring(stage).Overwrite(0x170, Word(flipped, 8)));
  const std::vector<Scene> scenes = Incidents(stage);
  ASSERT_THAT(scenes, SizeIs(1));
  EXPECT_EQ(TagOf(scenes[0], scenes[0].victim()), "Gon2");
  EXPECT_EQ(scenes[0].spots.front().kind, SpotKind::kLink);
  EXPECT_EQ(scenes[0].damage_end() - scenes[0].damage_begin(), 8U);
}

/// A block alone on its list, with `blink` in its second link; its list head is not in the image.
PageBuilder Alone(std::uint64_t blink) {
  return Page().Block("Even", 0x60).FreeBlock("Gone", 0x80).Overwrite(0x78, Word(blink, 8)).Block("File", 0x80);
}

// In an image without those entries they may well lie one bit apart.
TEST(FormIncidents, TwoAbsentEntriesOneBitApartAreTwoEntries) {
  const std::uint64_t head = FactsOf(Windows::kSeven64).list_head;
  for (const int bit : {8, 33}) {
    Stage stage(Windows::kSeven64);
    WithSystem(stage).Add(Ring(stage)).Add(Alone(head ^ std::uint64_t{1} << bit));
    EXPECT_THAT(Incidents(stage), IsEmpty()) << bit;
  }
}

// 0xC2/7

Stage& DoubleFree(Stage& stage, AddressUse use) {
  const std::uint32_t offset = use == AddressUse::kBlockHeader ? 0x60 : 0x70;
  WithSystem(stage).Add(Page().Block("Even", 0x60).FreeBlock("Gone", 0x80).Block("File", 0x50));
  return stage.Crash(BugCheckHint::kDoubleFree, stage.AddressOf(kHealthy, offset), use);
}

TEST(FormIncidents, ADoubleFreeIsTheBlockThatTheBugCheckNames) {
  for (const AddressUse use : {AddressUse::kBlockHeader, AddressUse::kBlockPayload}) {
    Stage stage(Windows::kSeven64);
    const std::vector<Scene> scenes = Incidents(DoubleFree(stage, use));
    ASSERT_THAT(scenes, SizeIs(1));
    EXPECT_EQ(TagOf(scenes[0], scenes[0].victim()), "Gone");
    EXPECT_EQ(scenes[0].spots.front().kind, SpotKind::kNamed);
    EXPECT_TRUE(scenes[0].named_by_crash);
  }
}

TEST(FormIncidents, ABlockThatTheFreeFoundFreeMayBeMarkedAsInUse) {
  Stage stage(Windows::kSeven64);
  WithSystem(stage).Add(Page().Block("Even", 0x60).Block("Live", 0x80).Block("File", 0x50));
  stage.Crash(BugCheckHint::kDoubleFree, stage.AddressOf(kHealthy, 0x70), AddressUse::kBlockPayload);
  const std::vector<Scene> scenes = Incidents(stage);
  ASSERT_THAT(scenes, SizeIs(1));
  EXPECT_EQ(TagOf(scenes[0], scenes[0].victim()), "Live");
}

TEST(FormIncidents, AnAddressInsideABlockNamesNone) {
  Stage stage(Windows::kSeven64);
  WithSystem(stage).Add(Page().Block("Even", 0x60).FreeBlock("Gone", 0x80).Block("File", 0x50));
  stage.Crash(BugCheckHint::kDoubleFree, stage.AddressOf(kHealthy, 0x78), AddressUse::kBlockPayload);
  EXPECT_THAT(Incidents(stage), IsEmpty());
}

TEST(FormIncidents, OtherBugChecksNameNoDoubleFree) {
  Stage stage(Windows::kSeven64);
  DoubleFree(stage, AddressUse::kBlockPayload)
      .Crash(BugCheckHint::kOverrunLikely, stage.AddressOf(kHealthy, 0x70), AddressUse::kBlockPayload);
  EXPECT_THAT(Incidents(stage), IsEmpty());
}

/// What bit-distance says of the first of two headers, one bit of each flipped on pages of their own.
std::vector<Vote> OfTwoFlips(std::uint32_t byte, unsigned bit) {
  Stage stage(Windows::kSeven64);
  WithSystem(stage).Add(Page(2).Block("Even", 0x60).Block("File", 0x80).FlipBit(2, 5).Block("Even", 0x60));
  stage.AddHealthy(2).Add(Page(3).Block("File", 0x90).Block("Even", 0x60).FlipBit(byte, bit).Block("File", 0x80));
  const std::vector<Scene> scenes = Incidents(stage);
  if (scenes.size() != 2) return {};
  return VotesOf(VoteBitDistance, scenes[0], HypothesisOf(scenes[0], FaultKind::kBitFlip));
}

TEST(FormIncidents, TwoFlipsOfOneDataLineAreHardwareTwiceOver) {
  EXPECT_THAT(OfTwoFlips(2, 5), IncludesVote(Weight::kSameBitColumn));
  EXPECT_THAT(OfTwoFlips(2, 6), Votes(Weight::kSingleBit));
  EXPECT_THAT(OfTwoFlips(0, 5), Votes(Weight::kSingleBit));
}

TEST(FormIncidents, StopAtTheirLimit) {
  Stage stage(Windows::kSeven64);
  WithSystem(stage);
  for (std::uint32_t i = 0; i < kMaxIncidents + 4; ++i)
    stage.Add(
        Page(i).Block("Even", 0x60).Block("Culp", 0x80).Overrun(16, 0xEE).Block("Vict", 0x40).Block("File", 0x90));
  EXPECT_THAT(Incidents(stage), SizeIs(kMaxIncidents));
}

TEST(Incidents, ABrokenLinkBehindASoundHeaderIsNoPartOfTheDamageBelowIt) {
  Stage stage(Windows::kSeven64);
  stage.AddHealthy(12);
  stage.Add(PageBuilder(Windows::kSeven64, 91)
                .Block("Culp", 0x80)
                .Overrun(8, 0xEE)
                .Block("Vict", 0x180)
                .FreeBlock("Gone", 0x80)
                .OverwritePayload(0, Repeat(0xEE, 16))
                .Block("Next", 0x80));
  const Report report = stage.Judge();
  ASSERT_EQ(report.incidents.size(), 2U);
  for (const Incident& incident : report.incidents)
    EXPECT_LE(incident.damage.end - incident.damage.start, 16U) << incident.damage.start;
}

/// Broken links of a free block, then a block of that size, then a damaged header.
PageBuilder LinkThenHeader(std::uint32_t between) {
  return Page()
      .Block("Even", 0x60)
      .FreeBlock("Gone", 0x80)
      .OverwritePayload(0, Repeat(0xEE, 16))
      .Block("Culp", between)
      .Overrun(8, 0xEE)
      .Block("Vict", 0x180);
}

TEST(Incidents, LinksAndAHeaderBehindASoundOneAreTwo) {
  Stage stage(Windows::kSeven64);
  WithSystem(stage).Add(LinkThenHeader(0x80));
  EXPECT_THAT(Incidents(stage), SizeIs(2));
}

TEST(Incidents, LinksAndAFarHeaderAreTwo) {
  for (const std::uint32_t size : {0x80U, 0x400U}) {
    Stage stage(Windows::kSeven64);
    WithSystem(stage).Add(Page()
                              .Block("Even", 0x60)
                              .FreeBlock("Gone", size)
                              .OverwritePayload(0, Repeat(0xEE, 16))
                              .Block("Vict", 0x180)
                              .OverwriteHeader(0, Repeat(0xEE, 8)));
    EXPECT_THAT(Incidents(stage), SizeIs(size == 0x80 ? 1 : 2)) << size;
  }
}

// The allocator makes one block of them; two headers that say otherwise are old.
TEST(Incidents, FreeBlocksThatTouchHaveNoLinksToCheck) {
  for (const bool touch : {false, true}) {
    Stage stage(Windows::kSeven64);
    PageBuilder page = Page().Block("Even", 0x60).FreeBlock("Gone", 0x80).OverwritePayload(0, Repeat(0xEE, 16));
    WithSystem(stage).Add(touch ? page.FreeBlock("Old ", 0x80).OverwritePayload(0, Repeat(0xEE, 16)).Block("File", 0x80)
                                : page.Block("File", 0x80));
    EXPECT_THAT(Incidents(stage), SizeIs(touch ? 0 : 1));
  }
}

}  // namespace
}  // namespace poolblame::testing
