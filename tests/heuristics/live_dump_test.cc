// Live dumps: pages of one image are of different moments. Lists that disagree are no damage, and whoever is suspected
// is no more than that.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "heuristics/report.h"
#include "tests/pool/opened_image.h"

namespace poolblame {
namespace {

Report JudgeRecipe(const std::string& recipe) {
  const test::Opened opened = test::FromRecipe(recipe);
  const AddressSpace space(*opened.image);
  const System system = ReadSystem(space);
  return Judge(space, system, ScanPool(space, system, {}), TagDatabase::BuiltIn());
}

constexpr const char* kClassic[] = {"windows=2600 machine=x86 paging=plain container=full",
                                    "windows=7601 machine=x64 container=full",
                                    "windows=9600 machine=x64 container=kernel-bitmap"};
constexpr const char* kSegmentHeap[] = {"windows=19041 machine=x64 container=kernel-bitmap",
                                        "windows=26100 machine=x64 container=bitmap"};

std::string Sound(const std::string& machine, int seed) {
  return machine + " fault=none pages=300 activity=500 live=600 seed=" + std::to_string(seed);
}
std::string Overrun(const std::string& machine, int seed) {
  return machine + " fault=overrun bytes=40 content=continue victim=allocated pages=300 activity=500 live=100 seed=" +
         std::to_string(seed);
}

class LiveDump : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Classic, LiveDump, ::testing::ValuesIn(kClassic));
INSTANTIATE_TEST_SUITE_P(SegmentHeap, LiveDump, ::testing::ValuesIn(kSegmentHeap));

TEST_P(LiveDump, ThatIsSoundIsNotCalledCorrupt) {
  for (int seed = 1; seed <= 6; ++seed) {
    const Report report = JudgeRecipe(Sound(GetParam(), seed));
    EXPECT_TRUE(report.incidents.empty()) << Sound(GetParam(), seed);
    EXPECT_NE(report.verdict, Verdict::kCorrupt);
  }
}

TEST(LiveDumpOfClassicPool, DamageIsSeenButNobodyIsNamedForCertain) {
  std::size_t incidents = 0;
  for (const char* const machine : kClassic) {
    for (int seed = 1; seed <= 6; ++seed) {
      for (const Incident& incident : JudgeRecipe(Overrun(machine, seed)).incidents) {
        EXPECT_NE(incident.confidence, Confidence::kStrong) << Overrun(machine, seed);
        ++incidents;
      }
    }
  }
  EXPECT_GE(incidents, 12U);
}

TEST(LiveDumpOfSegmentHeap, WhatDisagreesIsToldAndNotJudged) {
  std::size_t told = 0;
  for (const char* const machine : kSegmentHeap) {
    const Report report = JudgeRecipe(Overrun(machine, 1));
    EXPECT_TRUE(report.incidents.empty());
    EXPECT_EQ(report.verdict, Verdict::kInconclusive);
    told += std::ranges::count_if(report.not_judged, [](const NotJudged& left_out) {
      return left_out.address && left_out.reason == "what disagrees here may be of two moments: the dump is a live one";
    });
  }
  EXPECT_GT(told, 0U);
}

}  // namespace
}  // namespace poolblame
