// The culprit's write in words, and in JSON.
#include "cli/write_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/render_json.h"
#include "cli/render_text.h"
#include "tests/cli/hand_made_report.h"

namespace poolblame::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// 8 to 24 bytes out of 'Culp', begun somewhere in its last 16 bytes.
WriteExtent Write() {
  WriteExtent write;
  write.first_damaged = kPage + kVictimOffset;
  write.last_damaged = kPage + kVictimOffset + 7;
  write.boundary = kPage + kVictimOffset;
  write.start_earliest = write.boundary - 16;
  write.start_latest = write.boundary;
  write.end_earliest = write.boundary + 8;
  write.end_latest = write.boundary + 24;
  write.blocks_run_over = 1;
  return write;
}

std::string Text(const WriteExtent& write) {
  TextWriter out(Palette(false), kMaxColumns);
  WriteExtentLines(out, write);
  return out.text();
}

ImageReport Report(const WriteExtent& write) {
  ImageReport facts = OverrunReport();
  facts.report.incidents.front().write = write;
  return facts;
}

TEST(WriteWords, SayHowFarAndFromWhereToWhere) {
  EXPECT_EQ(Text(Write()),
            "  write    8 to 24 bytes behind the block's end, 8 to 40 bytes in all\n"
            "           from 0xfffffa8001234150..0xfffffa8001234160 to 0xfffffa8001234168..0xfffffa8001234178\n");
}

TEST(WriteWords, SayWhatElseIsKnown) {
  WriteExtent write = Write();
  write.stride = 24;
  write.slack = 4;
  write.blocks_run_over = 2;
  write.end_latest = write.end_earliest;
  write.start_earliest.reset();
  const std::string text = Text(write);
  EXPECT_THAT(text,
              HasSubstr("  write    8 bytes behind the block's end, at least 8 bytes in all, records of 24 bytes"));
  EXPECT_THAT(text, HasSubstr("; 4 bytes of"));
  EXPECT_THAT(text, HasSubstr("2 blocks are hit"));
  EXPECT_THAT(text, HasSubstr("from a place before this image's memory to 0xfffffa8001234168\n"));
}

TEST(WriteWords, AnUnderrunRunsBelowTheData) {
  WriteExtent write = Write();
  write.upwards = false;
  write.boundary = write.end_earliest = write.end_latest = kPage + kVictimOffset + 16;
  EXPECT_THAT(Text(write), HasSubstr("16 to 32 bytes below the block's data, 16 to 32 bytes in all"));
}

TEST(WriteWords, AreSaidOnlyWhereSomebodyIsNamed) {
  ImageReport facts = Report(Write());
  EXPECT_THAT(RenderReportText(facts, {}), HasSubstr("\n  write    8 to 24 bytes"));
  facts.report.incidents.front().confidence = Confidence::kInsufficient;
  EXPECT_THAT(RenderReportText(facts, {}), Not(HasSubstr("  write  ")));
}

TEST(WriteWords, JsonHasTheRanges) {
  const Json write = Json::parse(RenderReportJson(Report(Write()), JsonForm::kOneLine))["incidents"][0]["write"];
  EXPECT_EQ(write["last_damaged"], "0xfffffa8001234167");
  EXPECT_EQ(write["start"]["earliest"], "0xfffffa8001234150");
  EXPECT_EQ(write["end"]["latest"], "0xfffffa8001234178");
  EXPECT_EQ(write["outside"], (Json{{"min", 8}, {"max", 24}}));
  EXPECT_EQ(write["length"], (Json{{"min", 8}, {"max", 40}}));
  EXPECT_TRUE(write["slack"].is_null());
  EXPECT_TRUE(write["stride"].is_null());
  EXPECT_EQ(write["blocks_run_over"], 1);
}

}  // namespace
}  // namespace poolblame::cli
