// Reports and partial results read back: what is kept, what is refused, and that no grouping of them changes a byte.
#include "cli/fleet_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <sstream>

#include "cli/fleet_state.h"
#include "cli/json_sections.h"
#include "cli/render_correlate.h"
#include "cli/render_json.h"
#include "cli/report_reader.h"
#include "tests/cli/hand_made_report.h"

namespace poolblame::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The hand-made report with what a whole dump of a machine adds to it.
ImageReport FullReport(std::uint64_t number = 1) {
  ImageReport facts = OverrunReport();
  facts.image.path = "crash-" + std::to_string(number) + ".dmp";
  facts.image.origin = {0x1D0000000000000 + number, 0x1000, 8, 0xABC0 + number % 3};
  facts.system.modules = {{"ntoskrnl.exe", "", {}, 0, 0, false}, {"Culprit.sys", "", {}, 0, 0, false}};
  facts.census.pairs.pairs[{false, 0}] = 500;
  TagStatistics& culprit = facts.census.tags[PoolTag::FromText("Culp")];
  culprit.allocated = 9;
  culprit.sizes = {{0x60, 7}, {0x80, 2}};
  for (int i = 0; i < 8; ++i) culprit.neighbours.Count({false, 0}, i < 3);
  facts.census.tags[PoolTag::FromText("Vict")].neighbours.Count({false, 0}, false);
  return facts;
}

FleetInput Read(const std::string& text) {
  FleetInput input;
  std::istringstream in(text);
  input.ReadAll(in, "reports.jsonl");
  return input;
}

std::string Line(const ImageReport& facts) { return RenderReportJson(facts, JsonForm::kOneLine); }

TEST(FleetInput, KeepsWhatARankingNeeds) {
  const FleetInput input = Read(Line(FullReport()));
  ASSERT_EQ(input.fleet.entries().size(), 1U);
  const FleetEntry& entry = input.fleet.entries().begin()->second;
  EXPECT_THAT(entry.paths, ElementsAre("crash-1.dmp"));
  EXPECT_EQ(entry.dump.machine_fingerprint, 0xABC1U);
  EXPECT_EQ(entry.dump.crash.code, 0x19U);
  EXPECT_EQ(entry.dump.crash.system_time, 0x1D0000000000001U);
  EXPECT_EQ(entry.dump.tags, 2U);
  EXPECT_THAT(entry.dump.modules, ElementsAre("culprit.sys", "ntoskrnl.exe"));
  ASSERT_EQ(entry.dump.incidents.size(), 1U);
  const FleetIncident& incident = entry.dump.incidents.front();
  EXPECT_EQ(incident.pairs, 500U);
  EXPECT_EQ(incident.pairs_same, 3U);
  EXPECT_EQ(incident.victim.tag, PoolTag::FromText("Vict"));
  EXPECT_EQ(incident.page, 0x7654U);
  EXPECT_EQ(incident.bytes, std::vector<std::uint8_t>(8, 'A'));
  ASSERT_EQ(incident.suspects.size(), 4U);
  const FleetSuspect& culprit = incident.suspects.front();
  EXPECT_EQ(culprit.role, SuspectRole::kBlock);
  EXPECT_EQ(culprit.tag, PoolTag::FromText("Culp"));
  EXPECT_EQ(culprit.neighbours, (NeighbourCounts{8, 3}));
  EXPECT_EQ(culprit.blocks, 9U);
  EXPECT_EQ(culprit.same_size, 7U);
  EXPECT_EQ(culprit.distance, 0x50);
  EXPECT_EQ(culprit.driver, "culprit.sys");
  EXPECT_TRUE(incident.suspects[1].is_victim);
  EXPECT_EQ(incident.suspects[2].role, SuspectRole::kHardware);
  EXPECT_EQ(incident.suspects[3].role, SuspectRole::kUnknown);
}

TEST(FleetInput, TheFlippedBitIsAColumnOfTheMemoryWord) {
  ImageReport facts = FullReport();
  Incident& incident = facts.report.incidents.front();
  incident.damage = {kPage + kVictimOffset + 2, kPage + kVictimOffset + 3, 1, {0x0A ^ 0x10}};
  const auto one = Read(Line(facts)).fleet.entries().begin()->second.dump.incidents.front().column;
  EXPECT_EQ(one, 2 * 8 + 4U);
  incident.damage.bytes = {0x0A ^ 0x11};
  EXPECT_FALSE(Read(Line(facts)).fleet.entries().begin()->second.dump.incidents.front().column);
}

TEST(FleetInput, TakesLinesAndWholeDocumentsMixed) {
  const FleetInput input = Read(Line(FullReport(1)) + "\n" + RenderReportJson(FullReport(2), JsonForm::kIndented) +
                                Line(FullReport(3)) + RenderReportJson(FullReport(4), JsonForm::kIndented));
  EXPECT_EQ(input.read, 4U);
  EXPECT_EQ(input.unreadable_count, 0U);
  EXPECT_EQ(input.fleet.entries().size(), 4U);
}

