// Where writes start and stop, told from what the memory holds: the model apart, then the signal's votes.
#include "heuristics/written_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "heuristics/content_model.h"
#include "heuristics/run_contents.h"
#include "heuristics/vote_sum.h"
#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

PageBuilder Page() { return PageBuilder(Windows::kSeven64); }

/// Two blocks of varied data.
PageBuilder TwoBlocks() { return Page().Block("Left", 0x90).Block("Rght", 0x90); }

/// With one fill over the end of the first, the header between, and the second's first bytes.
PageBuilder Written(std::uint32_t in_front, std::uint32_t behind) {
  return TwoBlocks().Overwrite(0x90 - in_front, Repeat(0xCC, in_front + 0x10 + behind));
}

class AFill : public ::testing::Test {
 protected:
  /// The scene of `Written`, and what was made of it.
  void Write(std::uint32_t in_front, std::uint32_t behind) { WriteBytes(0x90 - in_front, in_front + 0x10 + behind); }
  void WriteBytes(std::uint32_t at, std::uint32_t bytes) {
    stage_.Add(TwoBlocks().Overwrite(at, Repeat(0xCC, bytes)));
    scene_ = stage_.Scene();
    ASSERT_NE(scene_.run_fit, nullptr);
    fit_ = *scene_.run_fit;
  }
  std::vector<Vote> Votes(FaultKind kind, std::string_view tag) const {
    return VotesOf(VoteWrittenRun, scene_, HypothesisOf(scene_, kind, tag));
  }

  Stage stage_{Windows::kSeven64};
  Scene scene_;
  RunFit fit_;
};

TEST_F(AFill, OfTheWholeBlockIsAnOverruns) {
  ASSERT_NO_FATAL_FAILURE(Write(0x80, 0x10));
  EXPECT_GT(fit_.start_margin, 2);
  EXPECT_EQ(fit_.overrun.begin, 0x10U);
  EXPECT_EQ(fit_.overrun.end, 0xB0U);
  const auto votes = Votes(FaultKind::kOverrun, "Left");
  ASSERT_THAT(votes, IncludesVote(Weight::kRunStartOverrun));
  EXPECT_THAT(votes.front().text, HasSubstr("fills all of this block: one pattern"));
}

TEST_F(AFill, ThatStopsInsideTheHeaderSpeaksAgainstAnUnderrun) {
  ASSERT_NO_FATAL_FAILURE(WriteBytes(0x60, 0x38));
  auto far = std::make_shared<RunFit>(fit_);
  far->stop_margin = 9;  // as of a VS chunk, most of whose header is behind the stop
  scene_.run_fit = far;
  const auto against = Votes(FaultKind::kUnderrun, "Rght");
  ASSERT_THAT(against, IncludesVote(Weight::kDamageNotSuffix));
  for (const Vote& vote : Votes(FaultKind::kOverrun, "Left"))
    if (vote.weight == Weight::kRunStopOverrun) {
      EXPECT_LE(vote.strength, 3);
    }
}

TEST_F(AFill, OfACacheLineIsADevices) {
  ASSERT_NO_FATAL_FAILURE(WriteBytes(0x80, 0x40));
  ASSERT_TRUE(fit_.MayBeAligned());
  EXPECT_EQ(fit_.aligned->begin, 0x80U);
  EXPECT_EQ(fit_.aligned->end, 0xC0U);
  EXPECT_GT(fit_.aligned->log_likelihood, std::max(fit_.overrun.log_likelihood, fit_.underrun.log_likelihood));
  const auto votes = VotesOf(VoteWrittenRun, scene_, HypothesisOf(scene_, FaultKind::kPageStomp));
  ASSERT_THAT(votes, IncludesVote(Weight::kRunFitsAligned));
  EXPECT_THAT(votes.front().text, HasSubstr("the 64 bytes between two addresses that are multiples of 64"));
}

// What speaks for an overrun against an underrun counts for it no less against a device, though its votes are capped.
TEST_F(AFill, OfACacheLineIsMeasuredAgainstTheBetterDirection) {
  ASSERT_NO_FATAL_FAILURE(WriteBytes(0x80, 0x40));
  auto fit = std::make_shared<RunFit>(fit_);
  fit->underrun.log_likelihood = fit->aligned->log_likelihood - 52;
  fit->overrun.log_likelihood = fit->aligned->log_likelihood - 2;
  fit->start_margin = 50;
  fit->stop_margin = 0;
  fit->overrun.end = 0xC0;
  scene_.run_fit = fit;
  double given = 0;
  for (const Vote& vote : Votes(FaultKind::kOverrun, "Left")) given += LogOddsOf(vote);
  const auto device = VotesOf(VoteWrittenRun, scene_, HypothesisOf(scene_, FaultKind::kPageStomp));
  ASSERT_EQ(device.size(), 1U);
  EXPECT_NEAR(LogOddsOf(device.front()), given + 2 * WeightOf(Weight::kRunFitsAligned).log_odds, 1e-9);
}

