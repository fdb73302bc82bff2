// The text report, whole: what a person reads at 3 am.
#include "cli/render_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "cli/escape.h"
#include "tests/cli/hand_made_report.h"

namespace poolblame::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string Text(const ImageReport& facts) { return RenderReportText(facts, TextOptions{}); }

TEST(ReportText, AnswerThenWhyThenPictureThenNext) {
  const std::string text = Text(OverrunReport());
  EXPECT_EQ(FirstLine(text), "overrun by 'Culp' (culprit.sys) at 0xfffffa8001234100: strong, 91 %");
  std::size_t at = 0;
  for (const char* heading : {"\nwhy\n", "\npage 0xfffffa8001234000 (nonpaged pool)", "\nnext\n", "\nother suspects\n",
                              "\nbug check 0x19", "\nimage\n", "\nlooked at\n", "\nnotes\n"}) {
    const std::size_t found = text.find(heading, at);
    ASSERT_NE(found, std::string::npos) << heading;
    at = found;
  }
}

TEST(ReportText, EvidenceIsStrongestFirstWithItsSide) {
  EXPECT_THAT(Text(OverrunReport()), HasSubstr("why\n"
                                               "  + the bytes over the boundary continue the block's pattern\n"
                                               "  - the block has no slack\n"));
}

TEST(ReportText, WhoAllocatedTheBlockIsSaidFirstUnlessNobodyIsBlamed) {
  ImageReport facts = OverrunReport();
  Incident& incident = facts.report.incidents[0];
  for (int i = 0; i < 6; ++i)
    incident.suspects[0].evidence.push_back({"sizes", 1, std::nullopt, "fact " + std::to_string(i)});
  incident.suspects[0].evidence.push_back({"verifier-record", 0, std::nullopt, "allocated at culprit.sys+0x444"});
  EXPECT_THAT(Text(facts), HasSubstr("why\n"
                                     "  + allocated at culprit.sys+0x444\n"
                                     "  + the bytes over the boundary continue the block's pattern\n"));
  EXPECT_THAT(Text(facts), HasSubstr("fact 4"));
  incident.confidence = Confidence::kInsufficient;
  EXPECT_THAT(Text(facts), Not(HasSubstr("allocated at")));
}

TEST(ReportText, TheSameSentenceIsSaidOnce) {
  ImageReport facts = OverrunReport();
  std::vector<Evidence>& evidence = facts.report.incidents[0].suspects[0].evidence;
  evidence.push_back(evidence[1]);
  EXPECT_EQ(Text(facts), Text(OverrunReport()));
}

TEST(ReportText, VerboseShowsSignalsAndWeights) {
  TextOptions options;
  options.verbose = true;
  EXPECT_THAT(RenderReportText(OverrunReport(), options), HasSubstr("pattern [content-continues, +4.20]"));
}

TEST(ReportText, TheLabelIsAsSureAsTheIncident) {
  EXPECT_THAT(Text(OverrunReport()), HasSubstr("\n  culprit  'Culp' at 0xfffffa8001234100, 96 bytes, allocated"));
  ImageReport facts = OverrunReport();
  facts.report.incidents[0].confidence = Confidence::kSuspect;
  EXPECT_THAT(Text(facts), HasSubstr("\n  suspect  'Culp' at 0xfffffa8001234100, 96 bytes, allocated"));
}

TEST(ReportText, ABlockThatHurtItselfIsNamedOnce) {
  ImageReport facts = OverrunReport();
  facts.report.incidents[0].victim = facts.report.incidents[0].suspects[0].block;
  EXPECT_THAT(Text(facts), HasSubstr("\n  victim   the same block\n"));
}

TEST(ReportText, TopLimitsTheSuspects) {
  TextOptions options;
  options.top = 4;
  const std::string all = RenderReportText(OverrunReport(), options);
  EXPECT_THAT(all, HasSubstr("  4.   1 %  cause unknown\n"));
  EXPECT_THAT(all, Not(HasSubstr("--top")));
  EXPECT_THAT(Text(OverrunReport()), HasSubstr("  3.   2 %  hardware (a bit flip)\n  and 1 more (--top 4)\n"));
}

TEST(ReportText, SuspectsThatRoundToNothingAreLeftOut) {
  ImageReport facts = OverrunReport();
  facts.report.incidents[0].suspects[1].probability = 0.001;
  EXPECT_THAT(Text(facts), Not(HasSubstr("other suspects")));
  TextOptions options;
  options.verbose = true;
  EXPECT_THAT(RenderReportText(facts, options), HasSubstr("other suspects\n  2.  <1 %  underrun by 'Vict'"));
}

