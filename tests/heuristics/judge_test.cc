// The whole way from bytes to the answer: verdicts, sums, order, and what may never be said.
#include <gtest/gtest.h>

#include <algorithm>

#include "heuristics/report.h"
#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::uint32_t kHealthy = 12;

PageBuilder Page(std::uint32_t seed = 1) { return PageBuilder(Windows::kSeven64, seed); }

Report Judged(const PageBuilder& page) {
  Stage stage(Windows::kSeven64);
  stage.AddHealthy(kHealthy).Add(page).AddHealthy(1);
  stage.TagFile("Culp - culprit.sys - buffers\nVict - victim.sys - objects\n");
  return stage.Judge();
}

PageBuilder Between(const PageBuilder& damaged) { return PageBuilder(damaged).Block("File", 0x60).Block("Even", 0x80); }

PageBuilder Overrun(std::uint8_t fill, std::uint32_t bytes, std::uint8_t byte) {
  return Between(Page().Block("Even", 0x60).Block("Culp", 0x80).Fill(fill).Overrun(bytes, byte).Block("Vict", 0x60));
}

void ExpectSound(const Report& report) {
  for (const Incident& incident : report.incidents) {
    double suspects = 0, kinds = 0, last = 1;
    for (std::size_t i = 0; i < incident.suspects.size(); ++i) {
      const Suspect& suspect = incident.suspects[i];
      EXPECT_EQ(suspect.rank, i + 1);
      EXPECT_LE(suspect.probability, last);
      EXPECT_EQ(suspect.block.has_value(), suspect.role == SuspectRole::kBlock);
      last = suspect.probability;
      suspects += suspect.probability;
    }
    last = 1;
    for (const auto& [kind, probability] : incident.kind_probabilities) {
      EXPECT_LE(probability, last);
      last = probability;
      kinds += probability;
    }
    EXPECT_NEAR(suspects, 1, 1e-9);
    EXPECT_NEAR(kinds, 1, 1e-9);
    ASSERT_FALSE(incident.kind_probabilities.empty());
    EXPECT_EQ(incident.kind, incident.kind_probabilities.front().first);
    EXPECT_LT(incident.damage.start, incident.damage.end);
  }
}

TEST(Judge, AHealthyImageIsClean) {
  const Report report = Judged(Page().Block("Even", 0x60).FreeBlock("Gone", 0x80).Block("File", 0x60));
  EXPECT_EQ(report.verdict, Verdict::kClean);
  EXPECT_THAT(report.incidents, IsEmpty());
}

TEST(Judge, AFillOverTheBoundaryNamesItsWriter) {
  const Report report = Judged(Overrun(0x41, 12, 0x41));
  EXPECT_EQ(report.verdict, Verdict::kCorrupt);
  ASSERT_THAT(report.incidents, SizeIs(1));
  ExpectSound(report);
  const Incident& incident = report.incidents[0];
  EXPECT_EQ(incident.id, 1U);
  EXPECT_EQ(incident.kind, FaultKind::kOverrun);
  EXPECT_NE(incident.confidence, Confidence::kInsufficient);
  const Suspect& first = incident.suspects[0];
  ASSERT_TRUE(first.block.has_value());
  EXPECT_EQ(first.block->tag.text(), "Culp");
  EXPECT_EQ(first.owner.driver, "culprit.sys");
  EXPECT_THAT(incident.advice, Contains(HasSubstr("/driver culprit.sys")));
  EXPECT_EQ(incident.damage.start, FactsOf(Windows::kSeven64).first_page + kHealthy * kPageSize + 0xE0);
  EXPECT_EQ(incident.damage.bytes.front(), 0x41);
}

// As long as a header and no longer: an overrun by one unit, or an underrun that stops where its data begins. The fill
// begins with the block below, so it is that block's.
TEST(Judge, AFillThatIsExactlyAHeaderLongIsItsWriters) {
  const Report report = Judged(Overrun(0x41, 16, 0x41));
  ASSERT_THAT(report.incidents, SizeIs(1));
  ExpectSound(report);
  EXPECT_EQ(report.incidents[0].kind, FaultKind::kOverrun);
  EXPECT_EQ(report.incidents[0].suspects[0].block->tag.text(), "Culp");
}

