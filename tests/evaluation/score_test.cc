// Hand-made outcomes against counts known beforehand, the promises, and the line a miss gets.
#include "tests/evaluation/score.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/evaluation/made_by_hand.h"
#include "tests/evaluation/score_json.h"
#include "tests/evaluation/tables.h"
#include "tests/evaluation/targets.h"

namespace poolblame::evaluation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Report AccuseCulprit() {
  return ReportOf(FaultKind::kOverrun, Confidence::kStrong, {BlockSuspect(1.0, kCulprit, "Culp")});
}

Report AccuseBystander(Confidence confidence) {
  return ReportOf(FaultKind::kOverrun, confidence,
                  {BlockSuspect(0.6, kBystander, "Byst"), BlockSuspect(0.4, kCulprit, "Culp")});
}

samples::Truth PayloadOverrun() {
  samples::Truth truth = OverrunTruth(8);
  truth.header_hit = false;
  return truth;
}

TEST(Score, OverrunRanksAndSplits) {
  Score score;
  score.Add(Judged(OverrunTruth(8), AccuseCulprit()));
  score.Add(Judged(OverrunTruth(40), AccuseBystander(Confidence::kInsufficient)));
  score.Add(Judged(OverrunTruth(40), CleanReport()));
  score.Add(Judged(PayloadOverrun(), AccuseCulprit()));
  EXPECT_EQ(score.images, 4U);
  EXPECT_EQ(score.overrun_header.total, 3U);
  EXPECT_EQ(score.overrun_header.first, 1U);
  EXPECT_EQ(score.overrun_header.in_three, 2U);
  EXPECT_EQ(score.overrun_header.no_incident, 1U);
  EXPECT_EQ(score.overrun_header.insufficient, 1U);
  EXPECT_EQ(score.overrun_payload.first, 1U);
  EXPECT_EQ(score.overrun_payload_alike.total, 0U);  // no sibling in that dump
  EXPECT_EQ(score.overrun_splits["length"]["off-by-N"].total, 1U);
  EXPECT_EQ(score.overrun_splits["length"]["longer"].total, 2U);
  EXPECT_EQ(score.overrun_splits["content"]["string"].total, 3U);
  EXPECT_EQ(score.missed["overrun"].visible, 4U);
  EXPECT_EQ(score.missed["overrun"].said_clean, 1U);
  EXPECT_EQ(score.confusion.At("overrun", "overrun").told, 2U);
  EXPECT_EQ(score.confusion.At("overrun", "overrun").insufficient, 1U);
  EXPECT_EQ(score.confusion.At("overrun", "none").told, 1U);
}

TEST(Score, OneHeaderLongIsOffByNAndOneMoreIsNot) {
  EXPECT_TRUE(IsOffByN(Judged(OverrunTruth(16), CleanReport())));
  EXPECT_FALSE(IsOffByN(Judged(OverrunTruth(17), CleanReport())));
}

TEST(Score, WrongAccusationsByConfidence) {
  Score score;
  score.Add(Judged(OverrunTruth(8), AccuseCulprit()));
  score.Add(Judged(OverrunTruth(8), AccuseBystander(Confidence::kStrong)));
  score.Add(Judged(OverrunTruth(8), AccuseBystander(Confidence::kSuspect)));
  EXPECT_EQ(score.accusations["strong"].incidents, 2U);
  EXPECT_EQ(score.accusations["strong"].innocent_first, 1U);
  EXPECT_EQ(score.accusations["suspect"].innocent_first, 1U);
}

TEST(Score, CleanImages) {
  Score score;
  score.Add(Judged(samples::Truth{}, CleanReport()));
  score.Add(Judged(samples::Truth{}, AccuseCulprit()));
  EXPECT_EQ(score.clean.images, 2U);
  EXPECT_EQ(score.clean.false_alarms, 1U);
  EXPECT_EQ(score.clean.verdicts["clean"], 1U);
  EXPECT_EQ(score.accusations["strong"].innocent_first, 1U);
}

TEST(Score, InvisibleDamageIsNoMiss) {
  samples::Truth truth = OverrunTruth(8);
  truth.visible = truth.header_hit = false;
  Score score;
  score.Add(Judged(truth, CleanReport()));
  EXPECT_EQ(score.invisible["none"], 1U);
  EXPECT_EQ(score.overrun_header.total + score.overrun_payload.total, 0U);
  EXPECT_EQ(score.overrun_unseen.total, 1U);
  EXPECT_TRUE(score.confusion.rows().empty());
  EXPECT_THAT(score.missed, IsEmpty());
}

