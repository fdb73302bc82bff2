// Where the damage starts and stops, and underruns: group A.
#include <gtest/gtest.h>

#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

PageBuilder Page() { return PageBuilder(Windows::kSeven64); }

std::vector<Vote> Middle(const PageBuilder& page, FaultKind kind) {
  Stage stage(Windows::kSeven64);
  stage.Add(page);
  const Scene scene = stage.Scene();
  return VotesOf(VoteDamageExtent, scene, HypothesisOf(scene, kind));
}

// damage-extent

TEST(DamageExtent, AHeaderDamagedFromItsFirstByteIsAnOverruns) {
  const auto votes = On(Page().Block("Culp", 0x80).Overrun(4, 0xEE).Block("Vict", 0x40), VoteDamageExtent,
                        FaultKind::kOverrun, "Culp");
  ASSERT_THAT(votes, Votes(Weight::kDamagePrefix));
  EXPECT_THAT(votes.front().text, HasSubstr("runs for 4 bytes"));
}

// The tag is "CDEF" then: no healthy block has it, so it is no intact tag.
TEST(DamageExtent, TextOverATagIsNoIntactTag) {
  const PageBuilder page = Page().Block("Left", 0x80).Block("Culp", 0x40).Underrun(Ascii("ABCDEFGHIJKLMN"));
  Stage text(Windows::kSeven64), known(Windows::kSeven64);
  text.Add(page);
  known.Sibling("CDEF", Varied(0x30, 1)).Add(page);
  for (Stage* stage : {&text, &known}) {
    Scene scene = stage->Scene();
    // as a reader sees it that takes any printable tag for a good one
    const_cast<PoolBlock*>(scene.blocks[1].block)->damaged_bytes = 0x0C;
    scene.spots.front().end = scene.spots.front().begin + 2;
    EXPECT_THAT(VotesOf(VoteDamageExtent, scene, HypothesisOf(scene, FaultKind::kUnderrun, "Culp")),
                Votes(stage == &text ? Weight::kDamageHeaderEnd : Weight::kDamageNotSuffix));
  }
}

TEST(DamageExtent, OneByteIsCalledOneByte) {
  const auto votes = On(Page().Block("Culp", 0x80).Overrun(1, 0xEE).Block("Vict", 0x40), VoteDamageExtent,
                        FaultKind::kOverrun, "Culp");
  ASSERT_THAT(votes, Votes(Weight::kDamagePrefix));
  EXPECT_THAT(votes.front().text, HasSubstr("runs for 1 byte"));
  EXPECT_THAT(votes.front().text, Not(HasSubstr("bytes")));
}

TEST(DamageExtent, AnIntactStartOfTheHeaderSpeaksAgainstAnOverrun) {
  EXPECT_THAT(On(Page().Block("Culp", 0x80).Block("Vict", 0x40).OverwriteHeader(4, Repeat(0xEE, 4)), VoteDamageExtent,
                 FaultKind::kOverrun, "Culp"),
              Votes(Weight::kDamageNotPrefix));
  EXPECT_LT(WeightOf(Weight::kDamageNotPrefix).log_odds, 0);
}

TEST(DamageExtent, AByteThatTheFillExplainsIsNoGap) {
  // PreviousSize is 8 and stays 8
  EXPECT_THAT(On(Page().Block("Culp", 0x80).Overrun(8, 0x08).Block("Vict", 0x40), VoteDamageExtent, FaultKind::kOverrun,
                 "Culp"),
              Votes(Weight::kDamagePrefix));
}

TEST(DamageExtent, AByteThatNothingExplainsIsAGap) {
  EXPECT_THAT(On(Page().Block("Culp", 0x80).Overrun(Word(0xEEDDCC08, 4)).Block("Vict", 0x40), VoteDamageExtent,
                 FaultKind::kOverrun, "Culp"),
              Votes(Weight::kDamageNotPrefix));
}

/// Records of 16 bytes with a counter in front.
ByteString Counted(std::uint32_t from, std::uint32_t records) {
  ByteString bytes;
  for (std::uint32_t i = 0; i < records; ++i) bytes = bytes + Word(from + i, 4) + Varied(12, 7);
  return bytes;
}

// PreviousSize is 8, and so is the next count.
TEST(DamageExtent, ACountThatFitsByChanceIsNoGap) {
  EXPECT_THAT(On(Page().Block("Culp", 0x80).PutAtEnd(Counted(1, 7)).Overrun(Counted(8, 1)).Block("Vict", 0x40),
                 VoteDamageExtent, FaultKind::kOverrun, "Culp"),
              Votes(Weight::kDamagePrefix));
  EXPECT_THAT(On(Page().Block("Culp", 0x80).Overrun(Counted(8, 1)).Block("Vict", 0x40), VoteDamageExtent,
                 FaultKind::kOverrun, "Culp"),
              Votes(Weight::kDamageNotPrefix));
}

// The block before shows one record at most; the write goes on behind the header with three.
TEST(DamageExtent, ACountThatTheOtherSideForetellsIsNoGap) {
  const ByteString records = Counted(8, 4);
  EXPECT_THAT(On(Page().Block("Culp", 0x80).Overrun(records).Block("Vict", 0x40), VoteDamageExtent, FaultKind::kOverrun,
                 "Culp"),
              Votes(Weight::kDamagePrefix));
}