TEST(ReportText, CleanSaysWhatCleanMeans) {
  const std::string text = Text(CleanReport());
  EXPECT_EQ(FirstLine(text), "no corruption found: 8,123 pool pages judged, 190,233 blocks");
  EXPECT_THAT(text, Not(HasSubstr("why")));
  ImageReport cut = CleanReport();
  cut.image.truncated = true;
  EXPECT_EQ(FirstLine(Text(cut)), "no corruption found in a truncated image: 8,123 pool pages judged, 190,233 blocks");
}

TEST(ReportText, InconclusiveSaysWhatIsMissing) {
  ImageReport facts = CleanReport();
  facts.report.verdict = Verdict::kInconclusive;
  EXPECT_EQ(FirstLine(Text(facts)), "inconclusive: what had to be looked at is not in this image");
  facts.census.not_judged = {{"page named by the bug check is not in the dump", VirtAddr{kPage}}};
  const std::string text = Text(facts);
  EXPECT_EQ(FirstLine(text), "inconclusive: page named by the bug check is not in the dump");
  EXPECT_THAT(text, HasSubstr("  not judged: 0xfffffa8001234000: page named by the bug check is not in the dump\n"));
}

TEST(ReportText, InsufficientEvidenceNamesNoDriverAnywhere) {
  ImageReport facts = OverrunReport();
  facts.report.incidents[0].confidence = Confidence::kInsufficient;
  facts.report.incidents[0].advice.clear();
  const std::string text = Text(facts);
  EXPECT_THAT(text, Not(HasSubstr(".sys")));
  EXPECT_THAT(text, HasSubstr("candidates, none established\n  1.  91 %  overrun by 'Culp' at 0xfffffa8001234100\n"));
}

TEST(ReportText, ManyIncidentsAreListedShortAndVerboseInFull) {
  ImageReport facts = OverrunReport();
  facts.report.incidents.resize(60, OverrunIncident());
  const std::string text = Text(facts);
  EXPECT_THAT(text, HasSubstr("the gravest of 60 incidents\n"));
  EXPECT_THAT(text, HasSubstr("\nincident 3 of 60\noverrun by 'Culp'"));
  EXPECT_THAT(text, HasSubstr("\n57 more incidents (--verbose describes them all)\n  4. overrun by"));
  EXPECT_THAT(text, HasSubstr("  53. overrun by 'Culp' (culprit.sys) at 0xfffffa8001234100: strong, 91 %\n"
                              "  and 7 more\n"));
  TextOptions options;
  options.verbose = true;
  EXPECT_THAT(RenderReportText(facts, options), HasSubstr("\nincident 60 of 60\n"));
}

TEST(ReportText, NoLineIsWiderThanAsked) {
  ImageReport facts = OverrunReport();
  std::string long_sentence;
  for (int i = 0; i < 60; ++i) long_sentence += "evidence ";
  facts.report.incidents[0].suspects[0].evidence[0].text = long_sentence;
  facts.report.notes = {long_sentence};
  std::istringstream lines(Text(facts));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(Columns(line), 100U) << line;
}

TEST(ReportText, HostileTextNeverReachesTheTerminal) {
  const std::string hostile = "\x1b[2J\x07\r\n";
  ImageReport facts = OverrunReport();
  facts.image.path = hostile;
  facts.system.bugcheck->name = facts.system.bugcheck->meaning = hostile;
  facts.report.notes = {hostile};
  facts.census.not_judged = {{hostile, std::nullopt}};
  Incident& incident = facts.report.incidents[0];
  incident.suspects[0].owner = {hostile, hostile, hostile};
  incident.suspects[0].evidence[0].text = hostile;
  incident.suspects[0].block->tag = PoolTag{0x0A0D071B};
  incident.advice = {hostile};
  const std::string text = Text(facts);
  EXPECT_TRUE(std::none_of(text.begin(), text.end(), [](char c) { return c != '\n' && (c < 0x20 || c == 0x7F); }));
  EXPECT_THAT(text, HasSubstr("\\x1b[2J\\x07\\x0d\\x0a"));
}

TEST(ReportText, ColourChangesNoLetter) {
  TextOptions options;
  options.palette = Palette(true);
  std::string painted = RenderReportText(OverrunReport(), options);
  for (std::size_t at; (at = painted.find('\033')) != std::string::npos;)
    painted.erase(at, painted.find('m', at) - at + 1);
  EXPECT_EQ(painted, Text(OverrunReport()));
}

}  // namespace
}  // namespace poolblame::cli
