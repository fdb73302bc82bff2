// Pages of the segment heap that come without a subsegment's header: what they show of themselves.
#include "parser/pool/lone_pages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "parser/pool/chunk_votes.h"
#include "parser/pool/lfh_subsegment.h"
#include "parser/pool/segment_heap.h"
#include "parser/pool/vs_subsegment.h"
#include "parser/pool/vs_tiling.h"
#include "tests/pool/opened_image.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kKey = 0x8F3A5C17D2B9E460, kPage = 0xFFFF9A0412340000;

using Bytes = std::vector<std::uint8_t>;

void PutPoolHeader(Bytes& page, std::uint32_t at, std::uint8_t units, const char* tag) {
  const std::uint8_t header[8] = {0,
                                  0,
                                  units,
                                  2,
                                  static_cast<std::uint8_t>(tag[0]),
                                  static_cast<std::uint8_t>(tag[1]),
                                  static_cast<std::uint8_t>(tag[2]),
                                  static_cast<std::uint8_t>(tag[3])};
  std::memcpy(page.data() + at, header, sizeof header);
}

/// One page from the middle of a VS subsegment: a chunk of `previous` units ends at `first`, then these follow, the
/// last beyond the page.
Bytes VsPage(std::uint32_t first, std::uint16_t previous, std::initializer_list<std::uint16_t> units) {
  Bytes page(kPageSize, 0x5A);
  std::uint32_t at = first;
  for (const std::uint16_t n : units) {
    const std::uint64_t word = EncodeChunk({0, n, previous, 1, 0}, kKey, kPage + at);
    std::memcpy(page.data() + at, &word, 8);
    if (at + 32 <= kPageSize) PutPoolHeader(page, at + 16, static_cast<std::uint8_t>(n - 1), "Proc");
    previous = n;
    at += n * kChunkUnit;
  }
  return page;
}

/// The page as what the tiling is given of a fragment.
VsSubsegment Fragment(const Bytes& page) {
  VsSubsegment fragment;
  fragment.fragment = true;
  fragment.address = VirtAddr{kPage - kVsFragmentMargin};
  fragment.bytes.assign(kVsFragmentMargin, 0);
  fragment.bytes.insert(fragment.bytes.end(), page.begin(), page.end());
  fragment.bytes.resize(fragment.bytes.size() + kVsFragmentMargin, 0);
  fragment.present.assign(fragment.bytes.size() / kPageSize, false);
  fragment.present[kVsFragmentMargin / kPageSize] = true;
  return fragment;
}

const VsChunk& ChunkAt(const VsSubsegment& fragment, std::uint32_t in_page) {
  for (const VsChunk& chunk : fragment.chunks)
    if (chunk.offset == kVsFragmentMargin + in_page) return chunk;
  ADD_FAILURE() << "no chunk at " << in_page;
  return fragment.chunks.front();
}

TEST(VsFragment, BeginsInsideAChunkAndEndsInsideOne) {
  VsSubsegment fragment = Fragment(VsPage(0x60, 0x40, {0x20, 0x30, 0x50, 0x70}));
  ASSERT_TRUE(TileVsSubsegment(fragment, kKey));
  EXPECT_FALSE(fragment.damaged);
  EXPECT_EQ(ChunkAt(fragment, 0x260).size, 0x300U);
  EXPECT_EQ(ChunkAt(fragment, 0xA60).size, 0x700U);
  // The chunk that reaches into the page begins where its neighbour says, on a page that is not here.
  EXPECT_EQ(fragment.chunks[1].offset, kVsFragmentMargin + 0x60 - 0x400);
  EXPECT_TRUE(fragment.chunks[1].begin_known);
}

TEST(VsFragment, AFirstHeaderThatIsSmashedLeavesTheOneBeforeUnknown) {
  Bytes page = VsPage(0x60, 0x40, {0x20, 0x30, 0x50, 0x70});
  std::memset(page.data() + 0x60, 0x41, 16);
  VsSubsegment fragment = Fragment(page);
  ASSERT_TRUE(TileVsSubsegment(fragment, kKey));
  EXPECT_TRUE(ChunkAt(fragment, 0x60).damaged());
  EXPECT_EQ(ChunkAt(fragment, 0x60).size, 0x200U);
  EXPECT_FALSE(fragment.chunks[0].begin_known);
  EXPECT_EQ(fragment.chunks[0].offset + fragment.chunks[0].size, kVsFragmentMargin + 0x60);
}

