// Errors become sentences that name the file, the place and both numbers.
#include "cli/error_text.h"

#include <gtest/gtest.h>

namespace poolblame::cli {
namespace {

TEST(ErrorText, NamesFilePlaceAndBothNumbers) {
  EXPECT_EQ(ErrorText("dump.dmp", {ErrorKind::kTruncated, "page map", 0x2000, 4096, 812}),
            "dump.dmp: page map needs 4096 bytes at 0x2000, file has 812 left");
  EXPECT_EQ(ErrorText("dump.dmp", {ErrorKind::kCorrupt, "number of runs", 0x88, 86, 4000000000}),
            "dump.dmp: number of runs at 0x88 is 4000000000, no more than 86 makes sense");
  EXPECT_EQ(ErrorText("dump.dmp", {ErrorKind::kLimit, "drivers", 0x10, 4096, 70000}),
            "dump.dmp: drivers at 0x10 counts 70000, poolblame stops at 4096");
  EXPECT_EQ(ErrorText("dump.dmp", {ErrorKind::kBadMagic, "PAGEDU64", 0, 0, 0}),
            "dump.dmp: PAGEDU64 expected at 0x0, other bytes found");
}

TEST(ErrorText, OtherKindsSayWhatTheyWereTold) {
  EXPECT_EQ(ErrorText("a", {ErrorKind::kIo, "No such file or directory", 7, 8, 9}), "a: No such file or directory");
  EXPECT_EQ(ErrorText("a", {ErrorKind::kUnsupported, "a user-mode minidump", 0, 0, 0}), "a: a user-mode minidump");
}

TEST(ErrorText, EscapesHostileNames) {
  EXPECT_EQ(ErrorText("a\x1b[2J", {ErrorKind::kIo, "no\a", 0, 0, 0}), "a\\x1b[2J: no\\x07");
}

TEST(ErrorStatus, MisuseIsUsageTheRestUnreadable) {
  EXPECT_EQ(ErrorStatus({ErrorKind::kUsage, "", 0, 0, 0}), ExitStatus::kUsage);
  EXPECT_EQ(ErrorStatus({ErrorKind::kTruncated, "", 0, 0, 0}), ExitStatus::kUnreadable);
  EXPECT_EQ(ErrorStatus({ErrorKind::kIo, "", 0, 0, 0}), ExitStatus::kUnreadable);
}

}  // namespace
}  // namespace poolblame::cli
