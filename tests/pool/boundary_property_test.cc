// What the most-likely-page search promises: on random healthy pages hit by a random linear overrun that damages at
// least one header byte, the recovered boundaries are the true ones.
#include <gtest/gtest.h>

#include <algorithm>

#include "parser/pool/page_reconstruction.h"
#include "tests/pool/page_builder.h"

namespace poolblame {
namespace {

using test::PageBuilder;
using test::RandomPage;

enum class Content { kZero, kFill, kText, kPointers, kRandom };

std::vector<std::uint8_t> MakeContent(Content content, std::size_t count, std::mt19937& random) {
  std::vector<std::uint8_t> bytes(count);
  const std::uint8_t fill = static_cast<std::uint8_t>(random());
  static constexpr std::uint8_t kPointer[8] = {0x40, 0, 0, 0x12, 0x80, 0xFA, 0xFF, 0xFF};
  for (std::size_t i = 0; i < count; ++i) {
    switch (content) {
      case Content::kZero:
        bytes[i] = 0;
        break;
      case Content::kFill:
        bytes[i] = fill;
        break;
      case Content::kText:
        bytes[i] = static_cast<std::uint8_t>('a' + random() % 26);
        break;
      case Content::kPointers:
        bytes[i] = i % 8 == 1 ? static_cast<std::uint8_t>(random()) : kPointer[i % 8];
        break;
      case Content::kRandom:
        bytes[i] = static_cast<std::uint8_t>(random());
        break;
    }
  }
  return bytes;
}

// Boundaries that still have a witness: a true boundary is lost for good when the header before it and the header at
// it were both hit in their size fields. Such a page proves nothing about the search.
bool EveryBoundaryHasAWitness(const PageBuilder& before, const PageBuilder& after) {
  const auto& layout = before.layout();
  const auto& blocks = before.blocks();
  for (std::size_t i = 0; i + 1 < blocks.size(); ++i) {
    const auto size = layout.Decode(after.data() + blocks[i].offset).BlockSize;
    const auto previous = layout.Decode(after.data() + blocks[i + 1].offset).PreviousSize;
    const auto units = blocks[i].size / layout.unit;
    if (size != units && previous != units) return false;
  }
  return true;
}

bool SameBoundaries(const PageBuilder& truth, const Reconstruction& found) {
  if (truth.blocks().size() != found.blocks.size()) return false;
  for (std::size_t i = 0; i < found.blocks.size(); ++i)
    if (truth.blocks()[i].offset != found.blocks[i].offset) return false;
  return true;
}

struct Score {
  int pages = 0, right = 0, flagged = 0;
};

Score RunOverruns(std::string_view layout, Content content, int wanted) {
  Score score;
  for (std::uint32_t seed = 1; score.pages < wanted; ++seed) {
    const PageBuilder clean = RandomPage(layout, seed);
    std::mt19937 random(seed * 977 + static_cast<std::uint32_t>(content));
    if (clean.blocks().size() < 4) continue;
    const std::size_t victim = 1 + random() % (clean.blocks().size() - 1);
    const auto length = static_cast<std::uint32_t>(1 + random() % 200);
    PageBuilder hit = clean;
    hit.Write(clean.blocks()[victim].offset, MakeContent(content, length, random));
    bool damaged = false;
    for (const auto& block : clean.blocks())
      damaged = damaged ||
                !std::equal(clean.data() + block.offset, clean.data() + block.offset + 4, hit.data() + block.offset);
    if (!damaged || !EveryBoundaryHasAWitness(clean, hit)) continue;
    ++score.pages;
    const Reconstruction found = ReconstructPage(hit.view(), HeaderReader(hit.layout()), {});
    if (SameBoundaries(clean, found)) ++score.right;
    if (found.damaged_headers > 0) ++score.flagged;
  }
  return score;
}

class BoundaryProperty : public testing::TestWithParam<std::tuple<const char*, Content>> {};

TEST_P(BoundaryProperty, RandomOverrunsKeepTheTrueBoundaries) {
  const auto [layout, content] = GetParam();
  constexpr int kPages = 200;
  const Score score = RunOverruns(layout, content, kPages);
  EXPECT_GE(score.right, kPages * 99 / 100) << layout;
  EXPECT_GE(score.flagged, kPages * 99 / 100) << layout;
}

INSTANTIATE_TEST_SUITE_P(Layouts, BoundaryProperty,
                         testing::Combine(testing::Values("nt5-x86", "nt5-x64-plus1", "nt6-x86", "nt62-x64"),
                                          testing::Values(Content::kZero, Content::kFill, Content::kText,
                                                          Content::kPointers, Content::kRandom)));

}  // namespace
}  // namespace poolblame
