// --explain: what is asked for, the text whose numbers add up, the JSON.
#include "cli/explain.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "cli/options.h"
#include "cli/render_json.h"
#include "cli/render_text.h"
#include "heuristics/weights.h"
#include "tests/cli/hand_made_report.h"

namespace poolblame::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ExplainedVote Vote(Weight weight, double strength, double share, VoteStanding standing) {
  return {weight, strength, standing, share, Evidence{"sizes", WeightOf(weight).log_odds * strength, kPage, "a fact"}};
}

double Row(Weight weight) { return WeightOf(weight).log_odds; }

/// Two hypotheses; the numbers of the first, rounded one by one, would not add up to their sum.
ImageReport Explained() {
  ImageReport facts = OverrunReport();
  Incident& incident = facts.report.incidents.front();
  ExplainedHypothesis first;
  first.kind = FaultKind::kOverrun;
  first.role = SuspectRole::kBlock;
  first.block = incident.suspects.front().block;
  first.write = AddressRange{kPage + kVictimOffset, kPage + kVictimOffset + 8};
  first.prior = Weight::kPriorOverrunHeader;
  first.votes = {Vote(Weight::kContinuesPattern, 2.6176, 0.445, VoteStanding::kCounts),
                 Vote(Weight::kContinuesZero, 0.5, 0, VoteStanding::kShadowed),
                 Vote(Weight::kFilledToTheEnd, 1.0152, 0.335, VoteStanding::kCounts),
                 Vote(Weight::kThirdPartyTag, 10, 1.386, VoteStanding::kCapped)};
  first.log_odds = WeightOf(first.prior).log_odds + 0.445 + 0.335 + 1.386;
  first.probability = 0.97;
  ExplainedHypothesis second;
  second.kind = FaultKind::kUnknown;
  second.prior = Weight::kPriorUnknownHeader;
  second.log_odds = WeightOf(second.prior).log_odds;
  second.probability = 0.03;
  incident.explanation = {{first, second},
                          {{Confidence::kStrong, "a thing", true}, {Confidence::kSuspect, "another thing", false}}};
  return facts;
}

std::string Text(const ExplainChoice& choice) {
  TextOptions options;
  options.explain = choice;
  return RenderReportText(Explained(), options);
}

/// In hundredths, of each hypothesis: the numbers above a "sum" and that sum.
std::vector<std::pair<long, long>> Columns(const std::string& text) {
  std::vector<std::pair<long, long>> columns;
  long above = 0;
  std::istringstream lines(text.substr(text.find("how incident")));
  for (std::string line; std::getline(lines, line);) {
    double number = 0;
    char word[16] = "";
    if (std::sscanf(line.c_str(), " %lf %15s", &number, word) != 2 || line.find('.') > 10) continue;
    if (line.find("%  ") != std::string::npos) continue;
    const long hundredths = std::lround(number * 100);
    if (std::string(word) == "sum")
      columns.emplace_back(std::exchange(above, 0), hundredths);
    else
      above += hundredths;
  }
  return columns;
}

TEST(Explain, SaysNothingUnlessAsked) {
  EXPECT_THAT(Text({}), Not(HasSubstr("how incident")));
  EXPECT_THAT(Text({true, 2}), Not(HasSubstr("how incident")));
  EXPECT_THAT(Text({true, 1}), HasSubstr("how incident 1 was weighed"));
  EXPECT_THAT(Text({true, std::nullopt}), HasSubstr("how incident 1 was weighed"));
}

TEST(Explain, TheNumbersOfAHypothesisAddUpDigitByDigit) {
  const auto columns = Columns(Text({true, 1}));
  ASSERT_EQ(columns.size(), 2U);
  for (const auto& [above, sum] : columns) EXPECT_EQ(above, sum);
  const auto hundredths = [](const ExplainedHypothesis& h) { return std::lround(h.log_odds * 100); };
  const ImageReport facts = Explained();
  const auto& hypotheses = facts.report.incidents.front().explanation.hypotheses;
  EXPECT_EQ(columns[0].second, hundredths(hypotheses[0]));
  EXPECT_EQ(columns[1].second, hundredths(hypotheses[1]));
}

TEST(Explain, TextHasRowsStandingsAndTests) {
  const std::string text = Text({true, 1});
  EXPECT_THAT(text, HasSubstr("  1.  97 %  overrun by 'Culp' at 0xfffffa8001234100"));
  EXPECT_THAT(text, HasSubstr("bytes 0xfffffa8001234160 to 0xfffffa8001234168"));
  EXPECT_THAT(text,
              HasSubstr(fmt::format("continues-pattern ({:+.2f} x 2.62): a fact", Row(Weight::kContinuesPattern))));
  EXPECT_THAT(text, HasSubstr(fmt::format("[shadowed, {:+.2f} by itself]", 0.5 * Row(Weight::kContinuesZero))));
  EXPECT_THAT(text, HasSubstr("[capped, +4.00 by itself]"));
  EXPECT_THAT(text, HasSubstr("  2.   3 %  none of these"));
  EXPECT_THAT(text, HasSubstr("'strong' takes\n    + a thing\n  'suspect' takes\n    - missing: another thing\n"));
}

TEST(Explain, JsonHasTheExplanationOnlyWhereAsked) {
  const auto incident = [](const ExplainChoice& choice) {
    return Json::parse(RenderReportJson(Explained(), JsonForm::kOneLine, choice))["incidents"][0];
  };
  EXPECT_FALSE(incident({}).contains("explanation"));
  EXPECT_FALSE(incident({true, 2}).contains("explanation"));
  const Json explanation = incident({true, std::nullopt})["explanation"];
  const Json& first = explanation["hypotheses"][0];
  EXPECT_EQ(first["prior"]["row"], "prior-overrun-header");
  double sum = first["prior"]["log_odds"];
  for (const Json& vote : first["votes"]) sum += vote["share"].get<double>();
  EXPECT_NEAR(sum, first["log_odds"].get<double>(), 1e-5);
  EXPECT_EQ(first["votes"][1]["standing"], "shadowed");
  EXPECT_EQ(first["write"]["end"], "0xfffffa8001234168");
  EXPECT_TRUE(explanation["hypotheses"][1]["write"].is_null());
  EXPECT_EQ(explanation["confidence"]["tests"][1]["met"], false);
}

TEST(ParseExplainChoice, TakesANumberOrAll) {
  EXPECT_EQ(ParseExplainChoice("3")->incident, 3U);
  for (const char* all : {"", "all"}) {
    ASSERT_TRUE(ParseExplainChoice(all).has_value());
    EXPECT_EQ(ParseExplainChoice(all)->incident, std::nullopt);
  }
  for (const char* wrong : {"0", "-1", "1x", "MEMORY.DMP", "99999999999"})
    EXPECT_FALSE(ParseExplainChoice(wrong).has_value()) << wrong;
}

}  // namespace
}  // namespace poolblame::cli