TEST(DamageExtent, ZerosThatFitInThreeHeadersMakeAWeakPrefix) {
  const PageBuilder page = Page()
                               .Block("Culp", 0x80)
                               .Overrun(Cycle({0xEE, 0x00, 0xDD, 0xCC}, 0x48))
                               .Block("Aaaa", 0x20)
                               .Block("Bbbb", 0x20)
                               .Block("Cccc", 0x40);
  EXPECT_THAT(On(page, VoteDamageExtent, FaultKind::kOverrun, "Culp"), IncludesVote(Weight::kDamagePrefixWeak));
}

TEST(DamageExtent, BytesBehindTheFirstEightProveNothing) {
  EXPECT_THAT(On(Page().Block("Culp", 0x80).Block("Vict", 0x40).OverwriteHeader(8, Repeat(0xEE, 8)), VoteDamageExtent,
                 FaultKind::kUnderrun, "Vict"),
              Votes(Weight::kDamageHeaderEnd));
}

TEST(DamageExtent, WhereProcessBilledIsCheckedItsIntactEndSpeaksAgainstAnUnderrun) {
  EXPECT_THAT(On(Page().Block("Culp", 0x80).Block("Vict", 0x40).OverwriteHeader(8, Repeat(0xEE, 4)), VoteDamageExtent,
                 FaultKind::kUnderrun, "Vict"),
              Votes(Weight::kDamageNotSuffix));
}

TEST(DamageExtent, TheEndOfAHeaderIsAnUnderruns) {
  EXPECT_THAT(On(Page().Block("Left", 0x80).Block("Culp", 0x40).Underrun(Repeat(0xEE, 12)), VoteDamageExtent,
                 FaultKind::kUnderrun, "Culp"),
              Votes(Weight::kDamageHeaderEnd));
}

TEST(DamageExtent, AnIntactEndOfTheHeaderSpeaksAgainstAnUnderrun) {
  Stage stage(Windows::kSeven64);
  stage.Sibling("Culp", Varied(0x30, 1));
  stage.Add(Page().Block("Left", 0x80).Block("Culp", 0x40).OverwriteHeader(0, Repeat(0xEE, 4)));
  EXPECT_THAT(On(stage, VoteDamageExtent, FaultKind::kUnderrun, "Culp"), Votes(Weight::kDamageNotSuffix));
}

TEST(DamageExtent, AWholeHeaderFitsBothWays) {
  const PageBuilder page = Page().Block("Culp", 0x80).Overrun(16, 0xEE).Block("Vict", 0x40);
  EXPECT_THAT(On(page, VoteDamageExtent, FaultKind::kOverrun, "Culp"), Votes(Weight::kDamagePrefix));
  EXPECT_THAT(On(page, VoteDamageExtent, FaultKind::kUnderrun, "Vict"), Votes(Weight::kDamageSuffix));
}

TEST(DamageExtent, ARunThroughSeveralHeadersCountsFromItsStart) {
  const PageBuilder page =
      Page().Block("Frst", 0x40).Block("Culp", 0x40).Overrun(0x30, 0xEE).Block("Vict", 0x20).Block("Next", 0x60);
  EXPECT_THAT(On(page, VoteDamageExtent, FaultKind::kOverrun, "Culp"), IncludesVote(Weight::kDamageRunLong));
  EXPECT_THAT(On(page, VoteDamageExtent, FaultKind::kOverrun, "Frst"), Votes(Weight::kDamageNotPrefix));
}

TEST(DamageExtent, OverAPageBoundary) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Block("Head", 0x800).Block("Culp", 0x800));
  stage.Add(PageBuilder(Windows::kSeven64, 2).Block("Vict", 0x40).OverwriteHeader(0, Repeat(0xEE, 8)));
  EXPECT_THAT(On(stage, VoteDamageExtent, FaultKind::kOverrun, "Culp"), IncludesVote(Weight::kCrossPage));
}

TEST(DamageExtent, AFieldInTheMiddleWasAimedAt) {
  const PageBuilder page = Page().Block("Culp", 0x80).Block("Vict", 0x40).OverwriteHeader(2, Repeat(0xEE, 1));
  EXPECT_THAT(Middle(page, FaultKind::kWildWrite), Votes(Weight::kMiddleField));
  EXPECT_THAT(Middle(page, FaultKind::kBitFlip), Votes(Weight::kMiddleField));
}

TEST(DamageExtent, AStrayPointerWritesWholeWords) {
  const auto stray = [](std::uint32_t bytes) {
    return Middle(Page().Block("Culp", 0x80).Overrun(bytes, 0xEE).Block("Vict", 0x40), FaultKind::kWildWrite);
  };
  for (const std::uint32_t bytes : {1U, 2U, 4U, 8U}) EXPECT_THAT(stray(bytes), IsEmpty()) << bytes;
  EXPECT_THAT(stray(3), Votes(Weight::kNotOneStore));
}

