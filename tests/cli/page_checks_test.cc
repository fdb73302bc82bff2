#include "cli/page_checks.h"

#include <gtest/gtest.h>

#include "tests/cli/hand_made_report.h"

namespace poolblame::cli {
namespace {

std::vector<std::string> Sentences(const PoolPage& page) {
  std::vector<std::string> sentences;
  for (const FailedCheck& check : FailedChecks(page)) sentences.push_back(check.where + ": " + check.text);
  return sentences;
}

TEST(FailedChecks, AHealthyPageFailsNone) {
  EXPECT_TRUE(FailedChecks(MakePage({{0x800, "Aaaa"}, {0x800, "Bbbb"}})).empty());
}

TEST(FailedChecks, SaysWhatWasReadAndWhatMustHaveBeen) {
  EXPECT_EQ(
      Sentences(DamagedPage()),
      (std::vector<std::string>{"header +160 'Vict': PreviousSize is 0x41 (1,040 bytes), must have been 0x6 (96 bytes)",
                                "header +160 'Vict': PoolIndex is 0x41, must have been 0x0",
                                "header +160 'Vict': BlockSize is 0x41 (1,040 bytes), must have been 0xa (160 bytes)",
                                "header +160 'Vict': PoolType is 0x41, must have been 0x2",
                                "header +160 'Vict': PoolTag is 0x41414141 'AAAA', must have been 0x74636956 'Vict'"}));
}

TEST(FailedChecks, DoubtIsNotCertainty) {
  PoolPage page = MakePage({{0x800, "Aaaa"}, {0x800, "Bbbb"}});
  page.blocks[1].doubtful_bytes = 0x8;
  EXPECT_EQ(Sentences(page), (std::vector<std::string>{"header +800 'Bbbb': PoolType is 0x2, which lies inside the "
                                                       "damage: its true value is not known"}));
}

TEST(FailedChecks, ATagThatIsLostIsNotMadeUp) {
  PoolPage page = MakePage({{0x1000, "Aaaa"}});
  page.blocks[0].tag_known = false;
  page.blocks[0].damaged_bytes = 0x30;
  EXPECT_EQ(Sentences(page), (std::vector<std::string>{"header +000 (tag unknown): PoolTag is 0x61616141 'Aaaa', which "
                                                       "lies inside the damage: its true value is not known"}));
}

TEST(FailedChecks, SpeaksOfLinksAndNeighbours) {
  PoolPage page = MakePage({{0x800, "Aaaa"}, {0x800, "Bbbb"}});
  page.free_links = {{0, LinkProblem::kBrokenBackLink, 0x10, 8, 0xFFFFFA8000001000, 0x4141}};
  page.uncoalesced = {{0}, {1}};  // the second pair has no second block: not a fact, not a crash
  EXPECT_EQ(Sentences(page),
            (std::vector<std::string>{
                "free block +000 'Aaaa': the link at +010 (0xfffffa8000001000) does not come back; 0x0000000000004141 "
                "stands where it should",
                "free blocks +000 'Aaaa': and +800 'Bbbb' lie side by side; the allocator would have merged them"}));
}

}  // namespace
}  // namespace poolblame::cli