TEST(Score, CleanImagesWithRichPayloadsAreCountedApart) {
  Outcome rich = Judged(samples::Truth{}, AccuseCulprit());
  rich.recipe.style = "pool_index=no payload=rich";
  Score score;
  score.Add(rich);
  score.Add(Judged(samples::Truth{}, CleanReport()));
  EXPECT_EQ(score.clean.images, 2U);
  EXPECT_EQ(score.rich_clean.images, 1U);
  EXPECT_EQ(score.rich_clean.false_alarms, 1U);
  EXPECT_THAT(Tables(score, {}),
              HasSubstr("with rich payloads: 1, false alarms 1; with plain ones: 1, false alarms 0"));
  EXPECT_THAT(ScoreJson(score, {}, 1), HasSubstr("clean_rich"));
}

TEST(Score, DamageThatTheDumpLacksIsNoMissUnlessCalledClean) {
  Outcome outcome = Judged(OverrunTruth(8), CleanReport());
  outcome.in_image = false;
  Score score;
  score.Add(outcome);
  EXPECT_EQ(score.absent_verdicts["clean"], 1U);
  EXPECT_EQ(score.overrun_header.total, 0U);
  EXPECT_THAT(Misses(outcome), ElementsAre("said clean, page not in the dump"));
}

TEST(Score, ACulpritThatTheDumpLacksIsRightlyNobody) {
  samples::Truth truth = OverrunTruth(8);
  truth.culprit_header = 0;
  const Suspect nobody = OtherSuspect(0.9, SuspectRole::kUnknown, FaultKind::kOverrun);
  Outcome outcome = Judged(truth, ReportOf(FaultKind::kOverrun, Confidence::kInsufficient, {nobody}));
  outcome.culprit_in_image = false;
  Score score;
  score.Add(outcome);
  EXPECT_EQ(score.overrun_header.total, 0U);
  EXPECT_EQ(score.overrun_header_absent.first, 1U);
  EXPECT_THAT(Tables(score, {}), HasSubstr("culprit not in dump: said so"));
}

TEST(Score, BitFlipNeedsHardwareAndTheBlockThatWasHit) {
  const Suspect hardware = OtherSuspect(0.9, SuspectRole::kHardware, FaultKind::kBitFlip);
  const Report right = ReportOf(FaultKind::kBitFlip, Confidence::kStrong, {hardware});
  Report elsewhere = right;
  elsewhere.incidents.front().victim = BlockAt(kBystander, "Byst");
  Score score;
  score.Add(Judged(BitFlipTruth(), right));
  score.Add(Judged(BitFlipTruth(), elsewhere));
  EXPECT_EQ(score.kinds["bit-flip"].total, 2U);
  EXPECT_EQ(score.kinds["bit-flip"].kind, 2U);
  EXPECT_EQ(score.kinds["bit-flip"].block, 1U);
  EXPECT_EQ(score.kinds["bit-flip"].both, 1U);
}

TEST(Targets, HoldOrMiss) {
  Score score;
  score.Add(Judged(OverrunTruth(8), AccuseCulprit()));
  score.Add(Judged(samples::Truth{}, CleanReport()));
  EXPECT_TRUE(AllHold(CheckTargets(score, {})));
  score.Add(Judged(samples::Truth{}, AccuseCulprit()));
  EXPECT_FALSE(AllHold(CheckTargets(score, {})));
}

TEST(Targets, AnUnbuiltImageIsNoSuccess) {
  Outcome unbuilt;
  unbuilt.recipe = RecipeFor("overrun");
  unbuilt.error = "build: unknown word";
  Score score;
  score.Add(unbuilt);
  EXPECT_FALSE(AllHold(CheckTargets(score, {})));
  EXPECT_THAT(score.errors, ElementsAre(HasSubstr("unknown word")));
}

TEST(Misses, RightIsSilentWrongHasItsRecipe) {
  EXPECT_EQ(MissLine(Judged(OverrunTruth(8), AccuseCulprit())), "");
  const Outcome wrong = Judged(OverrunTruth(8), AccuseBystander(Confidence::kStrong));
  EXPECT_THAT(Misses(wrong), ElementsAre("overrun not first", "innocent accused, strong"));
  EXPECT_THAT(MissLine(wrong), HasSubstr('"' + wrong.recipe.Text() + '"'));
  EXPECT_THAT(Misses(Judged(samples::Truth{}, AccuseCulprit())),
              ElementsAre("false alarm", "innocent accused, strong"));
}

TEST(Tables, SayTheCounts) {
  Score score;
  score.Add(Judged(OverrunTruth(8), AccuseCulprit()));
  const std::vector<TargetResult> targets = CheckTargets(score, {});
  EXPECT_THAT(Tables(score, targets), HasSubstr("header damaged                       1   100.0 %   100.0 %"));
  EXPECT_THAT(Tables(score, targets), HasSubstr("right kind: 1 of 1 (100.0 %)"));
  EXPECT_THAT(ScoreJson(score, targets, 42), HasSubstr("\"seed\": 42"));
}

}  // namespace
}  // namespace poolblame::evaluation