TEST(DamageExtent, AStoreHitsTheTagAlone) {
  const auto tag = [](std::uint32_t from, std::uint32_t bytes) {
    const auto page = Page().Block("Culp", 0x80).Block("Vict", 0x40).OverwriteHeader(from, Repeat(0xEE, bytes));
    return Middle(page, FaultKind::kWildWrite);
  };
  EXPECT_THAT(tag(4, 4), Votes(Weight::kTagStore));
  EXPECT_THAT(tag(3, 5), Not(IncludesVote(Weight::kTagStore)));
  EXPECT_THAT(tag(8, 4), Not(IncludesVote(Weight::kTagStore)));
}

TEST(DamageExtent, DamageAtAnEndOfTheHeaderIsNoMiddleField) {
  EXPECT_THAT(Middle(Page().Block("Culp", 0x80).Overrun(4, 0xEE).Block("Vict", 0x40), FaultKind::kWildWrite),
              IsEmpty());
  EXPECT_THAT(
      Middle(Page().Block("Culp", 0x80).Block("Vict", 0x40).OverwriteHeader(8, Repeat(0xEE, 8)), FaultKind::kWildWrite),
      IsEmpty());
}

// foreign-content

/// Damage from 0x200 on through three headers; the third block is `last` bytes long.
PageBuilder LongDamage(std::uint32_t last) {
  return Page()
      .Block("Frst", 0x200)
      .Overrun(0x190, 0xEE)
      .Block("Vic1", 0x100)
      .Block("Vic2", 0x80)
      .Block("Vic3", last)
      .Block("Next", 0x60);
}

TEST(ForeignContent, LongDamageBetweenTwoSectorBoundaries) {
  Stage stage(Windows::kSeven64);
  stage.Add(LongDamage(0x80));
  const Scene scene = stage.Scene();
  EXPECT_THAT(VotesOf(VoteForeignContent, scene, HypothesisOf(scene, FaultKind::kPageStomp)),
              Votes(Weight::kForeignAlignment));
  EXPECT_THAT(VotesOf(VoteForeignContent, scene, HypothesisOf(scene, FaultKind::kOverrun, "Frst")), IsEmpty());
}

TEST(ForeignContent, DamageThatStartsBehindAHeaderWhichASectorWouldHaveHitIsSilent) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page()
                .Block("Frst", 0x190)
                .Block("Culp", 0x90)  // holds the boundary at 0x200
                .Overrun(0x190, 0xEE)
                .Block("Vic1", 0x100)
                .Block("Vic2", 0x80)
                .Block("Vic3", 0x60)
                .Block("Next", 0x60));
  const Scene scene = stage.Scene();
  EXPECT_THAT(VotesOf(VoteForeignContent, scene, HypothesisOf(scene, FaultKind::kPageStomp)),
              Votes(Weight::kForeignAlignment));
  Stage later(Windows::kSeven64);
  later.Add(Page()
                .Block("Frst", 0x210)
                .Block("Culp", 0x10)  // its header stands behind that boundary
                .Overrun(0x190, 0xEE)
                .Block("Vic1", 0x100)
                .Block("Vic2", 0x80)
                .Block("Vic3", 0x60)
                .Block("Next", 0x60));
  const Scene behind = later.Scene();
  EXPECT_THAT(VotesOf(VoteForeignContent, behind, HypothesisOf(behind, FaultKind::kPageStomp)), IsEmpty());
}

TEST(ForeignContent, DamageThatEndsBeforeASectorDoesIsSilent) {
  Stage stage(Windows::kSeven64);
  stage.Add(LongDamage(0x70));
  const Scene scene = stage.Scene();
  EXPECT_THAT(VotesOf(VoteForeignContent, scene, HypothesisOf(scene, FaultKind::kPageStomp)), IsEmpty());
}

// underrun-content

TEST(UnderrunContent, DataGoesOnBackwards) {
  EXPECT_THAT(On(Page().Block("Left", 0x80).Block("Culp", 0x80).Fill(0x41).Underrun(Repeat(0x41, 12)),
                 VoteUnderrunContent, FaultKind::kUnderrun, "Culp"),
              Votes(Weight::kUnderrunPattern));
}

TEST(UnderrunContent, ZerosVoteWeakly) {
  EXPECT_THAT(On(Page().Block("Left", 0x80).Block("Culp", 0x80).Fill(0).Underrun(Repeat(0, 14)), VoteUnderrunContent,
                 FaultKind::kUnderrun, "Culp"),
              Votes(Weight::kUnderrunZero));
}

TEST(UnderrunContent, OtherDataIsSilent) {
  EXPECT_THAT(On(Page().Block("Left", 0x80).Block("Culp", 0x80).Fill(0x42).Underrun(Repeat(0x41, 12)),
                 VoteUnderrunContent, FaultKind::kUnderrun, "Culp"),
              IsEmpty());
  EXPECT_THAT(On(Page().Block("Left", 0x80).Block("Culp", 0x80).Underrun(Repeat(0x41, 12)), VoteUnderrunContent,
                 FaultKind::kUnderrun, "Culp"),
              IsEmpty());
}

}  // namespace
}  // namespace poolblame::testing
