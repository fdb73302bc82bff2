// The ranking over many dumps in words and as JSON.
#include "cli/render_correlate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/json_sections.h"

namespace poolblame::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Ranking OneCulprit() {
  Ranking ranking;
  ranking.verdict = FleetVerdict::kCulprit;
  ranking.reports = 6;
  ranking.dumps = ranking.damaged = 5;
  ranking.machines = 3;
  ranking.tags = 60;
  ranking.nobody = 0.001;
  Candidate first;
  first.role = CandidateRole::kDriver;
  first.probability = 0.98765;
  first.owner = {"bad.sys", "", "pooltag.txt"};
  first.tags = {{PoolTag::FromText("Bad1"), 0.98, 5}, {PoolTag::FromText("Bad2"), 0.00001, 0}};
  first.machines = 3;
  first.victims = 4;
  first.more_dumps = 0;
  first.dumps = {{"crash-1", "a\x1b.dmp", 12.5}, {"crash-2", "b.dmp", 30}};
  Candidate second;
  second.probability = 0.01;
  second.tags = {{PoolTag::FromText("Oth1"), 0.01, 1}};
  second.more_dumps = 7;
  ranking.candidates = {first, second};
  return ranking;
}

TEST(RankingText, TheFirstLineIsTheAnswer) {
  const std::string text = RenderRankingText(OneCulprit(), {});
  EXPECT_THAT(text, StartsWith("common culprit: bad.sys ('Bad1'), 99 %\n"));
  EXPECT_THAT(text, HasSubstr("6 reports of 5 crashes: 5 damaged, 0 clean, 0 inconclusive"));
  EXPECT_THAT(text, HasSubstr("suspect beyond chance in 2 of 5 damaged dumps, on 3 machines, over 4 different tags"));
  EXPECT_THAT(text, HasSubstr("b.dmp (x30.0), a\\x1b.dmp (x12.5)")) << "the telling ones first, escaped";
  EXPECT_THAT(text, HasSubstr("7 dumps more like these would settle it"));
  EXPECT_THAT(text, HasSubstr("verifier /flags 0x9 /driver bad.sys"));
  EXPECT_THAT(text, Not(HasSubstr("Bad2")));
}

TEST(RankingText, NobodyIsNotNamed) {
  Ranking ranking = OneCulprit();
  ranking.verdict = FleetVerdict::kUndecided;
  const std::string text = RenderRankingText(ranking, {});
  EXPECT_THAT(text, StartsWith("undecided: "));
  EXPECT_THAT(text, Not(HasSubstr("verifier")));
  ranking.verdict = FleetVerdict::kNobody;
  EXPECT_THAT(RenderRankingText(ranking, {}), StartsWith("nothing is common to these dumps"));
  ranking.verdict = FleetVerdict::kHardware;
  ranking.candidates.front().role = CandidateRole::kHardware;
  ranking.candidates.front().machine = 0xABC;
  EXPECT_THAT(RenderRankingText(ranking, {}), StartsWith("common culprit: hardware of machine 0000000000000abc, "));
  EXPECT_THAT(RenderRankingText(Ranking{}, {}), StartsWith("undecided: no dump shows damage"));
}

TEST(RankingJson, KeysAndValues) {
  const Json json = Json::parse(RenderRankingJson(OneCulprit()));
  EXPECT_EQ(json["schema"], "poolblame.correlate/1");
  EXPECT_EQ(json["verdict"], "culprit");
  EXPECT_EQ(json["crashes"], 5);
  const Json& first = json["candidates"][0];
  EXPECT_EQ(first["kind"], "driver");
  EXPECT_EQ(first["probability"], 0.9877);
  EXPECT_EQ(first["owner"]["driver"], "bad.sys");
  EXPECT_EQ(first["tags"][0]["tag"], "Bad1");
  EXPECT_EQ(first["machine"], nullptr);
  EXPECT_EQ(first["more_dumps"], 0);
  EXPECT_EQ(first["dumps"][1]["path"], "b.dmp");
  EXPECT_EQ(json["candidates"][1]["owner"]["driver"], nullptr);
}

}  // namespace
}  // namespace poolblame::cli
