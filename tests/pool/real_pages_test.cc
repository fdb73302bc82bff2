// Pages that Windows itself made: the classic ones must walk clean under the layout of their build, and the pages alone
// must say which layout that is.
#include <gtest/gtest.h>

#include "parser/pool/layout_vote.h"
#include "parser/pool/page_class.h"
#include "parser/pool/page_reconstruction.h"
#include "parser/pool/page_walk.h"
#include "tests/pool/page_builder.h"
#include "tests/pool/real_page_headers.h"

namespace poolblame {
namespace {

using test::PageBuilder;

std::uint8_t Digit(char c) { return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); }

PageBuilder Rebuild(const test::RealPage& real) {
  PageBuilder page("nt62-x64");
  for (const test::RealHeader& header : real.headers) {
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i + 1 < header.bytes.size(); i += 2)
      bytes.push_back(static_cast<std::uint8_t>(Digit(header.bytes[i]) << 4 | Digit(header.bytes[i + 1])));
    page.Write(header.offset, bytes);
  }
  return page;
}

TEST(RealPages, ClassicOnesWalkClean) {
  for (const test::RealPage& real : test::RealPages(true)) {
    const PageBuilder page = Rebuild(real);
    const PageWalk walk = WalkPage(page.data(), HeaderReader(page.layout()));
    EXPECT_TRUE(walk.closes) << real.name;
    EXPECT_EQ(walk.oddities, 0) << real.name;
    EXPECT_EQ(walk.blocks, real.headers.size()) << real.name;
    const Reconstruction rebuilt = ReconstructPage(page.view(), HeaderReader(page.layout()), {});
    EXPECT_EQ(rebuilt.damaged_headers, 0U) << real.name;
    ASSERT_EQ(rebuilt.blocks.size(), real.headers.size()) << real.name;
    for (std::size_t i = 0; i < rebuilt.blocks.size(); ++i)
      EXPECT_EQ(rebuilt.blocks[i].offset, real.headers[i].offset) << real.name;
  }
}

TEST(RealPages, SayThemselvesWhichLayoutTheyHave) {
  LayoutVote vote(CandidateLayouts(Machine::kUnknown, std::nullopt));
  for (const test::RealPage& real : test::RealPages(true)) EXPECT_TRUE(vote.Add(Rebuild(real).data())) << real.name;
  const auto winner = vote.Winner();
  ASSERT_NE(winner.layout, nullptr);
  EXPECT_EQ(winner.layout->name, "nt62-x64");
  EXPECT_GT(winner.margin, 0);  // their PoolType 04 settles it: 2003 would read 02 as its own paged pool
}

TEST(RealPages, TheSegmentHeapPageIsNotJudgedAsClassic) {
  for (const test::RealPage& real : test::RealPages(false)) {
    const PageBuilder page = Rebuild(real);
    EXPECT_EQ(ClassifyPage(page.view(), page.layout()), PageClass::kSegmentHeapLfh) << real.name;
  }
}

// Every single-bit error in the sizes of the real pages' headers is found and mended. The page whose neighbour is as
// likely a victim is left out: a last block that became shorter reads like one whose successor was overrun.
TEST(RealPages, FlippedSizeBitsAreFound) {
  int flips = 0, found = 0;
  for (const test::RealPage& real : test::RealPages(true)) {
    for (std::size_t i = 0; i < real.headers.size(); ++i) {
      for (const std::uint32_t byte : {0U, 2U}) {
        for (unsigned bit = 0; bit < 8; ++bit) {
          PageBuilder page = Rebuild(real);
          const std::uint32_t at = real.headers[i].offset + byte;
          const std::uint8_t before = page.data()[at];
          page.Flip(at, bit);
          if (byte == 2 && i + 1 == real.headers.size() && page.data()[at] < before) continue;
          ++flips;
          const Reconstruction rebuilt = ReconstructPage(page.view(), HeaderReader(page.layout()), {});
          if (rebuilt.damaged_headers == 1 && rebuilt.blocks.size() == real.headers.size() &&
              rebuilt.blocks[i].damaged_bytes == 1U << byte)
            ++found;
        }
      }
    }
  }
  EXPECT_GT(flips, 2000);
  EXPECT_GE(found, flips * 99 / 100) << flips;
}

}  // namespace
}  // namespace poolblame