TEST_F(AFill, ThatStopsElsewhereIsNoDevices) {
  ASSERT_NO_FATAL_FAILURE(WriteBytes(0x80, 0x30));
  EXPECT_FALSE(fit_.MayBeAligned());
}

TEST_F(AFill, BetweenABlocksEndAndTheDataBehindTheHeaderIsAnUnderruns) {
  ASSERT_NO_FATAL_FAILURE(Write(0x30, 0));
  EXPECT_LT(fit_.start_margin, -1);
  EXPECT_LT(fit_.stop_margin, -1);
  EXPECT_NEAR(static_cast<double>(fit_.underrun.begin), 0x60, 8);  // the first byte of a fill repeats nothing yet
  EXPECT_EQ(fit_.underrun.end, 0xA0U);
  const auto votes = Votes(FaultKind::kUnderrun, "Rght");
  EXPECT_THAT(votes, IncludesVote(Weight::kRunStartUnderrun));
  EXPECT_THAT(votes, IncludesVote(Weight::kRunStopUnderrun));
  const auto against = Votes(FaultKind::kOverrun, "Left");
  EXPECT_THAT(against, Not(IncludesVote(Weight::kRunStartOverrun)));
  EXPECT_THAT(against, Not(IncludesVote(Weight::kRunStopOverrun)));
}

TEST_F(AFill, ThatEndsAByteBeforeTheDataIsNoUnderruns) {
  ASSERT_NO_FATAL_FAILURE(WriteBytes(0x90 - 3, 0x12));
  EXPECT_GT(fit_.stop_margin, 1);
  EXPECT_EQ(fit_.overrun.end, 0x9FU);
}

TEST_F(AFill, AsLongAsTheDataThatStartsBelowItIsAWholeBufferTooLow) {
  constexpr std::uint32_t kBuffer = 0x80;
  ASSERT_NO_FATAL_FAILURE(WriteBytes(0xA0 - 0x28, kBuffer));
  EXPECT_TRUE(fit_.whole_buffer);
  const double whole = fit_.margin();
  Stage shorter(Windows::kSeven64);
  shorter.Add(TwoBlocks().Overwrite(0xA0 - 0x28, Repeat(0xCC, kBuffer - 0x30)));
  EXPECT_LT(whole, shorter.Scene().run_fit->margin() - 1);
}

TEST(WrittenRun, TheSameStopWithAFillFromTheBlocksStartSpeaksLess) {
  Stage inside(Windows::kSeven64), whole(Windows::kSeven64);
  inside.Add(Written(0x30, 0));
  whole.Add(Written(0x80, 0));
  const auto part = FitWrittenRun(inside.Scene()), all = FitWrittenRun(whole.Scene());
  ASSERT_TRUE(part && all);
  EXPECT_GT(all->start_margin, part->start_margin + 2);
}

TEST(WrittenRun, TextWhereTheDataAboveBeginsIsNoted) {
  const auto noted = [](bool RunFit::*what, std::uint32_t length, const ByteString& above) {
    Stage stage(Windows::kSeven64);
    const ByteString text = Cycle(Ascii("of work; okit=4 GET /index/ "), length);
    stage.Add(TwoBlocks().Put(0, above).Overwrite(0x10, text));
    const Scene scene = stage.Scene();
    return scene.run_fit != nullptr && (*scene.run_fit).*what;
  };
  constexpr std::uint32_t kToTheData = 0x90, kIntoTheTag = 0x88;
  EXPECT_TRUE(noted(&RunFit::is_text_above, kToTheData, Ascii("and what the second block always held")));
  EXPECT_TRUE(noted(&RunFit::is_text_above, kToTheData + 0x10, Varied(0x28, 5)));
  EXPECT_FALSE(noted(&RunFit::is_text_above, kToTheData, Varied(0x28, 5)));
  EXPECT_TRUE(noted(&RunFit::is_text_up_to_data, kToTheData, Varied(0x28, 5)));
  EXPECT_FALSE(noted(&RunFit::is_text_up_to_data, kIntoTheTag, Varied(0x28, 5)));
}

