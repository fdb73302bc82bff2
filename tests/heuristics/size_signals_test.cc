// How big the block is, and what it says that it holds: group C.
#include <gtest/gtest.h>

#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

PageBuilder SizePage() { return PageBuilder(Windows::kSeven64); }

// sizes

TEST(Sizes, AnUntouchedTailSpeaksAgainstAnOverrun) {
  EXPECT_THAT(On(SizePage().Block("Culp", 0x80).PutAtEnd(Repeat(0, 12)).Overrun(8, 0xEE).Block("Vict", 0x40), VoteSizes,
                 FaultKind::kOverrun, "Culp"),
              Votes(Weight::kTailUntouched));
  EXPECT_LT(WeightOf(Weight::kTailUntouched).log_odds, 0);
}

TEST(Sizes, ARoundedRequestIsNoUntouchedTail) {
  EXPECT_THAT(On(SizePage().Block("Culp", 0x80).PutAtEnd(Repeat(0, 11)).Overrun(8, 0xEE).Block("Vict", 0x40), VoteSizes,
                 FaultKind::kOverrun, "Culp"),
              IsEmpty());
}

TEST(Sizes, ZerosBehindZerosDoNotSpeakAgainst) {
  EXPECT_THAT(On(SizePage().Block("Culp", 0x80).PutAtEnd(Repeat(0, 16)).Overrun(8, 0).Block("Vict", 0x40), VoteSizes,
                 FaultKind::kOverrun, "Culp"),
              IsEmpty());
}

TEST(Sizes, ABlockThatIsOnlyAHeaderHasNoTail) {
  Stage stage(Windows::kXp32);
  stage.Add(PageBuilder(Windows::kXp32).Block("Left", 0x40).Block("Culp", 8).Overrun(4, 0xEE).Block("Vict", 0x40));
  EXPECT_THAT(On(stage, VoteSizes, FaultKind::kOverrun, "Culp"), Not(IncludesVote(Weight::kTailUntouched)));
}

TEST(Sizes, FilledToTheEnd) {
  EXPECT_THAT(
      On(SizePage().Block("Culp", 0x80).Overrun(8, 0xEE).Block("Vict", 0x40), VoteSizes, FaultKind::kOverrun, "Culp"),
      Votes(Weight::kFilledToTheEnd));
}

/// What sizes say of `Culp`, 0x80 bytes, whose four siblings have `bytes` of payload.
std::vector<Vote> AmongSiblingsOf(std::uint32_t bytes, std::uint32_t count = 4) {
  Stage stage(Windows::kSeven64);
  for (std::uint32_t i = 0; i < count; ++i) stage.Sibling("Culp", Varied(bytes + i * 0x10, 20 + i));
  stage.Add(SizePage().Block("Culp", 0x80).Overrun(8, 0xEE).Block("Vict", 0x40));
  return On(stage, VoteSizes, FaultKind::kOverrun, "Culp");
}

TEST(Sizes, TheSmallestOfItsTagMayHaveBeenAskedForTooSmall) {
  EXPECT_THAT(AmongSiblingsOf(0x80), IncludesVote(Weight::kSmallestOfItsTag));
  EXPECT_THAT(AmongSiblingsOf(0x70), Not(IncludesVote(Weight::kSmallestOfItsTag)));  // one is as small
  EXPECT_THAT(AmongSiblingsOf(0x80, 3), Not(IncludesVote(Weight::kSmallestOfItsTag)));
}

TEST(Sizes, FilledWhereSiblingsAreNot) {
  Stage stage(Windows::kSeven64);
  for (std::uint32_t i = 0; i < 4; ++i) stage.Sibling("Culp", Varied(0x60, 20 + i) + Repeat(0, 0x10));
  stage.Add(SizePage().Block("Culp", 0x80).Overrun(8, 0xEE).Block("Vict", 0x40));
  EXPECT_THAT(On(stage, VoteSizes, FaultKind::kOverrun, "Culp"), Votes(Weight::kTailWrittenUnlikeSiblings));
}

TEST(Sizes, OneFilledSiblingMakesItOrdinary) {
  Stage stage(Windows::kSeven64);
  for (std::uint32_t i = 0; i < 4; ++i) stage.Sibling("Culp", Varied(0x60, 20 + i) + Repeat(0, 0x10));
  stage.Sibling("Culp", Varied(0x70, 30));
  stage.Add(SizePage().Block("Culp", 0x80).Overrun(8, 0xEE).Block("Vict", 0x40));
  EXPECT_THAT(On(stage, VoteSizes, FaultKind::kOverrun, "Culp"), Votes(Weight::kFilledToTheEnd));
}