TEST(FleetInput, RefusesWhatIsNoReportAndUsesTheRest) {
  const FleetInput input = Read("nonsense\n" + Line(FullReport(1)) + "{}\n[]\n{\"schema\": \"other/1\"}\n" +
                                "{\"schema\": \"poolblame.report/1\"}\n{\n \"cut\":\n");
  EXPECT_EQ(input.read, 1U);
  ASSERT_EQ(input.unreadable_count, 6U);
  EXPECT_EQ(input.unreadable[0].line, 1U);
  EXPECT_EQ(input.unreadable[0].what, "is no JSON document");
  EXPECT_EQ(input.unreadable[1].line, 3U);
  EXPECT_THAT(input.unreadable[3].what, HasSubstr("schema 'other/1', not poolblame.report/1"));
  EXPECT_EQ(input.unreadable[4].what, "the report has no verdict");
  EXPECT_EQ(input.unreadable[5].line, 7U);
}

TEST(FleetInput, DepthAndLengthAreBounded) {
  const FleetInput deep = Read(std::string(200000, '[') + "\n" + Line(FullReport()));
  EXPECT_EQ(deep.unreadable_count, 1U);
  EXPECT_EQ(deep.read, 1U);
  ImageReport brackets = FullReport();
  brackets.image.path = std::string(100, '[') + "\\\"" + std::string(100, '{');
  EXPECT_EQ(Read(Line(brackets)).read, 1U) << "a path may hold anything";
  const FleetInput length = Read("\"" + std::string(std::size_t{9} << 20, 'x') + "\"\n" + Line(FullReport()));
  ASSERT_EQ(length.unreadable_count, 1U);
  EXPECT_THAT(length.unreadable[0].what, HasSubstr("longer than any report"));
  EXPECT_EQ(length.read, 1U);
}

/// Every value of a document in turn becomes one of another type.
void ForEachValue(Json& json, const std::function<void()>& visit) {
  if (json.is_structured())
    for (auto& child : json) ForEachValue(child, visit);
  for (const Json& other : {Json(nullptr), Json(-1), Json(1e300), Json("\xff"), Json(Json::array({1, "x"})),
                            Json(Json::object({{"a", 1}})), Json(UINT64_MAX)}) {
    Json before = std::exchange(json, other);
    visit();
    json = std::move(before);
  }
}

TEST(FleetInput, ValuesOfAnyTypeDoNoHarm) {
  FleetInput whole = Read(Line(FullReport()));
  for (const std::string& text : {Line(FullReport()), FleetStateLines(whole.fleet)}) {
    Json document = Json::parse(text);
    ForEachValue(document, [&] {
      const FleetInput input = Read(document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
      EXPECT_EQ(input.read + input.unreadable_count, 1U);
      const Ranking ranking = Correlate(input.fleet, TagDatabase());
      EXPECT_GE(ranking.nobody, 0);
      EXPECT_LE(ranking.nobody, 1);
      EXPECT_FALSE(RenderRankingJson(ranking).empty());
    });
  }
}

TEST(FleetInput, HugeListsAreCut) {
  Json report = Json::parse(Line(FullReport()));
  const Json incident = report["incidents"][0], suspect = incident["suspects"][0];
  for (int i = 0; i < 200; ++i) report["incidents"].push_back(incident);
  for (int i = 0; i < 200; ++i) report["incidents"][0]["suspects"].push_back(suspect);
  const FleetInput input = Read(report.dump() + "\n");
  const FleetDump& dump = input.fleet.entries().begin()->second.dump;
  EXPECT_EQ(dump.incidents.size(), FleetDump::kMaxIncidents);
  EXPECT_EQ(dump.incidents.front().suspects.size(), FleetIncident::kMaxSuspects);
}

TEST(FleetState, HoldsEverythingThatWasRead) {
  std::string reports;
  for (std::uint64_t i = 1; i <= 5; ++i) reports += Line(FullReport(i));
  reports += Line(FullReport(3));  // reported twice
  const Fleet fleet = Read(reports).fleet;
  const std::string state = FleetStateLines(fleet);
  const Fleet again = Read(state).fleet;
  EXPECT_EQ(FleetStateLines(again), state);
  ASSERT_EQ(again.entries().size(), 5U);
  for (const auto& [identity, entry] : fleet.entries()) {
    EXPECT_EQ(again.entries().at(identity).dump, entry.dump);
    EXPECT_EQ(again.entries().at(identity).reports, entry.reports);
  }
}

TEST(FleetState, AnyOrderAndGroupingGivesTheSameBytes) {
  std::vector<std::string> reports;
  for (std::uint64_t i = 1; i <= 9; ++i) reports.push_back(Line(FullReport(i)));
  reports.push_back(reports.front());
  std::string expected;
  std::mt19937 random(3);
  for (int round = 0; round < 30; ++round) {
    std::shuffle(reports.begin(), reports.end(), random);
    std::vector<std::string> parts(1 + random() % 4);
    for (const std::string& report : reports) parts[random() % parts.size()] += report;
    std::string all;
    for (const std::string& part : parts) all += random() % 2 == 0 ? part : FleetStateLines(Read(part).fleet);
    const std::string ranking = RenderRankingJson(Correlate(Read(all).fleet, TagDatabase()));
    if (expected.empty()) expected = ranking;
    ASSERT_EQ(ranking, expected) << round;
  }
}

}  // namespace
}  // namespace poolblame::cli
