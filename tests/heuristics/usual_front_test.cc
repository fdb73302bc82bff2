// What most blocks of a tag begin with, and where one block does not.
#include "heuristics/usual_front.h"

#include <gtest/gtest.h>

#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

constexpr std::uint64_t kFrontAt = 0xFFFFFA8001000000, kApart = 0x100;
constexpr std::uint64_t kKind = 0x00000104C0FFEE00, kFlags = 0x0000000700A0A0A0, kVersion = 0x00000000A1B2C3D4;

ByteString Part(const ByteString& bytes, std::size_t from, std::size_t to) {
  return {bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.begin() + static_cast<std::ptrdiff_t>(to)};
}

ByteString Block(std::uint64_t first, std::uint64_t counter) {
  return Word(first, 8) + Word(counter, 8) + Word(kFlags, 8) + Word(kVersion, 8);
}

std::vector<Example> ExamplesOf(const std::vector<ByteString>& blocks) {
  std::vector<Example> examples;
  for (std::size_t i = 0; i < blocks.size(); ++i) examples.push_back({blocks[i], kFrontAt + i * kApart});
  return examples;
}

/// `usual` blocks that begin alike, and `odd` ones that hold what no other does.
UsualFront Learn(std::uint32_t usual, std::uint32_t odd) {
  std::vector<ByteString> blocks;
  for (std::uint32_t i = 0; i < usual; ++i) blocks.push_back(Block(kKind, i % 7));
  for (std::uint32_t i = 0; i < odd; ++i) blocks.push_back(Varied(32, 100 + i));
  return {ExamplesOf(blocks), 8, nullptr};
}

double Nats(const UsualFront& front, std::uint32_t index, std::uint64_t value) {
  const ByteString bytes = Word(value, 8);
  return front.Nats(PlacedWord{bytes, index, kFrontAt});
}

TEST(UsualFront, OneBlockInFiveMayBeOfAnotherKind) {
  const UsualFront front = Learn(20, 5);
  EXPECT_EQ(front.examples(), 25U);
  EXPECT_EQ(front.unlike(), 5U);
  EXPECT_GT(Nats(front, 0, kKind), 4);
  EXPECT_LT(Nats(front, 0, 0x4141414141414141), -2.5);
}

TEST(UsualFront, FewerThanFourBlocksTellNothing) { EXPECT_EQ(Nats(Learn(3, 0), 0, kKind), 0); }

TEST(UsualFront, ABrokenFrontEndsWhereTheBlockIsAsUsualAgain) {
  const ByteString text = Ascii("a name that ran "), rest = Word(kFlags, 8) + Word(kVersion, 8), bytes = text + rest;
  const auto found = Learn(20, 0).BreakOf({bytes, kFrontAt}, 0);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->words, 2U);
  EXPECT_GT(found->broken, 4);
  EXPECT_EQ(found->as_usual_share, 0);
  EXPECT_GT(found->kept, 8);
}

TEST(UsualFront, ABlockThatBeginsAsUsualHasNoBrokenFront) {
  const ByteString bytes = Word(kKind, 8) + Ascii("a name that ran over it.");
  EXPECT_FALSE(Learn(20, 0).BreakOf({bytes, kFrontAt}, 0));
}

TEST(UsualFront, BehindABrokenFrontTheRestMayBeWhatOnlyItsTagHolds) {
  const ByteString text = Ascii("a name that ran ");
  const ByteString filled = text + Word(kFlags, 8) + Word(kVersion, 8), other = text + Word(0, 8) + Word(0, 8);
  EXPECT_TRUE(Learn(20, 0).BreakOf({filled, kFrontAt}, 0)->rest_is_as_usual());
  EXPECT_FALSE(Learn(20, 0).BreakOf({other, kFrontAt}, 0)->rest_is_as_usual());
}

TEST(UsualFront, ASmallNumberForAnotherIsNoWrite) {
  std::vector<ByteString> blocks;
  for (std::uint32_t i = 0; i < 20; ++i) blocks.push_back(Word(1, 8) + Word(kKind, 8) + Word(kFlags, 8));
  const UsualFront front(ExamplesOf(blocks), 8, nullptr);
  const ByteString counted = Word(2, 8) + Word(kKind, 8) + Word(kFlags, 8);
  const ByteString written = Ascii("written.") + Word(kKind, 8) + Word(kFlags, 8);
  EXPECT_FALSE(front.BreakOf({counted, kFrontAt}, 0)->rest_is_as_usual());
  EXPECT_TRUE(front.BreakOf({written, kFrontAt}, 0)->rest_is_as_usual());
}