// The victim's data then begins with the same bytes, so its own underrun explains them, too.
TEST(Judge, AFillIntoTheVictimsDataIsStillItsWriters) {
  const Report report = Judged(Overrun(0x41, 24, 0x41));
  ASSERT_THAT(report.incidents, SizeIs(1));
  EXPECT_EQ(report.incidents[0].kind, FaultKind::kOverrun);
  EXPECT_EQ(report.incidents[0].suspects[0].block->tag.text(), "Culp");
  EXPECT_NE(report.incidents[0].confidence, Confidence::kInsufficient);
}

TEST(Judge, TheExpectedHeaderIsTheOneThatStoodThere) {
  const Report report =
      Judged(Between(Page().Block("Even", 0x60).Block("Culp", 0x80).Fill(0x41).Overrun(4, 0x41).Block("File", 0x60)));
  ASSERT_THAT(report.incidents, SizeIs(1));
  ASSERT_TRUE(report.incidents[0].expected_header.has_value());
  EXPECT_EQ(report.incidents[0].expected_header->previous_size, 0x80U);
  EXPECT_EQ(report.incidents[0].expected_header->block_size, 0x60U);
  EXPECT_EQ(report.incidents[0].victim->tag.text(), "File");
}

// A wrong accusation costs more than "insufficient": zeros stand behind zeros in every image.
TEST(Judge, AZeroFilledHeaderIsASuspectAndNeverStrong) {
  for (const std::uint32_t bytes : {4U, 8U, 16U, 0x40U}) {
    const Report report = Judged(Overrun(0x00, bytes, 0x00));
    ASSERT_THAT(report.incidents, SizeIs(1)) << bytes;
    ExpectSound(report);
    EXPECT_NE(report.incidents[0].confidence, Confidence::kStrong) << bytes;
  }
  const Report whole = Judged(Overrun(0x00, 16, 0x00));
  EXPECT_EQ(whole.incidents[0].confidence, Confidence::kSuspect);
}

TEST(Judge, BytesThatNobodyHoldsAreNeverStrong) {
  const Report report =
      Judged(Between(Page().Block("Even", 0x60).Block("Culp", 0x80).Overrun(Varied(16, 4321)).Block("Vict", 0x60)));
  ASSERT_THAT(report.incidents, SizeIs(1));
  ExpectSound(report);
  EXPECT_NE(report.incidents[0].confidence, Confidence::kStrong);
}

TEST(Judge, AFillUnlikeItsNeighbourIsNeverStrong) {
  const Report report = Judged(Overrun(0x00, 16, 0x41));
  ASSERT_THAT(report.incidents, SizeIs(1));
  EXPECT_NE(report.incidents[0].confidence, Confidence::kStrong);
}

TEST(Judge, ABitFlipAccusesNoDriver) {
  const Report report =
      Judged(Between(Page().Block("Even", 0x60).Block("Culp", 0x80).Block("Vict", 0x60).FlipBit(2, 6)));
  ASSERT_THAT(report.incidents, SizeIs(1));
  ExpectSound(report);
  const Incident& incident = report.incidents[0];
  EXPECT_EQ(incident.kind, FaultKind::kBitFlip);
  EXPECT_EQ(incident.suspects[0].role, SuspectRole::kHardware);
  EXPECT_NE(incident.confidence, Confidence::kStrong);
  EXPECT_THAT(incident.advice, Each(Not(HasSubstr(".sys"))));
  EXPECT_THAT(incident.advice, Contains(HasSubstr("memory")));
}

TEST(Judge, InsufficientEvidenceAccusesNoDriver) {
  int seen = 0;
  for (std::uint32_t field = 0; field < 12; ++field) {
    const Report report = Judged(Between(
        Page().Block("Even", 0x60).Block("Culp", 0x80).Block("Vict", 0x60).OverwriteHeader(field, Varied(2, field))));
    ExpectSound(report);
    for (const Incident& incident : report.incidents) {
      if (incident.confidence != Confidence::kInsufficient) continue;
      ++seen;
      EXPECT_THAT(incident.advice, Each(Not(HasSubstr(".sys"))));
      EXPECT_THAT(incident.advice, Not(IsEmpty()));
    }
  }
  EXPECT_GT(seen, 0);
}

