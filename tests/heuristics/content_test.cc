// What bytes look like: every answer of content.h with a hit, near misses and the edges of its ranges.
#include "heuristics/content.h"

#include <gtest/gtest.h>

#include "heuristics/foretold.h"
#include "tests/heuristics/page_builder.h"

namespace poolblame::testing {
namespace {

// FindContinuation

TEST(FindContinuation, OneByteFillGoesOn) {
  const Continuation c = FindContinuation(Repeat(0x41, 64), Repeat(0x41, 16));
  EXPECT_EQ(c.lag, 1U);
  EXPECT_EQ(c.right_matched, 16U);
  EXPECT_EQ(c.right_total, 16U);
  EXPECT_EQ(c.informative, 16U);
  EXPECT_GT(c.score, 0);
  EXPECT_FALSE(c.all_zero());
}

TEST(FindContinuation, DwordPatternGoesOnInPhase) {
  const ByteString pattern = {0xDE, 0xAD, 0xBE, 0xEF};
  const ByteString all = Cycle(pattern, 48 + 13);
  const Continuation c = FindContinuation(Bytes(all).first(48), Bytes(all).subspan(48));
  EXPECT_EQ(c.lag, 4U);
  EXPECT_EQ(c.right_matched, 13U);
  EXPECT_GT(c.score, 0);
}

TEST(FindContinuation, PatternOutOfPhaseDoesNotGoOn) {
  const ByteString pattern = {0xDE, 0xAD, 0xBE, 0xEF};
  const ByteString all = Cycle(pattern, 64);
  const Continuation c = FindContinuation(Bytes(all).first(48), Bytes(all).subspan(50, 4));
  EXPECT_EQ(c.score, 0);
}

TEST(FindContinuation, RecordsGoOnThoughTheirCountersChange) {
  ByteString records;
  for (std::uint32_t i = 0; i < 8; ++i) records = records + Word(0xC0DE0000 + i, 4) + Varied(0x14, 7);
  const Continuation c = FindContinuation(Bytes(records).first(6 * 0x18), Bytes(records).subspan(6 * 0x18));
  EXPECT_EQ(c.lag % 0x18, 0U);
  EXPECT_GT(c.score, 0);
}

/// Records of 16 bytes with a counter in front, from that count on.
ByteString Counted(std::uint32_t from, std::uint32_t records) {
  ByteString bytes;
  for (std::uint32_t i = 0; i < records; ++i) bytes = bytes + Word(from + i, 4) + Varied(12, 7);
  return bytes;
}

TEST(FindContinuation, ACounterCountsOn) {
  const Continuation c = FindContinuation(Counted(0xFD, 5), Counted(0x102, 2));
  EXPECT_EQ(c.lag, 16U);
  EXPECT_EQ(c.right_matched, 32U);
  EXPECT_LT(FindContinuation(Counted(0xFD, 5), Counted(0x103, 2)).right_matched, 32U);
}

TEST(FindContinuation, BackwardsACounterCountsDown) {
  EXPECT_EQ(FindBackwardContinuation(Counted(0xFE, 2), Counted(0x100, 5)).right_matched, 32U);
}

TEST(Foretold, TwoRecordsShowNoCounter) {
  EXPECT_EQ(Foretold(Counted(1, 2), 16)[0], 2);
  EXPECT_EQ(Foretold(Counted(1, 3), 16)[0], 4);
}

TEST(Foretold, UnevenStepsAreNoCounter) { EXPECT_EQ(Foretold(Counted(1, 2) + Counted(7, 1), 16)[0], 7); }

TEST(Foretold, ADwordAloneIsNoRecord) { EXPECT_EQ(Foretold(Word(1, 4) + Word(2, 4) + Word(3, 4), 4)[0], 3); }

TEST(FindContinuation, OtherBytesBehindAFillAreNoContinuation) {
  EXPECT_EQ(FindContinuation(Repeat(0x41, 64), Repeat(0x42, 1)).score, 0);
  EXPECT_EQ(FindContinuation(Repeat(0x41, 64), Varied(16, 3)).score, 0);
}

// The right side repeats itself, but what it repeats is not the left side's.
TEST(FindContinuation, AFillThatOnlyTheRightSideHasIsNoContinuation) {
  EXPECT_EQ(FindContinuation(Repeat(0x00, 64), Repeat(0x41, 16)).score, 0);
  EXPECT_EQ(FindContinuation(Repeat(0x41, 64), Repeat(0x42, 32)).score, 0);
  EXPECT_EQ(FindContinuation(Repeat(0x00, 64), Repeat(0x00, 2) + Repeat(0x41, 14)).score, 0);
}

TEST(FindContinuation, ALeftSideWithoutThePatternIsNoContinuation) {
  EXPECT_EQ(FindContinuation(Varied(64, 5), Repeat(0x41, 16)).score, 0);
  EXPECT_EQ(FindContinuation(Varied(63, 5) + Repeat(0x41, 1), Repeat(0x41, 16)).score, 0);
}

TEST(FindContinuation, ZerosBehindZerosSayLittle) {
  const Continuation zero = FindContinuation(Repeat(0, 64), Repeat(0, 16));
  EXPECT_TRUE(zero.all_zero());
  EXPECT_LT(zero.score, FindContinuation(Repeat(0x41, 64), Repeat(0x41, 16)).score / 4);
}

TEST(FindContinuation, ZerosBehindAFillAreNoContinuation) {
  EXPECT_EQ(FindContinuation(Repeat(0x41, 64), Repeat(0, 4)).score, 0);
}

TEST(FindContinuation, EmptyAndTinySidesHaveNone) {
  EXPECT_EQ(FindContinuation({}, {}).score, 0);
  EXPECT_EQ(FindContinuation({}, Repeat(0x41, 16)).score, 0);
  EXPECT_EQ(FindContinuation(Repeat(0x41, 64), {}).score, 0);
  EXPECT_EQ(FindContinuation(Repeat(0x41, 1), Repeat(0x41, 16)).score, 0);
}

TEST(FindContinuation, LongestRecordIsKMaxLag) {
  const ByteString longest = Cycle(Varied(kMaxLag, 9), 2 * kMaxLag + 16);
  EXPECT_EQ(FindContinuation(Bytes(longest).first(2 * kMaxLag), Bytes(longest).subspan(2 * kMaxLag)).lag, kMaxLag);
  const ByteString longer = Cycle(Varied(kMaxLag + 1, 9), 2 * (kMaxLag + 1) + 16);
  EXPECT_EQ(FindContinuation(Bytes(longer).first(2 * (kMaxLag + 1)), Bytes(longer).subspan(2 * (kMaxLag + 1))).score,
            0);
}

// FindCrossingText

TEST(FindCrossingText, AsciiGoesOn) {
  const auto text = FindCrossingText(Varied(16, 1) + Ascii("C:\\Windows\\sys"), Ascii("tem32") + Repeat(0, 3));
  ASSERT_TRUE(text.has_value());
  EXPECT_FALSE(text->utf16);
  EXPECT_EQ(text->left_characters, 14U);
  EXPECT_EQ(text->right_characters, 5U);
  EXPECT_TRUE(text->terminated);
}

TEST(FindCrossingText, Utf16GoesOn) {
  const auto text = FindCrossingText(Varied(16, 1) + Utf16("\\Device\\"), Utf16("Hard") + Varied(4, 2));
  ASSERT_TRUE(text.has_value());
  EXPECT_TRUE(text->utf16);
  EXPECT_EQ(text->left_characters, 8U);
  EXPECT_EQ(text->right_characters, 4U);
  EXPECT_FALSE(text->terminated);
}

TEST(FindCrossingText, Utf16TerminatorIsTwoBytes) {
  EXPECT_TRUE(FindCrossingText(Utf16("text"), Utf16("s") + Repeat(0, 2))->terminated);
  EXPECT_FALSE(FindCrossingText(Utf16("text"), Utf16("s") + Repeat(0, 1))->terminated);
}

TEST(FindCrossingText, NeedsFourCharactersOnTheLeft) {
  EXPECT_TRUE(FindCrossingText(Varied(8, 1) + Ascii("abcd"), Ascii("e")).has_value());
  EXPECT_FALSE(FindCrossingText(Varied(8, 1) + Ascii("bcd"), Ascii("efgh")).has_value());
  EXPECT_FALSE(FindCrossingText(Varied(8, 1) + Utf16("bcd"), Utf16("efgh")).has_value());
}

TEST(FindCrossingText, NeedsOneCharacterOnTheRight) {
  EXPECT_FALSE(FindCrossingText(Ascii("abcdefgh"), Repeat(0, 8)).has_value());
  EXPECT_FALSE(FindCrossingText(Utf16("abcdefgh"), Repeat(0, 8)).has_value());
  EXPECT_FALSE(FindCrossingText(Ascii("abcdefgh"), {}).has_value());
}

TEST(FindCrossingText, TerminatorAtTheBoundaryEndsTheText) {
  EXPECT_FALSE(FindCrossingText(Ascii("abcdefg") + Repeat(0, 1), Ascii("hijk")).has_value());
  EXPECT_FALSE(FindCrossingText(Utf16("abcdefg") + Repeat(0, 2), Utf16("hijk")).has_value());
}

// Runs at the end

TEST(Trailing, CountsOnlyTheRunThatEndsWithTheLastByte) {
  EXPECT_EQ(TrailingAscii(Ascii("ab\x01") + Ascii("cde")), 3U);
  EXPECT_EQ(TrailingAscii(Ascii("abc") + Repeat(0x7F, 1)), 0U);
  EXPECT_EQ(TrailingAscii(Ascii(" ~")), 2U);
  EXPECT_EQ(TrailingAscii(Repeat(0x1F, 1)), 0U);
  EXPECT_EQ(TrailingAscii({}), 0U);
  EXPECT_EQ(TrailingUtf16(Repeat(1, 3) + Utf16("abc")), 3U);
  EXPECT_EQ(TrailingUtf16(Utf16("abc") + Repeat(0, 1)), 0U);
  EXPECT_EQ(TrailingUtf16(Repeat(0, 1)), 0U);
  EXPECT_EQ(TrailingZeros(Repeat(1, 3) + Repeat(0, 5)), 5U);
  EXPECT_EQ(TrailingZeros(Repeat(0, 5)), 5U);
  EXPECT_EQ(TrailingZeros(Repeat(0, 5) + Repeat(1, 1)), 0U);
  EXPECT_EQ(TrailingZeros({}), 0U);
}

// Words

TEST(WordAt, IsLittleEndian) {
  EXPECT_EQ(WordAt(ByteString{0x78, 0x56, 0x34, 0x12}, 4), 0x12345678U);
  EXPECT_EQ(WordAt(ByteString{1, 0, 0, 0, 0, 0, 0, 0x80}, 8), 0x8000000000000001U);
}

TEST(LooksLikeKernelPointer, HasTheMachinesEdges) {
  EXPECT_TRUE(LooksLikeKernelPointer(0x80000000, 4));
  EXPECT_FALSE(LooksLikeKernelPointer(0x7FFFFFFF, 4));
  EXPECT_TRUE(LooksLikeKernelPointer(0xFFFEFFFF, 4));
  EXPECT_FALSE(LooksLikeKernelPointer(0xFFFF0000, 4));
  EXPECT_FALSE(LooksLikeKernelPointer(0xFFFFFFFF, 4));
  EXPECT_TRUE(LooksLikeKernelPointer(0xFFFF800000000000, 8));
  EXPECT_FALSE(LooksLikeKernelPointer(0xFFFF7FFFFFFFFFFF, 8));
  EXPECT_FALSE(LooksLikeKernelPointer(0xFFFFFFFFFFFFFFFF, 8));
  EXPECT_FALSE(LooksLikeKernelPointer(0, 8));
  EXPECT_FALSE(LooksLikeKernelPointer(0x4141414141414141, 8));
}

TEST(IsDistinctiveDword, LeavesOutWhatEverybodyWrites) {
  EXPECT_TRUE(IsDistinctiveDword(0xCAFEBABE));
  EXPECT_TRUE(IsDistinctiveDword(0x00410042));
  EXPECT_FALSE(IsDistinctiveDword(0));
  EXPECT_FALSE(IsDistinctiveDword(0xFFFFFFFF));
  EXPECT_FALSE(IsDistinctiveDword(0xFFFF));
  EXPECT_FALSE(IsDistinctiveDword(0xFFFF1234));
  EXPECT_FALSE(IsDistinctiveDword(0x41414141));
  EXPECT_FALSE(IsDistinctiveDword(0x00010000));
}

TEST(SharedDwords, CountsDistinctiveOnesInPhase) {
  const ByteString left = Varied(8, 1) + Word(0xCAFEBABE, 4) + Varied(4, 2);
  EXPECT_EQ(SharedDwords(left, Word(0xCAFEBABE, 4)), 1U);
  EXPECT_EQ(SharedDwords(left, Varied(12, 3)), 0U);
  EXPECT_EQ(SharedDwords(left, Repeat(0, 1) + Word(0xCAFEBABE, 4) + Repeat(0, 3)), 0U) << "not at a 4-byte step";
  EXPECT_EQ(SharedDwords(Repeat(0, 16), Repeat(0, 16)), 0U) << "zeros are nobody's";
  EXPECT_EQ(SharedDwords(Word(0xCAFEBABE, 3), Word(0xCAFEBABE, 3)), 0U) << "three bytes are no dword";
  EXPECT_EQ(SharedDwords({}, {}), 0U);
}

}  // namespace
}  // namespace poolblame::testing
