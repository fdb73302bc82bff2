#include "tests/evaluation/features.h"

#include <gtest/gtest.h>

#include "tests/evaluation/made_by_hand.h"

namespace poolblame::evaluation {
namespace {

TEST(Features, OneRowASuspectOneColumnASignal) {
  Suspect culprit = BlockSuspect(0.5, kCulprit, "Culp");
  culprit.evidence.push_back({"content-continues", 2.0, std::nullopt, "text"});
  Suspect hardware = OtherSuspect(0.5, SuspectRole::kHardware, FaultKind::kBitFlip);
  hardware.evidence.push_back({"bit-distance", -1.5, std::nullopt, "text"});
  const Outcome outcome =
      Judged(OverrunTruth(8), ReportOf(FaultKind::kOverrun, Confidence::kSuspect, {culprit, hardware}));
  // ln 0.5 = -0.6931; less 2.0, less -1.5.
  EXPECT_EQ(FeatureCsv({outcome}),
            "image,incident,rank,is_guilty,role,kind,is_kind_right,true_kind,probability,prior,bit-distance,"
            "content-continues\n"
            "0,1,1,1,block,overrun,1,overrun,0.500000,-2.6931,,2.0000\n"
            "0,1,2,0,hardware,bit-flip,0,overrun,0.500000,0.8069,-1.5000,\n");
}

TEST(Features, NoIncidentNoRow) {
  EXPECT_EQ(FeatureCsv({Judged(samples::Truth{}, CleanReport())}),
            "image,incident,rank,is_guilty,role,kind,is_kind_right,true_kind,probability,prior\n");
}

}  // namespace
}  // namespace poolblame::evaluation
