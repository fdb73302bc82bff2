// How far a write ran: ranges that hold the truth and are not wider than what the bytes leave open, and records.
#include "heuristics/write_extent.h"

#include <gtest/gtest.h>

#include <cmath>

#include "heuristics/element_stride.h"
#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

PageBuilder ExtentPage() { return PageBuilder(Windows::kSeven64); }

/// `count` records of `size` bytes: a counter, a constant and a value of its own each.
ByteString Records(std::uint32_t size, std::uint32_t count) {
  ByteString bytes;
  for (std::uint32_t i = 0; i < count; ++i) {
    ByteString record = Repeat(0, size);
    const std::uint8_t head[] = {static_cast<std::uint8_t>(i + 1), 0, 0, 0, 0x53, 0x61, 0xA2, 0x7E};
    std::copy(std::begin(head), std::end(head), record.begin());
    record[8] = static_cast<std::uint8_t>(i * 37 + 5);
    record[9] = static_cast<std::uint8_t>(i * 91 + 11);
    record[10] = 0x80;
    record[11] = 0xFA;
    bytes.insert(bytes.end(), record.begin(), record.end());
  }
  return bytes;
}

/// 'Left' of 0x90 bytes at the page's start, 'Rght' behind it, overwritten with `bytes` from `at` on.
class Written : public ::testing::Test {
 protected:
  WriteExtent Extent(std::uint32_t at, const ByteString& bytes, FaultKind kind = FaultKind::kOverrun) {
    stage_.Add(ExtentPage().Block("Left", 0x90).Block("Rght", 0x90).Block("Even", 0x80).Overwrite(at, bytes));
    scene_ = stage_.Scene();
    const Hypothesis h = HypothesisOf(scene_, kind, kind == FaultKind::kOverrun ? "Left" : "Rght");
    const auto extent = ExtentOf(scene_, h);
    EXPECT_TRUE(extent.has_value());
    return extent.value_or(WriteExtent{});
  }
  [[nodiscard]] std::uint64_t At(std::uint32_t offset) const { return stage_.AddressOf(0, offset); }

  Stage stage_{Windows::kSeven64};
  Scene scene_;
};

TEST_F(Written, FewBytesOfAHeaderEndWhereItIsIntact) {
  stage_.Sibling("Rght", Repeat(0, 0x80));  // else nobody knows the tag, and it may be what was written
  const WriteExtent extent = Extent(0x90, Repeat(0xCC, 2));
  EXPECT_EQ(extent.first_damaged, At(0x90));
  EXPECT_EQ(extent.last_damaged, At(0x91));
  EXPECT_EQ(extent.end_earliest, At(0x92));
  EXPECT_EQ(extent.end_latest, At(0x92));
  EXPECT_EQ(extent.least_outside(), 2U);
  EXPECT_EQ(extent.most_outside(), 2U);
  EXPECT_EQ(extent.start_earliest, At(0x10));
  EXPECT_EQ(extent.start_latest, At(0x90));
  EXPECT_EQ(extent.blocks_run_over, 1U);
  EXPECT_EQ(extent.slack, std::nullopt);
}

TEST_F(Written, AFillOfTheWholeBlockIsFollowedIntoTheNextOnesData) {
  const WriteExtent extent = Extent(0x10, Repeat(0xCC, 0x80 + 0x10 + 0x20));
  EXPECT_EQ(extent.start_earliest, At(0x10));
  EXPECT_LE(extent.start_latest, At(0x20));
  EXPECT_LE(extent.end_earliest, At(0xC0));
  EXPECT_GE(extent.end_earliest, At(0xB0));
  EXPECT_GE(extent.end_latest, At(0xC0));
  EXPECT_LE(extent.end_latest, At(0xD0));
  EXPECT_EQ(extent.stride, std::nullopt);
}

TEST_F(Written, AFillThatLeavesTheModelsSightMayGoOn) {
  stage_.Add(ExtentPage().Block("Left", 0x90).Block("Rght", 0x700).Overwrite(0x10, Repeat(0xCC, 0x80 + 0x600)));
  scene_ = stage_.Scene();
  const auto extent = ExtentOf(scene_, HypothesisOf(scene_, FaultKind::kOverrun, "Left"));
  ASSERT_TRUE(extent.has_value());
  EXPECT_LE(extent->end_earliest, At(0x690));
  EXPECT_GE(extent->end_latest, At(0x690));
}

