// What most blocks of a tag begin with, and where one block does not.
#include "heuristics/usual_front.h"

#include <gtest/gtest.h>

#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

constexpr std::uint64_t kFrontAt = 0xFFFFFA8001000000, kApart = 0x100;
constexpr std::uint64_t kKind = 0x00000104C0FFEE00, kFlags = 0x0000000700A0A0A0, kVersion = 0x00000000A1B2C3D4;

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

TEST(UsualFront, AnEntryOfAListAloneIsNoBrokenFront) {
  const ByteString entry = Block(0xFFFFFA8001234560, 3);
  const UsualFront front = Learn(20, 0);
  EXPECT_TRUE(front.BreakOf({entry, kFrontAt}, 0));
  EXPECT_FALSE(front.BreakOf({entry, kFrontAt}, 1));
}

}  // namespace
}  // namespace poolblame::testing
