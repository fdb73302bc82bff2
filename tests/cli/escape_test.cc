// Nothing that an image or a file name holds may act on the terminal.
#include "cli/escape.h"

#include <gtest/gtest.h>

namespace poolblame::cli {
namespace {

TEST(Escaped, KeepsWhatIsPrintable) {
  EXPECT_EQ(Escaped(""), "");
  EXPECT_EQ(Escaped("C:\\dumps\\MEMORY.DMP ~"), "C:\\dumps\\MEMORY.DMP ~");
  EXPECT_EQ(Escaped("Gerät 日本 😀"), "Gerät 日本 😀");
}

TEST(Escaped, WritesControlsAsHex) {
  EXPECT_EQ(Escaped("\x1b]0;owned\x07"), "\\x1b]0;owned\\x07");
  EXPECT_EQ(Escaped("a\r\n\tb\x7f"), "a\\x0d\\x0a\\x09b\\x7f");
  EXPECT_EQ(Escaped(std::string_view("\0", 1)), "\\x00");
}

TEST(Escaped, WritesC1AndDirectionMarksAsHex) {
  EXPECT_EQ(Escaped("\xc2\x9b"
                    "31m"),
            "\\xc2\\x9b31m");                                     // U+009B is CSI
  EXPECT_EQ(Escaped("\xc2\xa0"), "\xc2\xa0");                     // U+00A0, the first beyond C1
  EXPECT_EQ(Escaped("sys.\xe2\x80\xae"), "sys.\\xe2\\x80\\xae");  // right-to-left override
}

TEST(Escaped, WritesInvalidUtf8AsHex) {
  EXPECT_EQ(Escaped("\xff"), "\\xff");
  EXPECT_EQ(Escaped("\xc3"), "\\xc3");                             // cut off
  EXPECT_EQ(Escaped("\xc3("), "\\xc3(");                           // no continuation
  EXPECT_EQ(Escaped("\xc0\x9b"), "\\xc0\\x9b");                    // overlong
  EXPECT_EQ(Escaped("\xe0\x82\x9b"), "\\xe0\\x82\\x9b");           // overlong
  EXPECT_EQ(Escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(Escaped("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // past U+10FFFF
}

TEST(Columns, CountsCharactersNotBytes) {
  EXPECT_EQ(Columns("abc"), 3U);
  EXPECT_EQ(Columns("Gerät"), 5U);
}

}  // namespace
}  // namespace poolblame::cli
