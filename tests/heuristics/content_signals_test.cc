// Whose bytes are these? The signals of group B, forward: each with a hit, a near miss and a healthy twin's silence.
#include <gtest/gtest.h>

#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

PageBuilder ContentPage() { return PageBuilder(Windows::kSeven64); }

/// What `signal` says of an overrun by the block `Culp`.
std::vector<Vote> OnOverrun(Stage& stage, SignalFunction signal) {
  const Scene scene = stage.Scene();
  return VotesOf(signal, scene, HypothesisOf(scene, FaultKind::kOverrun, "Culp"));
}

std::vector<Vote> OnOverrun(const PageBuilder& page, SignalFunction signal) {
  Stage stage(Windows::kSeven64);
  stage.Add(page);
  return OnOverrun(stage, signal);
}

// content-continues

TEST(ContentContinues, FillGoesOn) {
  const auto votes = OnOverrun(ContentPage().Block("Culp", 0x80).Fill(0x41).Overrun(16, 0x41).Block("Vict", 0x40),
                               VoteContentContinues);
  EXPECT_THAT(votes, Votes(Weight::kContinuesPattern));
  EXPECT_GE(votes.front().strength, 1);
  EXPECT_THAT(votes.front().text, HasSubstr("16 of 16 bytes"));
}

TEST(ContentContinues, OneByteIsWeakerThanEight) {
  const auto one = OnOverrun(ContentPage().Block("Culp", 0x80).Fill(0x41).Overrun(1, 0x41).Block("Vict", 0x40),
                             VoteContentContinues);
  const auto eight = OnOverrun(ContentPage().Block("Culp", 0x80).Fill(0x41).Overrun(8, 0x41).Block("Vict", 0x40),
                               VoteContentContinues);
  ASSERT_THAT(one, Votes(Weight::kContinuesPattern));
  ASSERT_THAT(eight, Votes(Weight::kContinuesPattern));
  EXPECT_LT(one.front().strength, eight.front().strength);
}

TEST(ContentContinues, RecordsGoOn) {
  const ByteString record = Varied(0x1C, 4);
  const ByteString all = Cycle(record, 0xF0 + 0x20);
  const auto votes = OnOverrun(ContentPage()
                                   .Block("Culp", 0x100)
                                   .Put(0, ByteString(all.begin(), all.begin() + 0xF0))
                                   .Overrun(ByteString(all.begin() + 0xF0, all.begin() + 0x100))
                                   .Block("Vict", 0x40),
                               VoteContentContinues);
  ASSERT_THAT(votes, Votes(Weight::kContinuesStride));
  EXPECT_THAT(votes.front().text, HasSubstr("records of 28 bytes"));
}

/// `Culp` with records of 28 bytes that go on over its end, and siblings with records of `sibling_lag`.
std::vector<Vote> WithRecordsInSiblings(std::uint32_t sibling_lag, std::uint32_t siblings) {
  Stage stage(Windows::kSeven64);
  for (std::uint32_t i = 0; i < siblings; ++i) stage.Sibling("Culp", Cycle(Varied(sibling_lag, 40 + i), 0xB0));
  const ByteString all = Cycle(Varied(0x1C, 4), 0xF0 + 0x20);
  stage.Add(ContentPage()
                .Block("Culp", 0x100)
                .Put(0, ByteString(all.begin(), all.begin() + 0xF0))
                .Overrun(ByteString(all.begin() + 0xF0, all.begin() + 0x100))
                .Block("Vict", 0x40));
  const Scene scene = stage.Scene();
  return VotesOf(VoteContentContinues, scene, HypothesisOf(scene, FaultKind::kOverrun, "Culp"));
}

TEST(ContentContinues, RecordsOfTheSizeThatSiblingsHaveAreTheOwners) {
  EXPECT_THAT(WithRecordsInSiblings(0x1C, 2), IncludesVote(Weight::kStrideInSiblings));
}

TEST(ContentContinues, RecordsOfAnotherSizeOrOfOneSiblingSayNothing) {
  EXPECT_THAT(WithRecordsInSiblings(0x14, 2), Votes(Weight::kContinuesStride));
  EXPECT_THAT(WithRecordsInSiblings(0x1C, 1), Votes(Weight::kContinuesStride));
}

