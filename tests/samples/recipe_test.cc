// Recipes: what is understood, and how a wrong word is answered.
#include "samples/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples/builder.h"

namespace poolblame::samples {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(const std::string& line) {
  const auto recipe = ParseRecipe(line);
  return recipe ? "" : recipe.error().what;
}

TEST(Recipe, ReadsEveryWord) {
  const auto recipe =
      ParseRecipe("windows=win81 machine=x64 fault=overrun bytes=0x18 content=fill fill=0x41 seed=9 cut=10");
  ASSERT_TRUE(recipe.has_value());
  EXPECT_EQ(recipe->profile.build, 9600U);
  EXPECT_EQ(recipe->bytes, 24U);
  EXPECT_EQ(recipe->fill, 0x41);
  EXPECT_EQ(recipe->cut, 10U);
  EXPECT_EQ(recipe->pool_percent, 50U);
}

TEST(Recipe, WrongWordsAreAnsweredWithTheRightOnes) {
  EXPECT_THAT(ErrorOf("colour=red"), HasSubstr("unknown recipe word 'colour'"));
  EXPECT_THAT(ErrorOf("fault=overun"), HasSubstr("overrun|off-by-one"));
  EXPECT_THAT(ErrorOf("windows=95"), HasSubstr("win7=7601"));
  EXPECT_THAT(ErrorOf("machine=arm"), HasSubstr("x64, x86 or arm64"));
  EXPECT_THAT(ErrorOf("windows=2600"), HasSubstr("no x64 Windows '2600'"));
  EXPECT_THAT(ErrorOf("overrun"), HasSubstr("key=value"));
}

TEST(Recipe, NumbersHaveLimits) {
  EXPECT_THAT(ErrorOf("bytes=0"), HasSubstr("from 1 to 8192"));
  EXPECT_THAT(ErrorOf("pages=10"), HasSubstr("from 96"));
  EXPECT_THAT(ErrorOf("seed=12x"), HasSubstr("not '12x'"));
  EXPECT_EQ(ErrorOf("pages=96 bytes=8192"), "");
}

TEST(Recipe, IdleMemoryIsInMegabytesAndNotForX86) {
  const auto recipe = ParseRecipe("machine=x64 idle=65536");
  ASSERT_TRUE(recipe.has_value());
  EXPECT_EQ(recipe->idle_pages, 0x1000000U);
  EXPECT_THAT(ErrorOf("machine=x86 idle=1"), HasSubstr("idle memory is for machine=x64"));
  EXPECT_THAT(ErrorOf("idle=9999999"), HasSubstr("from 0 to 1048576"));
}

TEST(Recipe, FiveLevelsAndEncodedBlocksAreForSomeWindowsOnly) {
  for (const char* words : {"windows=22000 paging=la57", "paging=la57-wide windows=26100",
                            "windows=9600 kdbg=encoded code=yes pages=512", "windows=7601 machine=x86 paging=plain"})
    EXPECT_TRUE(ParseRecipe(words)) << words;
  for (const char* words : {"windows=19041 paging=la57", "windows=7601 machine=x86 paging=la57",
                            "windows=22000 machine=arm64 paging=la57-wide"})
    EXPECT_THAT(ErrorOf(words), HasSubstr("paging=la57 is for")) << words;
  for (const char* words : {"windows=7601 kdbg=encoded code=yes", "windows=9600 kdbg=encoded",
                            "windows=22621 machine=arm64 kdbg=encoded code=yes"})
    EXPECT_THAT(ErrorOf(words), HasSubstr("kdbg=encoded is for")) << words;
}

TEST(Recipe, ACulpritIsATagOfTheBuilders) {
  const auto recipe = ParseRecipe("culprit=Io frame=0x120 column=7 processors=8 minutes=30");
  ASSERT_TRUE(recipe.has_value());
  EXPECT_EQ(recipe->culprit, "Io  ");
  EXPECT_EQ(recipe->frame, 0x120U);
  EXPECT_EQ(recipe->column, 7);
  EXPECT_THAT(ErrorOf("culprit=Nope"), HasSubstr("not 'Nope'"));
  EXPECT_THAT(ErrorOf("column=64"), HasSubstr("from 0 to 63"));
}

TEST(Recipe, HelpNamesEveryKey) {
  for (const char* key :
       {"windows=", "machine=", "container=", "fault=", "bytes=", "content=", "victim=", "where=", "reach=", "variant=",
        "bugcheck=", "pages=", "seed=", "activity=", "after=", "free_tag=", "culprit=", "frame="}) {
    EXPECT_THAT(RecipeHelp(), HasSubstr(key));
  }
}

TEST(Recipe, KindsAreTheReportsWords) {
  EXPECT_STREQ(KindOfFault(Fault::kOffByOne), "overrun");
  EXPECT_STREQ(KindOfFault(Fault::kUseAfterFree), "use-after-free");
  EXPECT_STREQ(KindOfFault(Fault::kNone), "clean");
}

}  // namespace
}  // namespace poolblame::samples
