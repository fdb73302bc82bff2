// How sure may we say that we are? "strong" needs where and what, each by itself is at most "suspect".
#include "heuristics/confidence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "heuristics/written_run.h"
#include "tests/pool/opened_image.h"

namespace poolblame {
namespace {

Hypothesis With(SuspectRole role, std::initializer_list<std::pair<Weight, double>> votes) {
  Hypothesis h;
  h.role = role;
  h.kind = role == SuspectRole::kHardware ? FaultKind::kBitFlip : FaultKind::kOverrun;
  for (const auto& [weight, strength] : votes) h.votes.push_back({weight, strength, std::nullopt, "", ""});
  return h;
}

Hypothesis Block(std::initializer_list<std::pair<Weight, double>> votes) { return With(SuspectRole::kBlock, votes); }

constexpr Weight kExtents[] = {Weight::kDamagePrefix, Weight::kCrossPage, Weight::kDamageSuffix,
                               Weight::kDamageHeaderEnd};
constexpr Weight kTelling[] = {Weight::kContinuesPattern, Weight::kContinuesStride, Weight::kContinuesText,
                               Weight::kPointerIntoOwner, Weight::kUnderrunPattern, Weight::kCountOverCapacity};

TEST(Confidence, StrongNeedsExtentAndTellingContent) {
  for (const Weight extent : kExtents)
    for (const Weight content : kTelling)
      if (extent != Weight::kCrossPage || content != Weight::kContinuesText) {
        EXPECT_EQ(ConfidenceOf(Block({{extent, 1}, {content, 2}}), 0.98), Confidence::kStrong);
      }
}

TEST(Confidence, TextOverAPagesEndMayBeAnOverwrittenPage) {
  const auto over_end = Block({{Weight::kCrossPage, 1}, {Weight::kContinuesText, 2}});
  EXPECT_EQ(ConfidenceOf(over_end, 0.99), Confidence::kSuspect);
}

TEST(Confidence, EachAloneIsSuspect) {
  for (const Weight extent : kExtents) EXPECT_EQ(ConfidenceOf(Block({{extent, 1}}), 0.99), Confidence::kSuspect);
  for (const Weight content : kTelling) EXPECT_EQ(ConfidenceOf(Block({{content, 1}}), 0.99), Confidence::kSuspect);
}

TEST(Confidence, FromAFewPagesItTakesMore) {
  Hypothesis overrun = Block({{Weight::kDamagePrefix, 1}}), underrun = Block({{Weight::kDamageSuffix, 1}});
  overrun.kind = FaultKind::kOverrun;
  underrun.kind = FaultKind::kUnderrun;
  EXPECT_EQ(ConfidenceOf(overrun, 0.79), Confidence::kSuspect);
  EXPECT_EQ(ConfidenceOf(overrun, 0.79, {}, Ground::kFewPages), Confidence::kInsufficient);
  EXPECT_EQ(ConfidenceOf(overrun, 0.81, {}, Ground::kFewPages), Confidence::kSuspect);
  EXPECT_EQ(ConfidenceOf(underrun, 0.89, {}, Ground::kFewPages), Confidence::kInsufficient);
  EXPECT_EQ(ConfidenceOf(underrun, 0.91, {}, Ground::kFewPages), Confidence::kSuspect);
}

TEST(Confidence, ItTakesMoreToSayThatAWriteRanDown) {
  Hypothesis overrun = Block({{Weight::kDamagePrefix, 1}}), underrun = Block({{Weight::kDamageSuffix, 1}});
  overrun.kind = FaultKind::kOverrun;
  underrun.kind = FaultKind::kUnderrun;
  EXPECT_EQ(ConfidenceOf(overrun, 0.74), Confidence::kInsufficient);
  EXPECT_EQ(ConfidenceOf(overrun, 0.76), Confidence::kSuspect);
  EXPECT_EQ(ConfidenceOf(underrun, 0.79), Confidence::kInsufficient);
  EXPECT_EQ(ConfidenceOf(underrun, 0.81), Confidence::kSuspect);
}

TEST(Confidence, ZerosAreNeverTelling) {
  EXPECT_EQ(ConfidenceOf(Block({{Weight::kDamagePrefix, 1}, {Weight::kContinuesZero, 1}}), 0.999),
            Confidence::kSuspect);
  EXPECT_EQ(ConfidenceOf(Block({{Weight::kDamageSuffix, 1}, {Weight::kUnderrunZero, 1}}), 0.999), Confidence::kSuspect);
  EXPECT_EQ(ConfidenceOf(Block({{Weight::kDamagePrefix, 1}, {Weight::kDamageRunLong, 1}, {Weight::kContinuesZero, 1}}),
                         0.999),
            Confidence::kSuspect);
}

TEST(Confidence, AWeakSightOfContentIsNotTelling) {
  EXPECT_EQ(ConfidenceOf(Block({{Weight::kDamagePrefix, 1}, {Weight::kContinuesPattern, 0.2}}), 0.99),
            Confidence::kSuspect);
}

TEST(Confidence, StrongNeedsTheProbabilityToo) {
  EXPECT_EQ(ConfidenceOf(Block({{Weight::kDamagePrefix, 1}, {Weight::kContinuesPattern, 1}}), 0.85),
            Confidence::kSuspect);
  EXPECT_EQ(ConfidenceOf(Block({{Weight::kDamagePrefix, 1}, {Weight::kContinuesPattern, 1}}), 0.4),
            Confidence::kInsufficient);
}

TEST(Confidence, ARivalThatContentSpeaksForTakesStrongAway) {
  Hypothesis best = Block({{Weight::kDamagePrefix, 1}, {Weight::kContinuesPattern, 1}});
  best.block = 1;
  Hypothesis rival = Block({{Weight::kUnderrunPattern, 1}});
  rival.block = 2;
  const Hypothesis bystander = Block({{Weight::kDamageNotPrefix, 1}});
  EXPECT_EQ(ConfidenceOf(best, 0.98, {best, bystander}), Confidence::kStrong);
  EXPECT_EQ(ConfidenceOf(best, 0.98, {best, rival}), Confidence::kSuspect);
}

/// An overrun's run against an underrun's and, where that is given, a device's.
RunFit FitOf(double overrun, double underrun, std::optional<double> aligned = std::nullopt) {
  RunFit fit;
  fit.overrun.log_likelihood = overrun;
  fit.underrun.log_likelihood = underrun;
  if (aligned) fit.aligned.emplace().log_likelihood = *aligned;
  fit.overrun.end = fit.overrun.begin + 64;
  return fit;
}

TEST(Confidence, StrongNeedsADirection) {
  const Hypothesis best = Block({{Weight::kDamagePrefix, 1}, {Weight::kContinuesPattern, 1}});
  const auto with = [&](const RunFit& fit) { return ConfidenceOf(best, 0.99, {}, Ground::kChain, &fit); };
  EXPECT_EQ(with(FitOf(-10, -13)), Confidence::kStrong);
  EXPECT_EQ(with(FitOf(-10, -11)), Confidence::kSuspect);
  EXPECT_EQ(with(FitOf(-10, -13, -12)), Confidence::kSuspect);
  EXPECT_EQ(with(FitOf(-10, -13, -15)), Confidence::kStrong);
}

TEST(Confidence, TextNeedsMoreOfADirectionThanAPattern) {
  const auto with = [&](const Hypothesis& best, const RunFit& fit) {
    return ConfidenceOf(best, 0.99, {}, Ground::kChain, &fit);
  };
  const Hypothesis text = Block({{Weight::kDamagePrefix, 1}, {Weight::kContinuesText, 2}});
  const Hypothesis both =
      Block({{Weight::kDamagePrefix, 1}, {Weight::kContinuesText, 2}, {Weight::kContinuesStride, 1}});
  EXPECT_EQ(with(text, FitOf(-10, -13.5)), Confidence::kSuspect);
  EXPECT_EQ(with(text, FitOf(-10, -14)), Confidence::kStrong);
  EXPECT_EQ(with(both, FitOf(-10, -13.5)), Confidence::kStrong);
}

TEST(Confidence, TextWhereTheDataAboveBeginsTellsNoDirection) {
  for (bool RunFit::*const text : {&RunFit::is_text_above, &RunFit::is_text_up_to_data}) {
    RunFit fit = FitOf(-10, -20);
    const auto with = [&](Weight content) {
      const Hypothesis best = Block({{Weight::kDamagePrefix, 1}, {content, 2}});
      return ConfidenceOf(best, 0.99, {}, Ground::kChain, &fit);
    };
    EXPECT_EQ(with(Weight::kContinuesText), Confidence::kStrong);
    fit.*text = true;
    EXPECT_EQ(with(Weight::kContinuesText), Confidence::kSuspect);
    EXPECT_EQ(with(Weight::kContinuesPattern), Confidence::kStrong);
  }
}

TEST(Confidence, AFillUpToTheDataAboveTellsNoDirection) {
  const Hypothesis best = Block({{Weight::kDamagePrefix, 1}, {Weight::kContinuesPattern, 3}});
  RunFit fit = FitOf(-10, -20);
  EXPECT_EQ(ConfidenceOf(best, 0.99, {}, Ground::kChain, &fit), Confidence::kStrong);
  fit.is_fill_up_to_data = true;
  EXPECT_EQ(ConfidenceOf(best, 0.99, {}, Ground::kChain, &fit), Confidence::kSuspect);
}

TEST(Confidence, AFewCharactersMayBeAStrayStores) {
  EXPECT_EQ(ConfidenceOf(Block({{Weight::kDamagePrefix, 1}, {Weight::kContinuesText, 1}}), 0.99), Confidence::kSuspect);
  EXPECT_EQ(ConfidenceOf(Block({{Weight::kDamagePrefix, 1}, {Weight::kContinuesText, 2}}), 0.99), Confidence::kStrong);
}

TEST(Confidence, AWriteNoLongerThanAStrayOneIsNeverStrong) {
  const Hypothesis best = Block({{Weight::kDamagePrefix, 1}, {Weight::kContinuesText, 1}});
  RunFit fit = FitOf(-10, -13);
  fit.overrun.end = fit.overrun.begin + 12;
  EXPECT_EQ(ConfidenceOf(best, 0.99, {}, Ground::kChain, &fit), Confidence::kSuspect);
}

TEST(Confidence, ABlockThatIsGuessedIsNeverStrong) {
  const Hypothesis best = Block({{Weight::kDamagePrefix, 1}, {Weight::kContinuesText, 2}});
  EXPECT_EQ(ConfidenceOf(best, 0.99, {}, Ground::kChain), Confidence::kStrong);
  EXPECT_EQ(ConfidenceOf(best, 0.99, {}, Ground::kGuessed), Confidence::kSuspect);
}

// One flipped bit makes the block 16 bytes shorter, a record's number stands where the next header would keep its size,
// and the header behind still says where the block ends.
TEST(Confidence, ABlockWhoseSizeAnotherHeaderDisputesIsNeverStrong) {
  const auto opened = test::FromRecipe(
      "windows=9200 machine=x86 container=summary fault=bit-flip pages=140 activity=56 seed=3899381429");
  const AddressSpace space(*opened.image);
  const System system = ReadSystem(space);
  const Report report = Judge(space, system, ScanPool(space, system, {}), TagDatabase::BuiltIn());
  ASSERT_EQ(report.incidents.size(), 1U);
  EXPECT_EQ(report.incidents[0].suspects[0].block->header, opened.truth.victim_header);
  EXPECT_EQ(report.incidents[0].confidence, Confidence::kSuspect);
}

TEST(Confidence, NobodyIsAccusedWhereHardwareIsAsLikely) {
  const Hypothesis best = Block({{Weight::kDamagePrefix, 1}});
  Hypothesis hardware = With(SuspectRole::kHardware, {{Weight::kSingleBit, 1}});
  hardware.probability = 0.4;
  EXPECT_EQ(ConfidenceOf(best, 0.6, {best, hardware}), Confidence::kInsufficient);
  hardware.probability = 0.1;
  EXPECT_EQ(ConfidenceOf(best, 0.8, {best, hardware}), Confidence::kSuspect);
}

TEST(Confidence, ANameIsNoEvidence) {
  EXPECT_EQ(ConfidenceOf(Block({{Weight::kThirdPartyTag, 3}}), 0.99), Confidence::kInsufficient);
  EXPECT_EQ(ConfidenceOf(Block({}), 0.99), Confidence::kInsufficient);
}

TEST(Confidence, EvidenceAgainstIsNoEvidence) {
  EXPECT_EQ(ConfidenceOf(Block({{Weight::kDamageNotPrefix, 1}, {Weight::kTailUntouched, 1}}), 0.99),
            Confidence::kInsufficient);
}

TEST(Confidence, UnknownIsInsufficientAndHardwareAtMostSuspect) {
  EXPECT_EQ(ConfidenceOf(With(SuspectRole::kUnknown, {{Weight::kMiddleField, 1}}), 0.99), Confidence::kInsufficient);
  EXPECT_EQ(ConfidenceOf(With(SuspectRole::kHardware, {{Weight::kSingleBit, 1}}), 0.99), Confidence::kSuspect);
}

TEST(Confidence, OfALiveDumpNobodyIsStrong) {
  const Hypothesis best = Block({{Weight::kDamagePrefix, 1}, {Weight::kContinuesPattern, 1}});
  const ReasonedConfidence strong = ReasonConfidence(best, 0.98);
  ASSERT_EQ(strong.word, Confidence::kStrong);
  const ReasonedConfidence live = OfSeveralMoments(strong);
  EXPECT_EQ(live.word, Confidence::kSuspect);
  ASSERT_EQ(live.tests.size(), strong.tests.size() + 1);
  const auto unmet = std::find_if(live.tests.begin(), live.tests.end(), [](const auto& test) { return !test.met; });
  ASSERT_NE(unmet, live.tests.end());
  EXPECT_EQ(unmet->text, "the memory is of one moment");
  EXPECT_EQ(unmet->word, Confidence::kStrong);
  EXPECT_EQ(OfSeveralMoments(ReasonConfidence(best, 0.5)).word, Confidence::kInsufficient);
}

}  // namespace
}  // namespace poolblame