TEST(VsFragment, ALastHeaderThatIsSmashedHasNoKnownEnd) {
  Bytes page = VsPage(0x60, 0x40, {0x20, 0x30, 0x50, 0x70});
  std::memset(page.data() + 0xA60, 0x41, 16);
  VsSubsegment fragment = Fragment(page);
  ASSERT_TRUE(TileVsSubsegment(fragment, kKey));
  EXPECT_TRUE(ChunkAt(fragment, 0xA60).damaged());
  EXPECT_FALSE(ChunkAt(fragment, 0xA60).end_known);
  EXPECT_FALSE(ChunkAt(fragment, 0x560).damaged());
}

TEST(ChunkVotes, OnePageIsEnough) {
  const Bytes page = VsPage(0x60, 0x40, {0x20, 0x13, 0x2D, 0x18, 0x41});
  const auto vote = VoteForHeapKeyByChunks({{VirtAddr{kPage}, ByteView(page)}});
  ASSERT_TRUE(vote);
  EXPECT_EQ(vote->key, kKey);
  EXPECT_GE(vote->margin(), 2U);
}

TEST(ChunkVotes, APageOfOneValueNamesNoKey) {
  const Bytes page(kPageSize, 0x41);
  EXPECT_FALSE(VoteForHeapKeyByChunks({{VirtAddr{kPage}, ByteView(page)}}));
}

TEST(ChunkVotes, OnePairIsChance) {
  const Bytes page = VsPage(0x60, 0x40, {0x20, 0x300});
  EXPECT_FALSE(VoteForHeapKeyByChunks({{VirtAddr{kPage}, ByteView(page)}}));
}

// As on a page that a real 0x13A names: slots of 0xE0 bytes from 0x20 on, and a rest that none fits into.
TEST(LfhGeometry, IsReadFromThePoolHeaders) {
  Bytes page(kPageSize, 0);
  for (std::uint32_t at = 0x20; at + 0xE0 <= kPageSize; at += 0xE0) PutPoolHeader(page, at, 0x0E, "MPhc");
  const auto geometry = LfhGeometryOfPage(ByteView(page));
  ASSERT_TRUE(geometry);
  EXPECT_EQ(*geometry, (LfhGeometry{0xE0, 0x20}));
}

TEST(LfhGeometry, TwoHeadersInStepAreChance) {
  Bytes page(kPageSize, 0x5A);
  PutPoolHeader(page, 0x100, 0x0E, "MPhc");
  PutPoolHeader(page, 0x1E0, 0x0E, "MPhc");
  EXPECT_FALSE(LfhGeometryOfPage(ByteView(page)));
}

TEST(LfhGeometry, MoreOtherSlotsThanHeadersAreNoPageOfSlots) {
  Bytes page(kPageSize, 0x5A);
  for (std::uint32_t at = 0x20; at < 0x20 + 4 * 0x60; at += 0x60) PutPoolHeader(page, at, 6, "Even");
  EXPECT_FALSE(LfhGeometryOfPage(ByteView(page)));
}

/// The page as all there is of an image.
test::Opened Image(const Bytes& page) {
  test::PageBuilder builder("nt62-x64");
  builder.Write(0, page);
  return test::FromPages({builder}, kPage, Machine::kX64, 19041);
}

void PutWords(Bytes& page, std::uint32_t at, std::uint64_t first, std::uint64_t second) {
  std::memcpy(page.data() + at, &first, 8);
  std::memcpy(page.data() + at + 8, &second, 8);
}

const std::initializer_list<std::uint16_t> kChunks = {0x13, 0x18, 0x21, 0x1A, 0x16, 0x25, 0x1F, 0x90};
constexpr std::uint32_t kThird = 0x60 + (0x13 + 0x18) * 16;

