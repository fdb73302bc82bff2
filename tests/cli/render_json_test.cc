// REPORT.md's contract: keys in order, addresses as strings, null for what is not known.
#include "cli/render_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/json_sections.h"
#include "tests/cli/hand_made_report.h"

namespace poolblame::cli {
namespace {

std::vector<std::string> Keys(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& item : object.items()) keys.push_back(item.key());
  return keys;
}

using Words = std::vector<std::string>;

Json Rendered(const ImageReport& facts) { return Json::parse(RenderReportJson(facts, JsonForm::kIndented)); }

TEST(ReportJson, KeysAreInTheOrderOfTheContract) {
  const Json report = Rendered(OverrunReport());
  EXPECT_EQ(Keys(report), (Words{"schema", "tool", "image", "bugcheck", "coverage", "verdict", "incidents", "origin",
                                 "modules", "adjacency", "notes"}));
  EXPECT_EQ(Keys(report["image"]), (Words{"path", "container", "compression", "size", "machine", "build", "os",
                                          "allocator", "pool_layout", "layout_source"}));
  EXPECT_EQ(Keys(report["bugcheck"]), (Words{"code", "name", "parameters", "meaning", "pool_related", "addresses"}));
  EXPECT_EQ(Keys(report["coverage"]),
            (Words{"pages_in_image", "pages_read", "pool_pages", "pool_blocks", "allocated", "free", "big_allocations",
                   "pages_unreadable", "truncated", "not_judged"}));
  const Json& incident = report["incidents"][0];
  EXPECT_EQ(Keys(incident),
            (Words{"id", "page", "physical", "pool", "slot_size", "kind", "kind_probabilities", "confidence", "damage",
                   "write", "victim", "expected_header", "suspects", "advice"}));
  EXPECT_EQ(Keys(incident["damage"]), (Words{"start", "end", "certain_bytes", "hex"}));
  EXPECT_EQ(Keys(incident["victim"]),
            (Words{"header", "address", "tag", "tag_hex", "size", "state", "offset_in_page"}));
  EXPECT_EQ(Keys(incident["expected_header"]),
            (Words{"previous_size", "block_size", "pool_index", "pool_type", "bytes"}));
  EXPECT_EQ(Keys(incident["suspects"][0]),
            (Words{"rank", "probability", "kind", "block", "siblings", "owner", "evidence"}));
  EXPECT_EQ(Keys(incident["suspects"][0]["owner"]), (Words{"driver", "vendor", "source", "probability"}));
  EXPECT_EQ(Keys(incident["suspects"][1]["owner"]), (Words{"driver", "vendor", "source"}));
  EXPECT_EQ(Keys(incident["suspects"][0]["evidence"][0]), (Words{"signal", "log_odds", "address", "text"}));
}

TEST(ReportJson, ValuesAreWrittenAsTheContractSays) {
  const Json report = Rendered(OverrunReport());
  EXPECT_EQ(report["schema"], "poolblame.report/1");
  EXPECT_EQ(report["verdict"], "corrupt");
  EXPECT_EQ(report["bugcheck"]["code"], "0x00000019");
  EXPECT_EQ(report["bugcheck"]["parameters"][3], "0x0000000041414141");
  EXPECT_EQ(report["bugcheck"]["addresses"][0]["in_image"], true);
  const Json& incident = report["incidents"][0];
  EXPECT_EQ(incident["page"], "0xfffffa8001234000");
  EXPECT_EQ(incident["physical"], "0x0000000007654000");
  EXPECT_EQ(incident["damage"]["hex"], "4141414141414141");
  EXPECT_EQ(incident["victim"]["tag_hex"], "74636956");
  EXPECT_EQ(incident["expected_header"]["bytes"], "06000a0256696374");
  EXPECT_EQ(incident["suspects"][0]["evidence"][1]["log_odds"], 4.2);
  EXPECT_EQ(incident["suspects"][0]["owner"]["driver"], "culprit.sys");
  EXPECT_TRUE(incident["suspects"][0]["evidence"][0]["address"].is_null());
  EXPECT_TRUE(incident["suspects"][1]["owner"]["vendor"].is_null());
  EXPECT_TRUE(incident["suspects"][2]["block"].is_null());
}

TEST(ReportJson, WhatIsNotKnownIsNull) {
  ImageReport facts = OverrunReport();
  facts.system.bugcheck.reset();
  facts.system.build.reset();
  facts.census.layout = nullptr;
  facts.report.incidents[0].page.reset();
  facts.report.incidents[0].victim.reset();
  facts.report.incidents[0].expected_header.reset();
  const Json report = Rendered(facts);
  EXPECT_TRUE(report["bugcheck"].is_null());
  EXPECT_TRUE(report["image"]["build"].is_null());
  EXPECT_TRUE(report["image"]["pool_layout"].is_null());
  EXPECT_TRUE(report["image"]["layout_source"].is_null());
  EXPECT_TRUE(report["incidents"][0]["page"].is_null());
  EXPECT_TRUE(report["incidents"][0]["victim"].is_null());
  EXPECT_TRUE(report["incidents"][0]["expected_header"].is_null());
}

TEST(ReportJson, NoDriverIsNamedOnInsufficientEvidenceOrForABitFlip) {
  ImageReport facts = OverrunReport();
  facts.report.incidents[0].confidence = Confidence::kInsufficient;
  EXPECT_EQ(RenderReportJson(facts, JsonForm::kOneLine).find("victim.sys"), std::string::npos);
  EXPECT_TRUE(Rendered(facts)["incidents"][0]["suspects"][0]["owner"]["driver"].is_null());
  facts.report.incidents[0].confidence = Confidence::kStrong;
  facts.report.incidents[0].kind = FaultKind::kBitFlip;
  EXPECT_TRUE(Rendered(facts)["incidents"][0]["suspects"][0]["owner"]["driver"].is_null());
}

TEST(ReportJson, ProbabilitiesStillAddUpToOne) {
  const Json report = Rendered(OverrunReport());
  int ten_thousandths = 0;
  for (const Json& suspect : report["incidents"][0]["suspects"])
    ten_thousandths += static_cast<int>(suspect["probability"].get<double>() * 10000 + 0.5);
  EXPECT_EQ(ten_thousandths, 10000);
  EXPECT_EQ(report["incidents"][0]["suspects"][1]["probability"].dump(), "0.0533");
}

TEST(JsonShares, ThirdsGiveTheDifferenceToTheFirst) {
  EXPECT_EQ(JsonShares({1.0 / 3, 1.0 / 3, 1.0 / 3}), (std::vector<double>{0.3334, 0.3333, 0.3333}));
  EXPECT_EQ(JsonShares({0.5, 0.25}), (std::vector<double>{0.5, 0.25}));  // never added up to 1: left alone
  EXPECT_TRUE(JsonShares({}).empty());
}

TEST(JsonRounded, KeepsDecimalsAndNoNegativeZero) {
  EXPECT_EQ(Json(JsonRounded(-0.001, 2)).dump(), "0.0");
  EXPECT_EQ(Json(JsonRounded(4.204, 2)).dump(), "4.2");
}

TEST(ReportJson, OneLineIsTheSameDocument) {
  const std::string line = RenderReportJson(OverrunReport(), JsonForm::kOneLine);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(Json::parse(line), Rendered(OverrunReport()));
}

TEST(ReportJson, HostileTextIsEscapedToAscii) {
  ImageReport facts = CleanReport();
  facts.image.path = "a\x1b]0;\x07\xc2\x9b\xff";
  const std::string line = RenderReportJson(facts, JsonForm::kOneLine);
  for (const char c : line.substr(0, line.size() - 1)) EXPECT_TRUE(c >= 0x20 && c < 0x7F);
  EXPECT_EQ(Json::parse(line)["image"]["path"], "a\x1b]0;\x07\xc2\x9b\xef\xbf\xbd");
}

TEST(ReportJson, NotesAndGapsOfAllLayersAppearOnce) {
  ImageReport facts = CleanReport();
  facts.image.notes = {"one"};
  facts.system.notes = {"two"};
  facts.census.notes = {"two", "three"};
  facts.report.notes = {"one", "four"};
  facts.census.not_judged = {{"absent", VirtAddr{kPage}}};
  facts.report.not_judged = {{"absent", VirtAddr{kPage}}, {"absent", std::nullopt}};
  const Json report = Rendered(facts);
  EXPECT_EQ(report["notes"], (Json{"one", "two", "three", "four"}));
  ASSERT_EQ(report["coverage"]["not_judged"].size(), 2U);
  EXPECT_EQ(report["coverage"]["not_judged"][0]["address"], "0xfffffa8001234000");
  EXPECT_TRUE(report["coverage"]["not_judged"][1]["address"].is_null());
}

TEST(InfoJson, HasTheModules) {
  ImageReport facts = CleanReport();
  facts.system.modules = {{"culprit.sys", "", VirtAddr{0xFFFFF88001000000}, 0x6000, 0, true}};
  const Json info = Json::parse(RenderInfoJson(facts, JsonForm::kIndented));
  EXPECT_EQ(Keys(info),
            (Words{"schema", "tool", "image", "bugcheck", "coverage", "modules", "secondary_data", "notes"}));
  EXPECT_EQ(info["schema"], "poolblame.info/1");
  EXPECT_EQ(info["secondary_data"], Json::array());
  EXPECT_EQ(Keys(info["modules"][0]), (Words{"name", "path", "base", "size", "timestamp", "unloaded"}));
  EXPECT_EQ(info["modules"][0]["base"], "0xfffff88001000000");
  EXPECT_TRUE(info["modules"][0]["timestamp"].is_null());
}

TEST(InfoJson, HasTheSecondaryData) {
  ImageReport facts = CleanReport();
  facts.image.secondary_data = {{"f87e4a4c-c5a1-4d2f-bff0-d5de63a5e4c3", FileOffset{0x3000}, 607},
                                {"13121110-1514-1716-1819-1a1b1c1d1e1f", FileOffset{0x3400}, 1}};
  const Json list = Json::parse(RenderInfoJson(facts, JsonForm::kIndented))["secondary_data"];
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(Keys(list[0]), (Words{"guid", "size", "name"}));
  EXPECT_EQ(list[0]["size"], 607);
  EXPECT_EQ(list[0]["name"], "KMDF: its drivers");
  EXPECT_TRUE(list[1]["name"].is_null());
}

}  // namespace
}  // namespace poolblame::cli