TEST_F(Written, AnUnderrunIsMeasuredDownwards) {
  const WriteExtent extent = Extent(0x80, Repeat(0xCC, 0x20), FaultKind::kUnderrun);
  EXPECT_FALSE(extent.upwards);
  EXPECT_EQ(extent.boundary, At(0xA0));
  EXPECT_LE(*extent.start_earliest, At(0x80));
  EXPECT_GE(extent.start_latest, At(0x80));
  EXPECT_LE(extent.end_earliest, At(0xA0));
  EXPECT_GE(extent.end_latest, At(0xA0));
  EXPECT_EQ(extent.blocks_run_over, 0U);
}

TEST_F(Written, RecordsThatGoOnBehindTheBlockHaveTheirSize) { EXPECT_EQ(Extent(0x10, Records(24, 7)).stride, 24U); }

TEST(WriteExtent, IsOfWritesThatRanOutOfABlockOnly) {
  Stage stage(Windows::kSeven64);
  stage.Add(ExtentPage().Block("Left", 0x90).Block("Rght", 0x90).Overwrite(0x90, Repeat(0xCC, 2)));
  const Scene scene = stage.Scene();
  EXPECT_EQ(ExtentOf(scene, HypothesisOf(scene, FaultKind::kBitFlip)), std::nullopt);
  EXPECT_EQ(ExtentOf(scene, HypothesisOf(scene, FaultKind::kWildWrite)), std::nullopt);
}

TEST(WriteExtent, ThePageBeforeIsWhereACrossingWriteBegan) {
  Stage stage(Windows::kSeven64);
  stage.Add(ExtentPage().Block("Even", 0xF00).Block("Last", 0x100));
  stage.Add(ExtentPage().Block("Rght", 0x90).Overwrite(0, Repeat(0xCC, 3)));
  const Scene scene = stage.Scene();
  const auto extent = ExtentOf(scene, HypothesisOf(scene, FaultKind::kOverrun, "Last"));
  ASSERT_TRUE(extent.has_value());
  EXPECT_EQ(extent->boundary, stage.AddressOf(1, 0));
  EXPECT_EQ(extent->start_earliest, stage.AddressOf(0, 0xF10));
  EXPECT_EQ(extent->end_earliest, stage.AddressOf(1, 3));
}

TEST(LikelyRange, LeavesOutTheTailsAndKeepsWhatAPlaceStandsFor) {
  const PlaceLikelihoods places = {{0, -9}, {8, std::log(0.5)}, {16, std::log(0.5)}, {24, -9}};
  const PlaceRange range = LikelyRange(places, 0.04, 1, 100);
  EXPECT_EQ(range.earliest, 8U);
  EXPECT_EQ(range.latest, 23U);
}

TEST(LikelyRange, IsWiderWhereANatIsWorthLess) {
  const PlaceLikelihoods places = {{0, -4}, {8, 0}, {16, -4}};
  EXPECT_EQ(LikelyRange(places, 0.04, 1, 20).earliest, 8U);
  EXPECT_EQ(LikelyRange(places, 0.04, 0.25, 20).earliest, 0U);
  EXPECT_EQ(LikelyRange(places, 0.04, 0.25, 20).latest, 20U);
}

TEST(ElementStride, IsTheDistanceAtWhichRecordsRepeat) {
  for (const std::uint32_t size : {20U, 24U, 28U, 40U}) {
    const ByteString all = Records(size, 12);
    const std::size_t boundary = size * 8 + 5;
    EXPECT_EQ(ElementStride(Bytes(all).first(boundary), Bytes(all).subspan(boundary), 16), size);
  }
}

TEST(ElementStride, FillsPointersAndTheAllocatorsUnitHaveNone) {
  const ByteString fill = Repeat(0x41, 200);
  EXPECT_EQ(ElementStride(Bytes(fill).first(150), Bytes(fill).subspan(150), 16), std::nullopt);
  const ByteString units = Records(16, 16);
  EXPECT_EQ(ElementStride(Bytes(units).first(200), Bytes(units).subspan(200), 16), std::nullopt);
  ByteString pointers;
  for (std::uint32_t i = 0; i < 30; ++i)
    for (const std::uint32_t byte : {i * 37 + 5, i * 91 + 11, 0x23U, 0x80U, 0xFAU, 0xFFU, 0xFFU, 0xFFU})
      pointers.push_back(static_cast<std::uint8_t>(byte));
  EXPECT_EQ(ElementStride(Bytes(pointers).first(200), Bytes(pointers).subspan(200), 16), std::nullopt);
}

TEST(ElementStride, RecordsThatStopAtTheBoundaryAreNoPartOfTheWrite) {
  const ByteString records = Records(24, 10), other = Repeat(0x90, 40);
  EXPECT_EQ(ElementStride(Bytes(records), Bytes(other), 16), std::nullopt);
  EXPECT_EQ(ElementStride(Bytes(records), Bytes(), 16), std::nullopt);
}

}  // namespace
}  // namespace poolblame::testing