TEST(LonePage, AHealthyPageOfChunksHasNothingToSay) {
  const PoolCensus census = test::Scan(Image(VsPage(0x60, 0x40, kChunks)));
  ASSERT_NE(census.segment_heap, nullptr);
  EXPECT_EQ(census.segment_heap->heap_key()->key, kKey);
  EXPECT_TRUE(census.findings.empty());
  EXPECT_EQ(census.pool_blocks, kChunks.size());
}

// As in a real dump of 19041: the list of blocks that wait runs through the place of the POOL_HEADER, behind it is what
// was left of a tree node.
TEST(LonePage, ABlockThatWaitsToBeFreedIsNotDamaged) {
  Bytes page = VsPage(0x60, 0x40, kChunks);
  PutWords(page, kThird + 16, 0xFFFF9A040BC35B50, 0xFFFF9A040C107FE8);
  EXPECT_TRUE(test::Scan(Image(page)).findings.empty());
  PutWords(page, kThird + 16, 0, 0xFFFF9A040C107FE8);  // the last of the list
  EXPECT_TRUE(test::Scan(Image(page)).findings.empty());
}

TEST(LonePage, OtherBytesInPlaceOfAPoolHeaderAreDamage) {
  Bytes page = VsPage(0x60, 0x40, kChunks);
  PutWords(page, kThird + 16, 0xFFFFF80055587680, 0x4141414141414141);  // a pointer, but to no heap
  const PoolCensus census = test::Scan(Image(page));
  ASSERT_EQ(census.findings.size(), 1U);
  const auto& blocks = census.findings[0].blocks;
  EXPECT_TRUE(blocks[2].header_damaged());
  EXPECT_EQ(std::count_if(blocks.begin(), blocks.end(), [](const PoolBlock& b) { return b.header_damaged(); }), 1);
}

Bytes SlotPage(const char* odd_tag) {
  Bytes page(kPageSize, 0);
  for (std::uint32_t at = 0x20; at + 0xB0 <= kPageSize; at += 0xB0)
    PutPoolHeader(page, at, 0x0B, at == 0x20 + 4 * 0xB0 ? odd_tag : "Irp ");
  return page;
}

TEST(LonePage, ATagOfThreeCharactersEndsInZero) {
  EXPECT_TRUE(test::Scan(Image(SlotPage("TPM\0"))).findings.empty());
  EXPECT_EQ(test::Scan(Image(SlotPage("\x01\x02\x03\x04"))).findings.size(), 1U);
}

// Only what was in use leaves something behind a header of zeros.
TEST(LonePage, ASlotOfZerosWasNeverUsedUnlessSomethingStandsInIt) {
  Bytes page = SlotPage("Irp ");
  std::memset(page.data() + 0x20 + 6 * 0xB0, 0, 16);
  EXPECT_TRUE(test::Scan(Image(page)).findings.empty());
  std::memset(page.data() + 0x20 + 6 * 0xB0 + 0x40, 0x33, 8);
  EXPECT_EQ(test::Scan(Image(page)).findings.size(), 1U);
}

TEST(LonePage, APageWithTooFewHeadersIsNotCalledClean) {
  Bytes page(kPageSize, 0x5A);
  PutPoolHeader(page, 0x100, 0x0E, "MPhc");
  test::PageBuilder odd("nt62-x64"), slots("nt62-x64");
  odd.Write(0, page);
  slots.Write(0, SlotPage("Irp "));
  const PoolCensus census = test::Scan(test::FromPages({slots, odd}, kPage, Machine::kX64, 19041));
  ASSERT_FALSE(census.not_judged.empty());
  EXPECT_NE(census.not_judged[0].reason.find("1 page holds what may be headers"), std::string::npos);
}

TEST(LonePage, SlotsWithoutTheirBitmapAreNeitherInUseNorFree) {
  const PoolCensus census = test::Scan(Image(SlotPage("Irp ")));
  EXPECT_EQ(census.pool_blocks, 23U);
  EXPECT_EQ(census.allocated + census.free, 0U);
  ASSERT_EQ(census.not_judged.size(), 1U);
  EXPECT_NE(census.not_judged[0].reason.find("which of 23 LFH slots are in use"), std::string::npos);
}

}  // namespace
}  // namespace poolblame
