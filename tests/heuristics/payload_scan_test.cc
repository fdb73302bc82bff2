// Damage that leaves every header legal is seen only beside its siblings.
#include "heuristics/payload_scan.h"

#include <gtest/gtest.h>

#include "heuristics/sibling_template.h"
#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint32_t kBlocks = 64;  // of the tag under test, two a page

/// Every `Objt` is alike but for one counter; the bytes behind it in the block are the same for all.
ByteString Object(std::uint32_t counter) { return Word(0xC0FFEE00 + counter % 16, 4) + Varied(0x4C, 77); }

/// A live system with `kBlocks` objects; the last page is the one under test.
Stage& WithObjects(Stage& stage) {
  for (std::uint32_t i = 0; i < kBlocks / 2; ++i)
    stage.Add(PageBuilder(Windows::kSeven64, i)
                  .Block("Even", 0x60)
                  .Block("Objt", 0x60)
                  .Put(0, Object(i))
                  .Block("File", 0x80)
                  .Block("Objt", 0x60)
                  .Put(0, Object(i + 1)));
  return stage;
}

/// `Left` holds 0xCAFEBABE; the object behind it has `bytes` at payload offset 0x10.
PageBuilder Damaged(const ByteString& bytes) {
  return PageBuilder(Windows::kSeven64, 500)
      .Block("Even", 0x60)
      .Block("Left", 0x80)
      .Put(0x20, Word(0xCAFEBABE, 4))
      .Block("Objt", 0x60)
      .Put(0, Object(3))
      .OverwritePayload(0x10, bytes)
      .Block("File", 0x80);
}

/// 0xCAFEBABE three times over in `Left` and in the object behind it, at these payload offsets.
PageBuilder SameValuesAt(std::uint32_t left, std::uint32_t object) {
  const ByteString values = Cycle(Word(0xCAFEBABE, 4), 12);
  return PageBuilder(Windows::kSeven64, 500)
      .Block("Left", 0x80)
      .Put(left, values)
      .Block("Objt", 0x60)
      .Put(0, Object(3))
      .OverwritePayload(object, values)
      .Block("File", 0x80);
}

std::vector<Scene> PayloadIncidents(Stage& stage) {
  const PoolCensus& census = stage.Scan();
  std::vector<Scene> scenes;
  SceneSetter setter(stage.space(), stage.system(), census, stage.tags());
  AddPayloadIncidents(scenes, setter, LearnTemplates(census));
  return scenes;
}

TEST(PayloadScan, AnOutlierThatHoldsItsNeighboursValueIsAnIncident) {
  Stage stage(Windows::kSeven64);
  WithObjects(stage).Add(Damaged(Cycle(Word(0xCAFEBABE, 4), 12)));
  const std::vector<Scene> scenes = PayloadIncidents(stage);
  ASSERT_THAT(scenes, SizeIs(1));
  EXPECT_EQ(scenes[0].spots.front().kind, SpotKind::kPayload);
  EXPECT_EQ(scenes[0].Reference(scenes[0].victim()).tag.text(), "Objt");
  EXPECT_EQ(scenes[0].AddressOf(scenes[0].damage_begin()), stage.AddressOf(kBlocks / 2, 0xF0 + 0x10));
  EXPECT_EQ(scenes[0].damage_end() - scenes[0].damage_begin(), 12U);
}

TEST(PayloadScan, AnOutlierWithBytesOfItsOwnIsVariety) {
  Stage stage(Windows::kSeven64);
  WithObjects(stage).Add(Damaged(Varied(12, 1234)));
  EXPECT_THAT(PayloadIncidents(stage), IsEmpty());
}

// A block that is otherwise from its first bytes on was not filled yet, or is of another kind.
TEST(PayloadScan, ABlockThatDoesNotBeginLikeItsSiblingsIsVariety) {
  Stage stage(Windows::kSeven64);
  WithObjects(stage).Add(SameValuesAt(0x20, 4));
  EXPECT_THAT(PayloadIncidents(stage), IsEmpty());
}

TEST(PayloadScan, WhatStandsAtTheSamePlaceInTheBlockBelowWasCopied) {
  Stage stage(Windows::kSeven64);
  WithObjects(stage).Add(SameValuesAt(0x10, 0x10));
  EXPECT_THAT(PayloadIncidents(stage), IsEmpty());
}

TEST(PayloadScan, HealthyObjectsHaveNoIncident) {
  Stage stage(Windows::kSeven64);
  WithObjects(stage).AddHealthy(4);
  EXPECT_THAT(PayloadIncidents(stage), IsEmpty());
}

TEST(PayloadScan, ThreeOutliersAreVariety) {
  Stage stage(Windows::kSeven64);
  WithObjects(stage);
  for (int i = 0; i < 3; ++i) stage.Add(Damaged(Cycle(Word(0xCAFEBABE, 4), 12)));
  EXPECT_THAT(PayloadIncidents(stage), IsEmpty());
}

TEST(PayloadScan, BlocksThatDifferEverywhereTeachNothing) {
  Stage stage(Windows::kSeven64);
  stage.AddHealthy(20).Add(Damaged(Cycle(Word(0xCAFEBABE, 4), 12)));
  EXPECT_THAT(PayloadIncidents(stage), IsEmpty());
}

// The template itself

std::vector<ByteString> Alike(std::size_t n) {
  std::vector<ByteString> payloads;
  for (std::size_t i = 0; i < n; ++i) payloads.push_back(Object(static_cast<std::uint32_t>(i)));
  return payloads;
}

std::optional<SiblingTemplate> LearnFrom(const std::vector<ByteString>& payloads) {
  return SiblingTemplate::Learn({payloads.begin(), payloads.end()});
}

TEST(SiblingTemplate, NeedsEnoughSiblingsAndEnoughInCommon) {
  EXPECT_TRUE(LearnFrom(Alike(SiblingTemplate::kFewestSiblings)).has_value());
  EXPECT_FALSE(LearnFrom(Alike(SiblingTemplate::kFewestSiblings - 1)).has_value());
  std::vector<ByteString> different;
  for (std::uint32_t i = 0; i < 20; ++i) different.push_back(Varied(0x50, i));
  EXPECT_FALSE(LearnFrom(different).has_value());
}

TEST(SiblingTemplate, SeesWhereAPayloadDeviates) {
  const auto learned = LearnFrom(Alike(16));
  ASSERT_TRUE(learned.has_value());
  EXPECT_EQ(learned->constant_bytes(), 0x4FU);  // all but the counter
  ByteString payload = Object(5);
  EXPECT_FALSE(learned->Deviation(payload).has_value());
  payload[0x20] ^= 1;
  payload[0x21] ^= 1;
  EXPECT_FALSE(learned->Deviation(payload).has_value()) << "two bytes are variety";
  payload[0x27] ^= 1;
  const auto range = learned->Deviation(payload);
  ASSERT_TRUE(range.has_value());
  EXPECT_EQ(range->begin, 0x20U);
  EXPECT_EQ(range->end, 0x28U);
}

TEST(SiblingTemplate, APayloadThatIsAllDifferentIsAnotherKindOfBlock) {
  const auto learned = LearnFrom(Alike(16));
  ASSERT_TRUE(learned.has_value());
  EXPECT_FALSE(learned->Deviation(Varied(0x50, 99)).has_value());
}

}  // namespace
}  // namespace poolblame::testing
