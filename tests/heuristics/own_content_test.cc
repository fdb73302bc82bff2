// What the blocks of a tag have in common, place by place.
#include "heuristics/own_content.h"

#include <gtest/gtest.h>

#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

constexpr std::uint64_t kAt = 0xFFFFFA8001000000, kApart = 0x100;

/// `n` blocks of one word each, `word(i)` at kAt + i * kApart.
template <typename WordOf>
OwnContent Learn(std::uint32_t n, WordOf word, const System* system = nullptr) {
  std::vector<ByteString> blocks;
  for (std::uint32_t i = 0; i < n; ++i) blocks.push_back(Word(word(i), 8));
  std::vector<Example> examples;
  for (std::uint32_t i = 0; i < n; ++i) examples.push_back({blocks[i], kAt + i * kApart});
  return OwnContent(examples, 8, system);
}

double Score(const OwnContent& content, std::uint64_t word, std::uint64_t address = 0) {
  const ByteString bytes = Word(word, 8);
  return content.Score({bytes, 0, address});
}

TEST(OwnContent, OneOfManyMayBeTheBlockThatWasWrittenOver) {
  const auto one_odd = [](std::uint32_t i) { return i == 5 ? 0x4141414141414141 : 0x1122334455667788; };
  EXPECT_GT(Score(Learn(12, one_odd), 0x1122334455667788), 3);
  EXPECT_LT(Score(Learn(12, one_odd), 0x4141414141414141), -2);
}

TEST(OwnContent, AListHeadLeadsToItselfWhereverItsBlockIs) {
  const OwnContent content = Learn(12, [](std::uint32_t i) { return kAt + i * kApart; });
  EXPECT_GT(Score(content, kAt + 0x5000, kAt + 0x5000), 3);
  EXPECT_LT(Score(content, kAt + 0x5000, kAt + 0x6000), -2);
}

TEST(OwnContent, PointersIntoOneModuleAreForetold) {
  Stage stage(Windows::kSeven64);
  stage.LoadModule("owner.sys", 0xFFFFF88001000000, 0x10000).LoadModule("other.sys", 0xFFFFF88002000000, 0x10000);
  const OwnContent content = Learn(
      12, [](std::uint32_t i) { return 0xFFFFF88001001000 + i * 0x48; }, &stage.system());
  EXPECT_GT(Score(content, 0xFFFFF88001003000), 0);
  EXPECT_LT(Score(content, 0xFFFFF88002003000), -2);
}

TEST(OwnContent, BytesThatAllHaveAreForetoldBesideThoseThatChange) {
  const OwnContent content = Learn(12, [](std::uint32_t i) { return 0x00000000A1B2C300U | (i * 37 & 0xFF); });
  EXPECT_GT(Score(content, 0xA1B2C3FE), Score(content, 0xA1B2D3FE) + 3);
}

TEST(OwnContent, KnowsItsExamples) {
  const auto alike = [](std::uint32_t) { return 0x1122334455667788; };
  const OwnContent content = Learn(12, alike);
  EXPECT_TRUE(content.WasExample(kAt + 3 * kApart));
  EXPECT_FALSE(content.WasExample(kAt + 0x80));
}

}  // namespace
}  // namespace poolblame::testing
