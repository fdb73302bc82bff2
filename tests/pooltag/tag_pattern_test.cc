// What a row of a tag table fits: padding, wildcards, the protected bit.
#include "pooltag/tag_pattern.h"

#include <gtest/gtest.h>

namespace poolblame {
namespace {

bool Fits(std::string_view pattern, std::string_view tag) {
  const auto parsed = TagPattern::FromText(pattern, true);
  return parsed && parsed->Matches(PoolTag::FromText(tag));
}

TEST(TagPattern, ShortTagIsPaddedWithSpaces) {
  EXPECT_TRUE(Fits("Ddk", "Ddk "));
  EXPECT_FALSE(Fits("Ddk", "Ddkx"));
  EXPECT_TRUE(Fits("Dh 0", "Dh 0"));
}

TEST(TagPattern, StarIsAnyRest) {
  EXPECT_TRUE(Fits("CM*", "CM31"));
  EXPECT_TRUE(Fits("CM*", "CM  "));
  EXPECT_FALSE(Fits("CM*", "Cm31"));  // tags are case-sensitive
  EXPECT_EQ(TagPattern::FromText("CM*", true)->literals, 2u);
}

TEST(TagPattern, QuestionMarkIsOneCharacterOnlyWhereAskedFor) {
  EXPECT_TRUE(Fits("Afd?", "AfdB"));
  EXPECT_FALSE(Fits("Afd?", "AfeB"));
  const auto literal = TagPattern::FromText("Sc??", false);
  ASSERT_TRUE(literal);
  EXPECT_TRUE(literal->is_exact());
  EXPECT_FALSE(literal->Matches(PoolTag::FromText("ScBB")));
  EXPECT_TRUE(literal->Matches(PoolTag::FromText("Sc??")));
}

TEST(TagPattern, ProtectedBitIsNoPartOfTheName) {
  EXPECT_TRUE(TagPattern::FromText("Proc", true)->Matches(PoolTag{0xE36F7250}));  // as Windows 7 shows a process object
  EXPECT_TRUE(Fits("Pro\xE3", "Proc"));
}

TEST(TagPattern, RefusesWhatWouldOwnEverythingOrNothing) {
  for (const char* text : {"", "*", "????", "?*", "Procs", "ABCDE*"})
    EXPECT_FALSE(TagPattern::FromText(text, true)) << text;
}

}  // namespace
}  // namespace poolblame
