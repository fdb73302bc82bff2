// A device's cache line is not its neighbour's overrun, wherever it ends.
#include <gtest/gtest.h>

#include <string>

#include "heuristics/report.h"
#include "tests/pool/opened_image.h"

namespace poolblame {
namespace {

class CacheLine : public ::testing::TestWithParam<const char*> {};

TEST_P(CacheLine, ThatEndsInsideAChunkHeaderAccusesNobody) {
  const test::Opened opened = test::FromRecipe(GetParam());
  ASSERT_TRUE(opened.image.has_value());
  const AddressSpace space(*opened.image);
  const System system = ReadSystem(space);
  const Report report = Judge(space, system, ScanPool(space, system, {}), TagDatabase::BuiltIn());
  ASSERT_FALSE(report.incidents.empty());
  EXPECT_EQ(report.incidents.front().kind, FaultKind::kPageStomp);
  EXPECT_EQ(report.incidents.front().confidence, Confidence::kInsufficient);
}

INSTANTIATE_TEST_SUITE_P(
    Images, CacheLine,
    ::testing::Values("windows=19041 machine=x64 container=kernel-bitmap fault=dma-line content=string pages=240 "
                      "activity=32 after=336 backend=vs seed=1248894290",
                      "windows=22621 machine=x64 container=summary fault=dma-line content=records pages=280 "
                      "activity=502 after=160 backend=vs seed=3174344002"));

}  // namespace
}  // namespace poolblame
