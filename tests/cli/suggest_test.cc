#include "cli/suggest.h"

#include <gtest/gtest.h>

namespace poolblame::cli {
namespace {

const std::vector<std::string> kCommands = {"analyze", "info", "page", "tag", "synth"};

TEST(Nearest, FindsASlip) {
  EXPECT_EQ(Nearest("anlyze", kCommands), "analyze");
  EXPECT_EQ(Nearest("analyse", kCommands), "analyze");
  EXPECT_EQ(Nearest("tags", kCommands), "tag");
}

TEST(Nearest, SaysNothingWhereNothingIsNear) {
  EXPECT_EQ(Nearest("correlate", kCommands), "");
  EXPECT_EQ(Nearest("", kCommands), "");
  EXPECT_EQ(Nearest(std::string(100000, 'a'), kCommands), "");
}

TEST(DidYouMean, IsAHalfSentenceOrNothing) {
  EXPECT_EQ(DidYouMean("inf", kCommands), ", did you mean 'info'?");
  EXPECT_EQ(DidYouMean("zzzzzz", kCommands), "");
}

}  // namespace
}  // namespace poolblame::cli