TEST(ContentContinues, ZerosBehindZerosVoteWeakly) {
  const auto votes =
      OnOverrun(ContentPage().Block("Culp", 0x80).Fill(0).Overrun(16, 0).Block("Vict", 0x40), VoteContentContinues);
  ASSERT_THAT(votes, Votes(Weight::kContinuesZero));
  EXPECT_LE(votes.front().strength, 1);
}

TEST(ContentContinues, AnotherFillIsSilent) {
  EXPECT_THAT(OnOverrun(ContentPage().Block("Culp", 0x80).Fill(0x41).Overrun(16, 0x42).Block("Vict", 0x40),
                        VoteContentContinues),
              IsEmpty());
  EXPECT_THAT(OnOverrun(ContentPage().Block("Culp", 0x80).Fill(0x00).Overrun(16, 0x42).Block("Vict", 0x40),
                        VoteContentContinues),
              IsEmpty());
}

// Of the header two bytes are known to be wrong; its tag is nobody's, and what the pattern goes on with.
TEST(ContentContinues, ThroughATagThatNobodyHas) {
  const ByteString pattern = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};
  Stage stage(Windows::kSeven64);
  stage.Add(PageBuilder(Windows::kSeven64)
                .Block("Culp", 0x80)
                .PutAtEnd(Cycle(pattern, 0x40))
                .Overrun(pattern)
                .Block("Vict", 0x80));
  Scene scene = stage.Scene();
  ASSERT_NE(scene.run_fit, nullptr);
  scene.spots.front().end = scene.spots.front().begin + 2;
  const auto votes = VotesOf(VoteContentContinues, scene, HypothesisOf(scene, FaultKind::kOverrun, "Culp"));
  ASSERT_THAT(votes, Votes(Weight::kContinuesPattern));
  EXPECT_THAT(votes.front().text, HasSubstr("8 of 8 bytes"));
}

TEST(ContentContinues, UnlikeContentIsSilent) {
  EXPECT_THAT(OnOverrun(ContentPage().Block("Culp", 0x80).Overrun(16, 0x42).Block("Vict", 0x40), VoteContentContinues),
              IsEmpty());
}

TEST(ContentContinues, GoesOnOverAPageBoundary) {
  Stage stage(Windows::kSeven64);
  stage.Add(ContentPage().Block("Head", 0x800).Block("Culp", 0x800).Fill(0x5A));
  stage.Add(PageBuilder(Windows::kSeven64, 2).Block("Vict", 0x40).OverwriteHeader(0, Repeat(0x5A, 8)));
  EXPECT_THAT(OnOverrun(stage, VoteContentContinues), Votes(Weight::kContinuesPattern));
}

// crossing-text

TEST(CrossingText, AsciiOverTheBoundary) {
  const auto votes = OnOverrun(
      ContentPage().Block("Culp", 0x80).PutAtEnd(Ascii("C:\\Temp\\")).Overrun(Ascii("file.t")).Block("Vict", 0x40),
      VoteCrossingText);
  ASSERT_THAT(votes, Votes(Weight::kContinuesText));
  EXPECT_THAT(votes.front().text, HasSubstr("ASCII"));
}

TEST(CrossingText, Utf16OverTheBoundary) {
  const auto votes = OnOverrun(ContentPage()
                                   .Block("Culp", 0x80)
                                   .PutAtEnd(Utf16("\\Device\\Hard"))
                                   .Overrun(Utf16("disk") + Repeat(0, 2))
                                   .Block("Vict", 0x40),
                               VoteCrossingText);
  ASSERT_THAT(votes, Votes(Weight::kContinuesText));
  EXPECT_THAT(votes.front().text, HasSubstr("UTF-16"));
}

