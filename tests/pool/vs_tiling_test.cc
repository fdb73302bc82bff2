// Chunks of a VS subsegment: the walk, and what is left of it when headers are smashed.
#include "parser/pool/vs_tiling.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <vector>

#include "parser/pool/chunk_votes.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kTilingKey = 0x8F3A5C17D2B9E460, kBase = 0xFFFF9A0412340000;

/// A subsegment whose chunks stand in it with sound headers; sizes in units, negative ones are free.
VsSubsegment Chunks(std::initializer_list<int> units) {
  VsSubsegment subsegment;
  subsegment.address = VirtAddr{kBase};
  std::uint32_t total = kVsFirstChunk;
  for (const int n : units) total += static_cast<std::uint32_t>(std::abs(n)) * kChunkUnit;
  subsegment.bytes.assign(total, 0x5A);
  subsegment.present.assign(total / kPageSize + 1, true);
  std::uint32_t offset = kVsFirstChunk;
  std::uint16_t previous = 0;
  for (const int n : units) {
    const auto size = static_cast<std::uint16_t>(std::abs(n));
    const std::uint64_t word =
        EncodeChunk({0, size, previous, static_cast<std::uint8_t>(n > 0 ? 1 : 0), 0}, kTilingKey, kBase + offset);
    std::memcpy(subsegment.bytes.data() + offset, &word, 8);
    previous = size;
    offset += size * kChunkUnit;
  }
  return subsegment;
}

std::uint32_t OffsetOf(std::initializer_list<int> units_before) {
  std::uint32_t offset = kVsFirstChunk;
  for (const int n : units_before) offset += static_cast<std::uint32_t>(n) * kChunkUnit;
  return offset;
}

void Smash(VsSubsegment& subsegment, std::uint32_t offset, std::size_t bytes, std::uint8_t value = 0x41) {
  std::memset(subsegment.bytes.data() + offset, value, bytes);
}

std::vector<std::uint32_t> Sizes(const VsSubsegment& subsegment) {
  std::vector<std::uint32_t> out;
  for (const VsChunk& chunk : subsegment.chunks) out.push_back(chunk.size / kChunkUnit);
  return out;
}

using Units = std::vector<std::uint32_t>;

// By hand: size 0x23, previous 0x15, in use, at 0xFFFF9A0412340180 under the key above.
TEST(ChunkHeader, IsXoredWithKeyAndAddress) {
  EXPECT_EQ(EncodeChunk({0, 0x23, 0x15, 1, 0}, kTilingKey, kBase + 0x180), 0x70C4C606C0AEE5E0U);
  EXPECT_EQ(DecodeChunk(0x70C4C606C0AEE5E0, kTilingKey, kBase + 0x180), (ChunkSizes{0, 0x23, 0x15, 1, 0}));
}

TEST(VsTiling, ASoundChainIsWalked) {
  VsSubsegment subsegment = Chunks({0x20, 0x45, -0x30, 0x7F});
  ASSERT_TRUE(TileVsSubsegment(subsegment, kTilingKey));
  EXPECT_FALSE(subsegment.damaged);
  EXPECT_EQ(Sizes(subsegment), (Units{0x20, 0x45, 0x30, 0x7F}));
  EXPECT_FALSE(subsegment.chunks[2].allocated);
  EXPECT_EQ(subsegment.chunks[3].previous_size, 0x30U * 16);
}

TEST(VsTiling, ASmashedHeaderHidesNoNeighbour) {
  for (const std::size_t bytes : {3U, 8U, 32U}) {
    VsSubsegment subsegment = Chunks({0x20, 0x45, 0x30, 0x7F, 0x11});
    Smash(subsegment, OffsetOf({0x20, 0x45}), bytes);
    ASSERT_TRUE(TileVsSubsegment(subsegment, kTilingKey));
    EXPECT_TRUE(subsegment.damaged);
    EXPECT_EQ(Sizes(subsegment), (Units{0x20, 0x45, 0x30, 0x7F, 0x11})) << bytes;
    EXPECT_TRUE(subsegment.chunks[2].damaged());
    EXPECT_FALSE(subsegment.chunks[1].damaged());
    EXPECT_FALSE(subsegment.chunks[3].damaged());
    EXPECT_GT(subsegment.margin, 0);
  }
}

TEST(VsTiling, TwoSmashedHeadersInARowLeaveTheSpanOfBoth) {
  VsSubsegment subsegment = Chunks({0x20, 0x45, 0x30, 0x7F, 0x11});
  Smash(subsegment, OffsetOf({0x20}), 0x45 * 16 + 16);
  ASSERT_TRUE(TileVsSubsegment(subsegment, kTilingKey));
  // The second of the two is known: the chunk behind it states its size.
  EXPECT_EQ(Sizes(subsegment), (Units{0x20, 0x45, 0x30, 0x7F, 0x11}));
  EXPECT_TRUE(subsegment.chunks[1].damaged());
  EXPECT_TRUE(subsegment.chunks[2].damaged());
}