TEST(Judge, AnUnderrunIsTheDamagedBlocksOwn) {
  const Report report = Judged(Between(
      Page().Block("Even", 0x60).Block("Left", 0x80).Block("Culp", 0x80).Fill(0x41).Underrun(Repeat(0x41, 14))));
  ASSERT_THAT(report.incidents, SizeIs(1));
  ExpectSound(report);
  EXPECT_EQ(report.incidents[0].kind, FaultKind::kUnderrun);
  EXPECT_EQ(report.incidents[0].suspects[0].block->header,
            FactsOf(Windows::kSeven64).first_page + kHealthy * kPageSize + 0xE0);
}

TEST(Judge, DataInAFreeBlocksLinksIsItsLastOwners) {
  const Report report = Judged(Between(
      Page().Block("Even", 0x60).Block("Left", 0x80).FreeBlock("Culp", 0x80).OverwritePayload(0, Word(0x1234, 8))));
  ASSERT_THAT(report.incidents, SizeIs(1));
  ExpectSound(report);
  EXPECT_EQ(report.incidents[0].kind, FaultKind::kUseAfterFree);
  EXPECT_EQ(report.incidents[0].suspects[0].block->tag.text(), "Culp");
}

TEST(Judge, ADoubleFreeIsNamedByTheBugCheck) {
  Stage stage(Windows::kSeven64);
  stage.AddHealthy(kHealthy).Add(Between(Page().Block("Even", 0x60).FreeBlock("Culp", 0x80)));
  stage.Crash(BugCheckHint::kDoubleFree, stage.AddressOf(kHealthy, 0x70), AddressUse::kBlockPayload);
  const Report report = stage.Judge();
  ASSERT_THAT(report.incidents, SizeIs(1));
  ExpectSound(report);
  EXPECT_EQ(report.incidents[0].kind, FaultKind::kDoubleFree);
  EXPECT_EQ(report.incidents[0].suspects[0].block->tag.text(), "Culp");
}

TEST(Judge, TheSurestIncidentComesFirst) {
  Stage stage(Windows::kSeven64);
  stage.AddHealthy(kHealthy)
      .Add(Between(
          Page(1).Block("Even", 0x60).Block("Aaaa", 0x80).Block("Vict", 0x60).OverwriteHeader(5, Repeat(0xEE, 1))))
      .Add(Overrun(0x41, 24, 0x41));
  const Report report = stage.Judge();
  ASSERT_THAT(report.incidents, SizeIs(2));
  ExpectSound(report);
  EXPECT_EQ(report.incidents[0].suspects[0].block->tag.text(), "Culp");
  EXPECT_EQ(report.incidents[0].id, 1U);
  EXPECT_EQ(report.incidents[1].id, 2U);
}

TEST(Judge, APageThatTheBugCheckNamesAndTheImageLacksIsInconclusive) {
  Stage stage(Windows::kSeven64);
  stage.AddHealthy(kHealthy);
  stage.Crash(BugCheckHint::kOverrunLikely, 0xFFFFFA8009990010, AddressUse::kBlockPayload);
  const Report report = stage.Judge();
  EXPECT_EQ(report.verdict, Verdict::kInconclusive);
  ASSERT_THAT(report.not_judged, SizeIs(1));
  EXPECT_EQ(report.not_judged[0].address->page().value, 0xFFFFFA8009990000);
}

TEST(Judge, AnImageWithoutPoolIsInconclusive) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Overwrite(0, Repeat(0, 4096)));
  EXPECT_EQ(stage.Judge().verdict, Verdict::kInconclusive);
}

TEST(Judge, EveryWindowsSeesTheSameOverrun) {
  for (const Windows windows : {Windows::kXp32, Windows::kSeven32, Windows::kSeven64, Windows::kEightOne64}) {
    Stage stage(windows);
    stage.AddHealthy(kHealthy)
        .Add(PageBuilder(windows)
                 .Block("Even", 0x60)
                 .Block("Culp", 0x80)
                 .Fill(0xEE)
                 .Overrun(12, 0xEE)
                 .Block("Vict", 0x60))
        .AddHealthy(1);
    const Report report = stage.Judge();
    ASSERT_THAT(report.incidents, SizeIs(1)) << stage.facts().layout;
    ExpectSound(report);
    EXPECT_EQ(report.incidents[0].suspects[0].block->tag.text(), "Culp") << stage.facts().layout;
    EXPECT_NE(report.incidents[0].confidence, Confidence::kInsufficient) << stage.facts().layout;
  }
}

}  // namespace
}  // namespace poolblame::testing