// count-over-capacity

/// `Culp` at offset 0 (0x80 bytes) holds a UNICODE_STRING whose buffer starts 0x10 bytes into its payload.
std::vector<Vote> WithString(std::uint16_t length, std::uint16_t maximum, std::uint32_t buffer_offset) {
  Stage stage(Windows::kSeven64);
  const ByteString string =
      Word(length, 2) + Word(maximum, 2) + Word(0, 4) + Word(stage.AddressOf(0, buffer_offset), 8);
  stage.Add(SizePage().Block("Culp", 0x80).Put(0, string).Overrun(8, 0xEE).Block("Vict", 0x40));
  return On(stage, VoteCountOverCapacity, FaultKind::kOverrun, "Culp");
}

TEST(CountOverCapacity, AStringLongerThanItsBlock) {
  const auto votes = WithString(0x70, 0x70, 0x20);
  ASSERT_THAT(votes, Votes(Weight::kCountOverCapacity));
  EXPECT_THAT(votes.front().text, HasSubstr("says 112 bytes where only 96 fit"));
}

TEST(CountOverCapacity, AStringThatFitsIsSilent) { EXPECT_THAT(WithString(0x60, 0x60, 0x20), IsEmpty()); }

/// Records of 28 bytes to the end of `Culp` and over it, behind a header of `count` and their `bytes`.
std::vector<Vote> WithRecords(std::uint32_t count, std::uint32_t bytes) {
  Stage stage(Windows::kSeven64);
  const ByteString all = Cycle(Varied(0x1C, 4), 0xF8);
  stage.Add(SizePage()
                .Block("Culp", 0x100)
                .Put(0, Word(count, 4) + Word(bytes, 4) + ByteString(all.begin(), all.begin() + 0xE8))
                .Overrun(ByteString(all.begin() + 0xE8, all.end()))
                .Block("Vict", 0x40));
  return On(stage, VoteCountOverCapacity, FaultKind::kOverrun, "Culp");
}

TEST(CountOverCapacity, MoreRecordsThanFit) {
  const auto votes = WithRecords(9, 9 * 0x1C);
  ASSERT_THAT(votes, Votes(Weight::kCountOverCapacity));
  EXPECT_THAT(votes.front().text, HasSubstr("9 records of 28 bytes"));
}

TEST(CountOverCapacity, RecordsThatFitOrWhoseLengthDisagreesAreSilent) {
  EXPECT_THAT(WithRecords(8, 8 * 0x1C), IsEmpty());
  EXPECT_THAT(WithRecords(9, 9 * 0x1C + 4), IsEmpty());
}

/// An MDL for `bytes` bytes from the start of a page that says it is `size` bytes long, in a block for three pages.
std::vector<Vote> WithMdl(std::uint32_t size, std::uint32_t bytes) {
  Stage stage(Windows::kSeven64);
  const ByteString mdl = Word(0, 8) + Word(size, 4) + Word(0, 4) + Repeat(0, 16) + Word(0xFFFFFA8001000000, 8) +
                         Word(bytes, 4) + Word(0, 4);
  stage.Add(SizePage().Block("Culp", 0x60).Put(0, mdl).Overrun(8, 0xEE).Block("Vict", 0x40));
  return On(stage, VoteCountOverCapacity, FaultKind::kOverrun, "Culp");
}

TEST(CountOverCapacity, AnMdlForMorePagesThanFit) {
  EXPECT_THAT(WithMdl(0x30 + 5 * 8, 5 * 4096), Votes(Weight::kCountOverCapacity));
}

TEST(CountOverCapacity, AnMdlThatFitsOrDisagreesIsSilent) {
  EXPECT_THAT(WithMdl(0x30 + 4 * 8, 4 * 4096), IsEmpty());
  EXPECT_THAT(WithMdl(0x30 + 6 * 8, 5 * 4096), IsEmpty());
}

TEST(CountOverCapacity, FieldsThatDisagreeAreSilent) {
  EXPECT_THAT(WithString(0x71, 0x80, 0x20), IsEmpty()) << "an odd length";
  EXPECT_THAT(WithString(0x72, 0x70, 0x20), IsEmpty()) << "longer than its maximum";
  EXPECT_THAT(WithString(0x70, 0x70, 0x80), IsEmpty()) << "a buffer in the next block";
}

}  // namespace
}  // namespace poolblame::testing