TEST(VsTiling, AWrongSizeIsOneChunksNotThePagesEnd) {
  VsSubsegment subsegment = Chunks({0x20, 0x45, 0x30, 0x7F});
  const std::uint32_t at = OffsetOf({0x20});
  const std::uint64_t word = EncodeChunk({0, 0x44, 0x20, 1, 0}, kTilingKey, kBase + at);
  std::memcpy(subsegment.bytes.data() + at, &word, 8);
  ASSERT_TRUE(TileVsSubsegment(subsegment, kTilingKey));
  EXPECT_EQ(Sizes(subsegment), (Units{0x20, 0x45, 0x30, 0x7F}));
  EXPECT_EQ(subsegment.chunks[1].read ^ subsegment.chunks[1].expected, 0x10000U);
}

TEST(VsTiling, OldHeadersInsideAFreeChunkAreNotItsNeighbours) {
  VsSubsegment subsegment = Chunks({0x20, -0x60, 0x30});
  const std::uint32_t stale = OffsetOf({0x20, 0x25});
  const std::uint64_t word = EncodeChunk({0, 0x3B, 0x25, 0, 0}, kTilingKey, kBase + stale);
  std::memcpy(subsegment.bytes.data() + stale, &word, 8);
  Smash(subsegment, OffsetOf({0x20, 0x60}), 1);
  ASSERT_TRUE(TileVsSubsegment(subsegment, kTilingKey));
  EXPECT_EQ(Sizes(subsegment), (Units{0x20, 0x60, 0x30}));
}

TEST(VsTiling, MemoryCostIsNoMoreThanThePagesThatAreGone) {
  for (const std::uint64_t cost : {0U, 2U, 3U, 0xFFU}) {
    VsSubsegment subsegment = Chunks({0x20, -0x400, 0x30});  // the free one touches five pages
    const std::uint32_t chunk = OffsetOf({0x20});
    std::uint64_t word = 0;
    std::memcpy(&word, subsegment.bytes.data() + chunk, 8);
    word ^= cost;
    std::memcpy(subsegment.bytes.data() + chunk, &word, 8);
    ASSERT_TRUE(TileVsSubsegment(subsegment, kTilingKey));
    subsegment.present[2] = subsegment.present[3] = false;
    BoundMemoryCost(subsegment, kTilingKey);
    EXPECT_EQ(subsegment.chunks[1].damaged(), cost > 2) << cost;
    EXPECT_EQ(subsegment.damaged, cost > 2) << cost;
  }
}

TEST(VsTiling, UnderAnotherKeyNothingIsAChain) {
  VsSubsegment subsegment = Chunks({0x20, 0x45, 0x30, 0x7F, 0x11, 0x22});
  EXPECT_FALSE(TileVsSubsegment(subsegment, kTilingKey ^ 0x0123456789ABCDEF));
}

TEST(HeapKeys, NeighboursStateTheirDistanceTwice) {
  const VsSubsegment subsegment = Chunks({0x20, 0x45, 0x30, 0x21, 0x11, 0x2F, 0x33, 0x29, 0x50});
  const auto vote = VoteForHeapKeyByChunks({{VirtAddr{kBase}, ByteView(subsegment.bytes)}});
  ASSERT_TRUE(vote);
  EXPECT_EQ(vote->key, kTilingKey);
  EXPECT_GT(vote->margin(), 0U);
}

TEST(HeapKeys, ASmashedSegmentIsOutvoted) {
  std::vector<PageSegment> segments;
  const SegmentHeapLayout& layout = *FindSegmentHeapLayout(19041);
  for (std::uint64_t i = 0; i < 4; ++i) {
    const std::uint64_t at = 0xFFFFA80000000000 + i * kSegmentBytes, context = 0xFFFFA80000200100;
    PageSegment segment;
    segment.address = VirtAddr{at};
    segment.context = VirtAddr{context};
    segment.signature = at ^ context ^ kTilingKey ^ layout.segment_signature;
    segments.push_back(std::move(segment));
  }
  segments[2].signature = 0x4141414141414141;
  const auto vote = VoteForHeapKey(segments, layout);
  ASSERT_TRUE(vote);
  EXPECT_EQ(vote->key, kTilingKey);
  EXPECT_EQ(vote->votes, 3U);
  EXPECT_EQ(vote->second, 1U);
}

}  // namespace
}  // namespace poolblame
