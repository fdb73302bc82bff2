// The promise, on images of a seed that nothing was looked at with: of the tags that a driver's image holds the right
// driver comes first in 95 of 100, and where four equal bytes are chance alone nobody is named.
#include "tests/evaluation/driver_tags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "heuristics/report.h"
#include "parser/image/image.h"
#include "parser/kernel/mapped_drivers.h"
#include "samples/builder.h"

namespace poolblame::evaluation {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

/// An image in memory and what reads it.
struct Opened {
  explicit Opened(const std::string& recipe)
      : built(samples::BuildSample(recipe).value()),
        image(Image::FromBytes({built.bytes.data(), built.bytes.size()}, "sample", {}).value()),
        space(image),
        system(ReadSystem(space)) {}
  Report Judged() { return Judge(space, system, ScanPool(space, system, {}), TagDatabase::BuiltIn()); }
  samples::BuiltImage built;
  Image image;
  AddressSpace space;
  System system;
};

std::set<std::string> LoadedNames(const System& system) {
  std::set<std::string> names;
  for (const Module& module : system.modules)
    if (!module.unloaded) names.insert(module.name);
  return names;
}

TEST(DriverTags, RawMemoryShowsTheDriversThatADumpLists) {
  const std::string recipe = "windows=win10 pages=640 pool=20 activity=0 code=yes seed=11 container=";
  const Opened full(recipe + "full"), raw(recipe + "raw");
  EXPECT_EQ(LoadedNames(raw.system), LoadedNames(full.system)) << "by the debugger block";
  const System by_headers = WithMappedDrivers(raw.space, System{});
  const std::set<std::string> found = LoadedNames(by_headers);
  EXPECT_EQ(found, LoadedNames(full.system));
  EXPECT_EQ(by_headers.modules.front().name, "ntoskrnl.exe") << "the kernel first, as in the list";
  EXPECT_EQ(found.size(), 22U);
}

TEST(DriverTags, AReportNamesTheDriverAndSaysWhereItAllocates) {
  for (const char* container : {"full", "bitmap", "raw"}) {
    Opened opened(std::string("windows=win10 fault=overrun bytes=24 content=continue culprit=AcmR pages=640 pool=30 "
                              "code=yes seed=5 container=") +
                  container);
    const Report report = opened.Judged();
    ASSERT_FALSE(report.incidents.empty()) << container;
    const Suspect& first = report.incidents[0].suspects[0];
    EXPECT_EQ(first.owner.driver, "acmenet.sys") << container;
    EXPECT_EQ(first.owner.source, "module-scan") << container;
    EXPECT_GT(first.owner.probability, 0.9) << container;
    EXPECT_THAT(first.evidence, Contains(::testing::Field(&Evidence::text, HasSubstr("allocates with this tag"))));
    EXPECT_THAT(report.incidents[0].advice, Contains(HasSubstr("/driver acmenet.sys"))) << container;
  }
}

TEST(DriverTags, Arm64DriversAreReadInDumpsAndRawMemory) {
  const DriverTagScore score = ScoreDriverTags(40, 4300);  // eight of them, in all containers
  EXPECT_EQ(score.failed, 0U);
  const DriverTagCounts& arm64 = score.machine.at("arm64");
  EXPECT_GT(arm64.tags, 300U);
  EXPECT_GE(arm64.first, arm64.tags * 0.9) << score.Table();
  EXPECT_EQ(arm64.named_wrong, 0U) << score.Table();
}

TEST(DriverTags, ATriageDumpHasNoCodeAndSaysSo) {
  Opened opened("windows=win7 fault=overrun bytes=24 content=continue container=triage seed=4");
  const Report report = opened.Judged();
  ASSERT_FALSE(report.incidents.empty());
  EXPECT_THAT(report.notes, Contains(HasSubstr("driver code is not in this dump")));
  EXPECT_THAT(report.incidents[0].suspects[0].owner.source, Not(HasSubstr("module-scan")));
}

TEST(DriverTags, TheRightDriverIsFirstAndChanceNamesNobody) {
  const DriverTagScore score = ScoreDriverTags(56, 4200);
  EXPECT_EQ(score.failed, 0U);
  const DriverTagCounts held = score.held();
  EXPECT_GT(held.tags, 2000U);
  EXPECT_GE(held.first, held.tags * 0.95) << score.Table();
  EXPECT_LE(held.named_wrong, held.tags * 0.001) << score.Table();
  const DriverTagCounts& chance = score.holding.at("nowhere");
  EXPECT_GT(chance.tags, 100U);
  EXPECT_EQ(chance.named_wrong, 0U) << score.Table();
}

}  // namespace
}  // namespace poolblame::evaluation