TEST(UsualFront, WordsThatHoldAnythingMayStandInFront) {
  std::vector<ByteString> blocks;
  for (std::uint32_t i = 0; i < 20; ++i)
    blocks.push_back(Varied(8, i) + Word(kKind, 8) + Word(kFlags, 8) + Word(kVersion, 8));
  const UsualFront front(ExamplesOf(blocks), 8, nullptr);
  const ByteString written = Varied(8, 40) + Ascii("it went ") + Word(kFlags, 8) + Word(kVersion, 8);
  EXPECT_FALSE(front.BreakOf({written, kFrontAt}, 0));
  ASSERT_TRUE(front.BreakFrom({written, kFrontAt}, 0));
  EXPECT_EQ(front.BreakFrom({written, kFrontAt}, 0)->words, 2U);
}

/// A first word, eight more, and a rest that only such blocks have.
ByteString LongBlock(std::uint64_t first, const ByteString& middle) {
  return Word(first, 8) + middle + Word(kFlags, 8) + Word(kVersion, 8) + Word(kKind, 8);
}

TEST(UsualFront, AWriteFurtherOnIsNoneOverTheFront) {
  const ByteString usual = Varied(64, 5), text = Cycle(Ascii("a name that ran "), 64);
  const std::vector<ByteString> blocks(20, LongBlock(kKind, usual));
  const UsualFront front(ExamplesOf(blocks), 8, nullptr);
  const ByteString further_on = LongBlock(kKind, text), over = LongBlock(0x3A656D616E20656D, text);
  ASSERT_TRUE(front.BreakFrom({further_on, kFrontAt}, 0));
  EXPECT_FALSE(front.BreakFrom({further_on, kFrontAt}, 0)->rest_is_as_usual());
  EXPECT_TRUE(front.BreakFrom({over, kFrontAt}, 0)->rest_is_as_usual());
}

/// UTF-16 names of `characters`, all different, then zeros, then what an earlier owner left.
ByteString Name(std::uint32_t seed, std::uint32_t characters) {
  constexpr std::size_t kBlock = 0x60;
  ByteString name;
  for (std::uint32_t i = 0; i < characters; ++i) name = name + Word('a' + (seed * 7 + i * i * (seed % 5 + 1)) % 26, 2);
  name = name + Word(0, 2);
  return name + Varied(static_cast<std::uint32_t>(kBlock - name.size()), seed);
}

UsualFront Names() {
  std::vector<ByteString> names;
  for (std::uint32_t i = 0; i < 24; ++i) names.push_back(Name(i, 40));
  return {ExamplesOf(names), 8, nullptr};
}

TEST(UsualFront, NamesThatHaveNoLetterInCommonAreUsualAllTheSame) {
  const UsualFront names = Names();
  EXPECT_TRUE(names.is_distinctive());
  const ByteString bytes = Ascii("a string of narrow letters first") + Part(Name(99, 40), 0x20, 0x60);
  const auto found = names.BreakOf({bytes, kFrontAt}, 0);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->words, 4U);
  EXPECT_TRUE(found->rest_is_as_usual());
}

TEST(UsualFront, BehindTheEndOfANameMayStandAnything) {
  const ByteString name = Name(99, 9);
  EXPECT_GT(Names().Nats(Example{name, kFrontAt}), 0);
  EXPECT_FALSE(Names().BreakFrom({name, kFrontAt}, 0));
}

TEST(UsualFront, ALetterThatNamesHaveInCommonIsChance) {
  std::vector<ByteString> names;
  for (std::uint32_t i = 0; i < 8; ++i) names.push_back(Word(0x0044005C, 4) + Name(i, 40));
  const ByteString other = Name(99, 42);
  EXPECT_FALSE(UsualFront(ExamplesOf(names), 8, nullptr).BreakOf({other, kFrontAt}, 0));
}

/// 64 words of 32 bits that are alike in all blocks.
TEST(UsualFront, SmallerWordsAreLookedAtAsFarAsLargerOnes) {
  ByteString usual;
  for (std::uint32_t i = 0; i < 64; ++i) usual = usual + Word(0x00C0FF00 + i * 3, 4);
  const std::vector<ByteString> blocks(12, usual);
  const UsualFront front(ExamplesOf(blocks), 4, nullptr);
  const ByteString bytes = ByteString(0xA0, 0) + Part(usual, 0xA0, 0x100);
  const auto found = front.BreakOf({bytes, kFrontAt}, 0);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->words, 40U);
  EXPECT_TRUE(found->rest_is_as_usual());
}

TEST(UsualFront, AnEntryOfAListAloneIsNoBrokenFront) {
  const ByteString entry = Block(0xFFFFFA8001234560, 3);
  const UsualFront front = Learn(20, 0);
  EXPECT_TRUE(front.BreakOf({entry, kFrontAt}, 0));
  EXPECT_FALSE(front.BreakOf({entry, kFrontAt}, 1));
}

}  // namespace
}  // namespace poolblame::testing
