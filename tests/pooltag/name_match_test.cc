// Names of drivers and vendors as they are typed.
#include "pooltag/name_match.h"

#include <gtest/gtest.h>

namespace poolblame {
namespace {

TEST(FitsWildcards, StarsAndQuestionMarks) {
  for (const char* typed : {"ntfs.sys", "NTFS.SYS", "nt*", "*fs.sys", "n?fs.*", "*", "**", "n*s*s"})
    EXPECT_TRUE(FitsWildcards("ntfs.sys", typed)) << typed;
  for (const char* typed : {"", "ntfs", "nt?", "*fs", "ntfs.sys?", "?ntfs.sys", "n*x*s"})
    EXPECT_FALSE(FitsWildcards("ntfs.sys", typed)) << typed;
  EXPECT_TRUE(FitsWildcards("", "*"));
  EXPECT_FALSE(FitsWildcards("", "?"));
}

TEST(FitsWildcards, ManyStarsTakeNoTime) {
  std::string stars;
  for (int i = 0; i < 200; ++i) stars += "*a";
  EXPECT_FALSE(FitsWildcards(std::string(20'000, 'a') + "b", stars + "c"));
}

TEST(IsDriver, TheSuffixMayBeMissing) {
  for (const char* typed : {"tcpip.sys", "TCPIP", "tcp*", "tcp?p", "*"}) EXPECT_TRUE(IsDriver("tcpip.sys", typed));
  EXPECT_FALSE(IsDriver("tcpip6.sys", "tcpip"));
  EXPECT_TRUE(IsDriver("ntoskrnl.exe", "ntoskrnl.exe"));
  EXPECT_FALSE(IsDriver("ntoskrnl.exe", "ntoskrnl"));
  EXPECT_FALSE(IsDriver("", "*"));
}

TEST(IsVendor, APartIsEnoughWithoutWildcards) {
  EXPECT_TRUE(IsVendor("Red Hat", "hat"));
  EXPECT_TRUE(IsVendor("Red Hat", "red*"));
  EXPECT_FALSE(IsVendor("Red Hat", "hat*"));
  EXPECT_FALSE(IsVendor("Red Hat", "intel"));
  EXPECT_FALSE(IsVendor("", "*"));
}

}  // namespace
}  // namespace poolblame