TEST(WrittenRun, AFillThatStopsWhereTheDataBeginsIsNoted) {
  const auto stops = [](std::uint32_t bytes) {
    Stage stage(Windows::kSeven64);
    stage.Add(Written(0x30, bytes));
    const Scene scene = stage.Scene();
    return scene.run_fit != nullptr && scene.run_fit->is_fill_up_to_data;
  };
  EXPECT_TRUE(stops(0));
  EXPECT_FALSE(stops(8));
}

TEST(WrittenRun, DamageThatLeavesTheTagIsNoUnderruns) {
  Stage stage(Windows::kSeven64);
  stage.Sibling("Vict", Varied(0x30, 1));
  stage.Add(Page().Block("Culp", 0x80).Overrun(4, 0xEE).Block("Vict", 0x40));
  EXPECT_EQ(FitWrittenRun(stage.Scene()), nullptr);
}

TEST(WrittenRun, TheFirstBlockOfAnImageHasNothingBelow) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Block("Vict", 0x40).OverwriteHeader(0, Repeat(0xEE, 16)));
  EXPECT_EQ(FitWrittenRun(stage.Scene()), nullptr);
}

/// What every `Rght` starts with, 0x20 bytes too low.
TEST(WrittenRun, AStructureThatStandsTooLowIsItsOwnersUnderrun) {
  const ByteString known = Word(0x1122334455667788, 8) + Word(0x99AABBCCDDEEFF01, 8) + Word(0x0102030405060708, 8) +
                           Word(0x1112131415161718, 8);
  for (const bool is_known : {true, false}) {
    Stage stage(Windows::kSeven64);
    for (std::uint32_t i = 0; i < 4; ++i)
      stage.Sibling("Rght", (is_known ? known : Varied(0x20, 90 + i)) + Varied(0x60, 50 + i));
    PageBuilder page = Page().Block("Left", 0x90).Block("Rght", 0x90);
    stage.Add(page.Overwrite(0x90 - 0x10, known));
    const auto fit = FitWrittenRun(stage.Scene());
    ASSERT_NE(fit, nullptr);
    const double rest = fit->margin() - fit->start_margin - fit->stop_margin;
    if (is_known)
      EXPECT_LT(rest, -3);
    else
      EXPECT_GT(rest, -1);
  }
}

double SumOf(const RunPlaces& places) {
  double sum = 0;
  for (const RunPlace& place : places) sum += std::exp(place.log_share);
  return sum;
}

TEST(RunPlaces, SharesAddUpToOneAtMost) {
  Stage stage(Windows::kSeven64);
  stage.Add(Written(0x30, 0));
  const Scene scene = stage.Scene();
  const auto window = RunWindowOf(scene, scene.blocks[0], scene.blocks[1]);
  ASSERT_TRUE(window.has_value());
  EXPECT_EQ(window->left_words(), 16U);
  EXPECT_EQ(window->words(), 34U);
  EXPECT_NEAR(SumOf(OverrunStarts(*window)), 1, 1e-9);
  EXPECT_NEAR(SumOf(UnderrunStops(*window)), 1, 1e-9);
  for (const RunPlaces& places : {OverrunStops(*window, 16), UnderrunStarts(*window, 16)}) {
    EXPECT_LT(SumOf(places), 1);
    EXPECT_GT(SumOf(places), 0.5);
  }
}

TEST(RunPlaces, AHoleBetweenTheBlocksIsNoWindow) {
  Stage stage(Windows::kSeven64);
  stage.Add(Written(0x30, 0));
  Scene scene = stage.Scene();
  scene.blocks[1].begin = scene.blocks[0].begin;
  scene.blocks[1].header_size = 0;
  EXPECT_FALSE(RunWindowOf(scene, scene.blocks[0], scene.blocks[1]).has_value());
}

TEST(OwnContent, AValueThatAllBlocksShareIsForetold) {
  std::vector<ByteString> blocks;
  for (std::uint32_t i = 0; i < 5; ++i) blocks.push_back(Word(0x1122334455667788, 8) + Word(i + 1, 8));
  std::vector<Example> examples;
  for (const ByteString& block : blocks) examples.push_back({block});
  const OwnContent content(examples, 8, nullptr);
  const ByteString same = Word(0x1122334455667788, 8), other = Word(0x1122334455667789, 8);
  EXPECT_GT(content.Score({same, 0}), 3);
  EXPECT_LT(content.Score({other, 0}), -1.9);
  EXPECT_EQ(content.ConstantScore(other, 1), 0);
  EXPECT_GT(content.Score({Word(9, 8), 1}), content.Score({same, 1}));  // small numbers stand there, no big ones
}