TEST(CrossingText, TextThatCoversOnlyTheFirstDamagedBytesIsSilent) {
  EXPECT_THAT(OnOverrun(ContentPage()
                            .Block("Culp", 0x80)
                            .PutAtEnd(Ascii("C:\\Temp\\"))
                            .Overrun(Ascii("ab") + Varied(10, 3))
                            .Block("Vict", 0x40),
                        VoteCrossingText),
              IsEmpty());
}

TEST(CrossingText, AnAsciiTerminatorIsOneByte) {
  EXPECT_THAT(OnOverrun(ContentPage()
                            .Block("Culp", 0x80)
                            .PutAtEnd(Ascii("C:\\Temp\\"))
                            .Overrun(Ascii("ab") + Repeat(0, 1) + Repeat(0xEE, 1))
                            .Block("Vict", 0x40),
                        VoteCrossingText),
              IsEmpty());
}

TEST(CrossingText, TextThatEndsInsideItsBlockIsSilent) {
  EXPECT_THAT(OnOverrun(ContentPage()
                            .Block("Culp", 0x80)
                            .PutAtEnd(Ascii("C:\\Temp") + Repeat(0, 1))
                            .Overrun(Ascii("filename"))
                            .Block("Vict", 0x40),
                        VoteCrossingText),
              IsEmpty());
}

// off-by-one-nul

TEST(OffByOneNul, OneNulBehindAFullString) {
  EXPECT_THAT(
      OnOverrun(ContentPage().Block("Culp", 0x80).PutAtEnd(Ascii("a full string")).Overrun(1, 0).Block("Vict", 0x40),
                VoteOffByOneNul),
      Votes(Weight::kOffByOneNul));
}

TEST(OffByOneNul, NulBehindFullUtf16Text) {
  EXPECT_THAT(
      OnOverrun(ContentPage().Block("Culp", 0x80).PutAtEnd(Utf16("a full string")).Overrun(2, 0).Block("Vict", 0x40),
                VoteOffByOneNul),
      Votes(Weight::kOffByOneNul));
}

TEST(OffByOneNul, NulBehindOtherContentIsSilent) {
  EXPECT_THAT(OnOverrun(ContentPage().Block("Culp", 0x80).Overrun(1, 0).Block("Vict", 0x40), VoteOffByOneNul),
              IsEmpty());
}

TEST(OffByOneNul, AnotherByteOrMoreZerosAreSilent) {
  EXPECT_THAT(
      OnOverrun(ContentPage().Block("Culp", 0x80).PutAtEnd(Ascii("a full string")).Overrun(1, 1).Block("Vict", 0x40),
                VoteOffByOneNul),
      IsEmpty());
  EXPECT_THAT(
      OnOverrun(ContentPage().Block("Culp", 0x80).PutAtEnd(Ascii("a full string")).Overrun(8, 0).Block("Vict", 0x40),
                VoteOffByOneNul),
      IsEmpty());
}

// pointer-into-owner

TEST(PointerIntoOwner, PointerIntoTheSuspect) {
  Stage stage(Windows::kSeven64);
  stage.Add(ContentPage()
                .Block("Culp", 0x80)
                .Overrun(Word(stage.AddressOf(0, 0x10), 8) + Repeat(0xEE, 8))
                .Block("Vict", 0x40));
  EXPECT_THAT(OnOverrun(stage, VotePointerIntoOwner), Votes(Weight::kPointerIntoOwner));
}

TEST(PointerIntoOwner, PointerJustBehindTheSuspectIsNotIntoIt) {
  Stage stage(Windows::kSeven64);
  stage.Add(ContentPage()
                .Block("Culp", 0x80)
                .Overrun(Word(stage.AddressOf(0, 0x80), 8) + Repeat(0xEE, 8))
                .Block("Vict", 0x40));
  EXPECT_THAT(OnOverrun(stage, VotePointerIntoOwner), IsEmpty());
}

// sibling-bytes

TEST(SiblingBytes, ABiggerSiblingHoldsTheSameBytesThere) {
  const ByteString behind = Ascii("\x11\x22\x33\x44\x55\x66\x77\x08");
  Stage stage(Windows::kSeven64);
  stage.Sibling("Culp", Varied(0x70, 8) + behind + Varied(0x20, 9));
  stage.Add(ContentPage().Block("Culp", 0x80).Overrun(behind).Block("Vict", 0x40));
  EXPECT_THAT(OnOverrun(stage, VoteSiblingBytes), Votes(Weight::kSiblingBytes));
}

