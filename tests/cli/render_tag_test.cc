#include "cli/render_tag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace poolblame::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TagDatabase Tags() {
  TagDatabase tags;
  const std::string table =
      "Abcd - abcd.sys - exact\n"
      "Ab* - family.sys - wildcard\n"
      "Xy - short.sys - short tag\n";
  tags.AddFile(ByteView(reinterpret_cast<const std::uint8_t*>(table.data()), table.size()));
  return tags;
}

TEST(RenderTag, ExactComesBeforeWildcard) {
  const TagAnswer answer = RenderTag("Abcd", Tags());
  EXPECT_TRUE(answer.known);
  EXPECT_THAT(answer.text, StartsWith("'Abcd' (0x64636241)\n  Abcd   abcd.sys"));
  EXPECT_THAT(answer.text, HasSubstr("\n  Ab*    family.sys"));
}

TEST(RenderTag, ShortTagsArePadded) {
  const TagAnswer answer = RenderTag("Xy", Tags());
  EXPECT_TRUE(answer.known);
  EXPECT_THAT(answer.text, StartsWith("'Xy  ' (0x20207958)\n"));
}

TEST(RenderTag, TheProtectedBitIsNotPartOfTheName) {
  const TagAnswer answer = RenderTag("0xe4636241", Tags());
  EXPECT_TRUE(answer.known);
  EXPECT_THAT(answer.text, StartsWith("'Abcd' (0xe4636241), protected: the top bit is not part of the name\n"));
  EXPECT_TRUE(RenderTag("e4636241", Tags()).known);
}

TEST(RenderTag, AReversedTagIsSuggested) {
  const TagAnswer answer = RenderTag("dcbA", Tags());
  EXPECT_FALSE(answer.known);
  EXPECT_EQ(answer.text,
            "'dcbA' (0x41626364)\n"
            "  in no table\n"
            "  did you mean 'Abcd'? tags are written as they lie in memory\n");
}

TEST(RenderTag, WhatIsNoTagIsSaidSo) {
  EXPECT_EQ(RenderTag("toolong", Tags()).text, "'toolong': a tag has one to four characters, or eight hex digits\n");
  EXPECT_FALSE(RenderTag("", Tags()).known);
  EXPECT_THAT(RenderTag("\x1b[m", Tags()).text, StartsWith("'.[m ' (0x206d5b1b)\n"));
}

}  // namespace
}  // namespace poolblame::cli