TEST(OwnContent, TwoBlocksForetellNothing) {
  const ByteString block = Word(0x1122334455667788, 8);
  const OwnContent content(std::vector<Example>(2, {block}), 8, nullptr);
  EXPECT_LT(content.Score({block, 0}), 0);
  EXPECT_EQ(content.ConstantScore(block, 0), 0);
}

TEST(Textures, SharesAndRowsAddUpToOne) {
  double shares = 0;
  for (const Texture& texture : AllTextures()) {
    shares += texture.share;
    double wide = 0, narrow = 0;
    for (std::size_t c = 0; c < kWordClasses; ++c) {
      wide += texture.wide[c];
      narrow += texture.narrow[c];
    }
    EXPECT_NEAR(wide, 1, 1e-9) << texture.name;
    EXPECT_NEAR(narrow, 1, 1e-9) << texture.name;
  }
  EXPECT_NEAR(shares, 1, 1e-9);
}

TEST(WordClasses, Utf16InEitherPhaseIsWideText) {
  EXPECT_EQ(ClassOf(ByteString{'a', 0, 'b', 0, 'c', 0, 'd', 0}), WordClass::kWideText);
  EXPECT_EQ(ClassOf(ByteString{0, 'a', 0, 'b', 0, 'c', 0, 'd'}), WordClass::kWideText);
  EXPECT_NE(ClassOf(ByteString{'a', 0, 'b', 0, 'c', 0, 'd', 1}), WordClass::kWideText);
}

TEST(FreeSuspect, AFreeBlockHardlyOverran) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().FreeBlock("Gone", 0x40).Overrun(8, 0xEE).Block("Vict", 0x40));
  const Scene scene = stage.Scene();
  EXPECT_THAT(VotesOf(VoteFreeSuspect, scene, HypothesisOf(scene, FaultKind::kOverrun, "Gone")),
              Votes(Weight::kSuspectIsFree));
  EXPECT_LT(WeightOf(Weight::kSuspectIsFree).log_odds, 0);
}

TEST(FreeSuspect, OneThatIsAllHeaderNeverDid) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Block("Gone", 0x10).Overrun(8, 0xEE).Block("Vict", 0x40));
  const Scene scene = stage.Scene();
  const_cast<PoolBlock*>(scene.blocks[0].block)->state = BlockState::kFree;
  EXPECT_THAT(VotesOf(VoteFreeSuspect, scene, HypothesisOf(scene, FaultKind::kOverrun, "Gone")),
              Votes(Weight::kHoldsNothing));
}

// A header that is gone says nothing of a block's state; a bitmap does.
TEST(FreeSuspect, AFreeSlotDidNotWriteBelowItself) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Block("Left", 0x40).Block("Slot", 0x40).Underrun(Repeat(0xEE, 16)));
  const Scene scene = stage.Scene();
  const_cast<PoolBlock*>(scene.blocks[1].block)->state = BlockState::kFree;
  const Hypothesis underrun = HypothesisOf(scene, FaultKind::kUnderrun, "Slot");
  EXPECT_THAT(VotesOf(VoteFreeSuspect, scene, underrun), IsEmpty());
  const_cast<PoolPage&>(*scene.pages[0]).backend = PoolBackend::kLfh;
  EXPECT_THAT(VotesOf(VoteFreeSuspect, scene, underrun), Votes(Weight::kSuspectIsFree));
  const_cast<PoolBlock*>(scene.blocks[1].block)->state = BlockState::kAllocated;
  EXPECT_THAT(VotesOf(VoteFreeSuspect, scene, underrun), IsEmpty());
}

TEST(FreeSuspect, AnAllocatedBlockMay) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Block("Culp", 0x40).Overrun(8, 0xEE).Block("Vict", 0x40));
  const Scene scene = stage.Scene();
  EXPECT_THAT(VotesOf(VoteFreeSuspect, scene, HypothesisOf(scene, FaultKind::kOverrun, "Culp")), IsEmpty());
}

}  // namespace
}  // namespace poolblame::testing