TEST(SiblingBytes, TheSameBytesAtAnotherDistanceAreSilent) {
  const ByteString behind = Ascii("\x11\x22\x33\x44\x55\x66\x77\x08");
  Stage stage(Windows::kSeven64);
  stage.Sibling("Culp", Varied(0x60, 8) + behind + Varied(0x20, 9));
  stage.Add(ContentPage().Block("Culp", 0x80).Overrun(behind).Block("Vict", 0x40));
  EXPECT_THAT(OnOverrun(stage, VoteSiblingBytes), IsEmpty());
}

TEST(SiblingBytes, ZerosAndSiblingsOfTheSameSizeAreSilent) {
  Stage stage(Windows::kSeven64);
  stage.Sibling("Culp", Varied(0x70, 8) + Repeat(0, 0x20));
  stage.Sibling("Culp", Varied(0x70, 8));
  stage.Add(ContentPage().Block("Culp", 0x80).Overrun(8, 0).Block("Vict", 0x40));
  EXPECT_THAT(OnOverrun(stage, VoteSiblingBytes), IsEmpty());
}

TEST(SiblingBytes, AnotherTagsBlocksAreNoSiblings) {
  const ByteString behind = Ascii("\x11\x22\x33\x44\x55\x66\x77\x08");
  Stage stage(Windows::kSeven64);
  stage.Sibling("Othr", Varied(0x70, 8) + behind);
  stage.Add(ContentPage().Block("Culp", 0x80).Overrun(behind).Block("Vict", 0x40));
  EXPECT_THAT(OnOverrun(stage, VoteSiblingBytes), IsEmpty());
}

// A write from above that started in the block before crosses the same boundary.
TEST(ContentContinues, SpeaksOfAnUnderrunWhereOneMayHaveCrossedTheBoundary) {
  for (const bool reaches_data : {true, false}) {
    Stage stage(Windows::kSeven64);
    stage.Sibling("Vict", Varied(0x30, 1));
    stage.Add(ContentPage().Block("Culp", 0x80).Fill(0x41).Overrun(reaches_data ? 16 : 3, 0x41).Block("Vict", 0x40));
    const Scene scene = stage.Scene();
    ASSERT_EQ(scene.run_fit != nullptr, reaches_data);
    const auto votes = VotesOf(VoteContentContinues, scene, HypothesisOf(scene, FaultKind::kUnderrun, "Vict"));
    if (!reaches_data) {
      EXPECT_THAT(votes, IsEmpty());
      continue;
    }
    ASSERT_THAT(votes, Votes(Weight::kContinuesPattern));
    EXPECT_THAT(votes.front().text, HasSubstr("pattern of the end of the block before"));
  }
}

// All others speak of overruns only, and those that follow content over a boundary of nothing but over- and underruns.
TEST(ContentSignals, SayNothingOfTheOtherHypotheses) {
  Stage stage(Windows::kSeven64);
  stage.Add(ContentPage().Block("Culp", 0x80).Fill(0x41).Overrun(16, 0x41).Block("Vict", 0x40));
  const Scene scene = stage.Scene();
  for (const SignalFunction signal : {VoteOffByOneNul, VoteSiblingBytes})
    for (const Hypothesis& h : Enumerate(scene)) {
      if (h.kind == FaultKind::kOverrun) continue;
      EXPECT_THAT(VotesOf(signal, scene, h), IsEmpty()) << FaultKindName(h.kind);
    }
  for (const SignalFunction signal : {VoteContentContinues, VoteCrossingText})
    for (const Hypothesis& h : Enumerate(scene)) {
      if (h.kind == FaultKind::kOverrun || h.kind == FaultKind::kUnderrun) continue;
      EXPECT_THAT(VotesOf(signal, scene, h), IsEmpty()) << FaultKindName(h.kind);
    }
}

}  // namespace
}  // namespace poolblame::testing
