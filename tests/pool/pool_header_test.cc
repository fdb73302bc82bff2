// POOL_HEADER rows against bytes typed by hand, and the legal PoolTypes as a table.
#include "parser/format/pool_header.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

namespace poolblame {
namespace {

TEST(PoolHeaderLayout, DecodesTheBytesOfARealX64Header) {
  // ffffe001405fd090 of a Windows 8.1 dump: `fbDm`, 0x90 bytes, behind a block of 0x10.
  const std::array<std::uint8_t, 16> bytes = {0x01, 0x00, 0x09, 0x02, 'f',  'b',  'D',  'm',
                                              0x50, 0x0E, 0xF7, 0x7F, 0x03, 0xF8, 0xFF, 0xFF};
  const PoolHeaderFields fields = FindPoolHeaderLayout("nt62-x64")->Decode(bytes.data());
  EXPECT_EQ(fields.PreviousSize, 1);
  EXPECT_EQ(fields.PoolIndex, 0);
  EXPECT_EQ(fields.BlockSize, 9);
  EXPECT_EQ(fields.PoolType, 2);
  EXPECT_EQ(PoolTag{fields.PoolTag}.text(), "fbDm");
  EXPECT_EQ(fields.ProcessBilled, 0xFFFFF8037FF70E50U);
}

TEST(CacheAlignedGap, IsWhatLiesBeforeTheInnerHeader) {
  const PoolHeaderLayout& layout = *FindPoolHeaderLayout("nt62-x64");
  std::array<std::uint8_t, 0x140> block{};
  const auto header = [&](std::size_t at, std::uint8_t size, std::uint8_t type) {
    const std::array<std::uint8_t, 8> bytes = {0, 0, size, type, 'P', 'x', 'C', 'p'};
    std::copy(bytes.begin(), bytes.end(), block.begin() + static_cast<std::ptrdiff_t>(at));
  };
  header(0, 0x14, 0x02);
  EXPECT_EQ(CacheAlignedGap(layout, block.data(), block.size()), 0U);
  header(0x20, 0x12, 0x06);
  EXPECT_EQ(CacheAlignedGap(layout, block.data(), block.size()), 0x20U);
  header(0x20, 0x11, 0x06);
  EXPECT_EQ(CacheAlignedGap(layout, block.data(), block.size()), 0U) << "it does not end where the block ends";
}

TEST(PoolHeaderLayout, DecodesNineAndSevenBitsOnX86) {
  // Ulong1 0x0A23002B of a 0x19/20 on Windows XP: previous 0x2B, size 0x23, type 5.
  const std::array<std::uint8_t, 8> bytes = {0x2B, 0x00, 0x23, 0x0A, 'W', 'G', '3', '1'};
  const PoolHeaderFields fields = FindPoolHeaderLayout("nt5-x86")->Decode(bytes.data());
  EXPECT_EQ(fields.PreviousSize, 0x2B);
  EXPECT_EQ(fields.PoolIndex, 0);
  EXPECT_EQ(fields.BlockSize, 0x23);
  EXPECT_EQ(fields.PoolType, 5);
}

TEST(PoolHeaderLayout, TheNinthBitIsSizeAndTheTenthIndex) {
  const std::array<std::uint8_t, 8> bytes = {0xFF, 0x03, 0x00, 0x05, 0, 0, 0, 0};
  const PoolHeaderFields fields = FindPoolHeaderLayout("nt6-x86")->Decode(bytes.data());
  EXPECT_EQ(fields.PreviousSize, 0x1FF);
  EXPECT_EQ(fields.PoolIndex, 1);
  EXPECT_EQ(fields.BlockSize, 0x100);
  EXPECT_EQ(fields.PoolType, 2);
}

TEST(PoolHeaderLayout, EncodeIsDecodeBackwardsForEveryByteValue) {
  for (const PoolHeaderLayout& layout : PoolHeaderLayouts()) {
    for (unsigned at = 0; at < layout.header_size; ++at) {
      for (unsigned value = 0; value < 256; ++value) {
        std::array<std::uint8_t, 16> bytes = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
                                              0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xF0, 0x0F};
        bytes[at] = static_cast<std::uint8_t>(value);
        std::array<std::uint8_t, 16> again = bytes;
        for (unsigned i = 0; i < layout.header_size; ++i) again[i] = 0xA5;
        layout.Encode(layout.Decode(bytes.data()), again.data());
        EXPECT_EQ(again, bytes) << layout.name << " byte " << at;
      }
    }
  }
}

TEST(PoolHeaderLayout, EveryRowHasANameOfItsOwnAndASource) {
  std::set<std::string_view> names;
  for (const PoolHeaderLayout& layout : PoolHeaderLayouts()) {
    EXPECT_TRUE(names.insert(layout.name).second) << layout.name;
    EXPECT_FALSE(layout.source.empty()) << layout.name;
    EXPECT_EQ(layout.unit, layout.is_64bit ? 16U : 8U);
    EXPECT_EQ(layout.header_size, layout.unit);
    EXPECT_LE(layout.first_build, layout.last_build);
    EXPECT_EQ(FindPoolHeaderLayout(layout.name), &layout);
  }
  EXPECT_EQ(FindPoolHeaderLayout("nt4-mips"), nullptr);
}

struct TypeRow {
  const char* layout;
  std::uint16_t type;
  BlockState state;
  bool paged;
};

TEST(PoolType, MeansWhatTheVersionSays) {
  constexpr auto F = BlockState::kFree, A = BlockState::kAllocated, L = BlockState::kLookaside,
                 U = BlockState::kUnknown;
  const TypeRow rows[] = {
      {"nt5-x86", 0x00, F, false},      {"nt5-x86", 0x05, A, false},       {"nt5-x86", 0x06, A, true},
      {"nt5-x86", 0x01, L, false},      {"nt5-x86", 0x02, L, true},        {"nt5-x86", 0x03, U, false},
      {"nt5-x86", 0x0D, A, false},      {"nt5-x86", 0x26, A, true},        {"nt5-x86-plus1", 0x01, A, false},
      {"nt5-x86-plus1", 0x02, A, true}, {"nt5-x64-plus1", 0x05, U, false}, {"nt6-x64", 0x02, A, false},
      {"nt6-x64", 0x03, A, true},       {"nt6-x64", 0x04, L, false},       {"nt6-x64", 0x05, L, true},
      {"nt6-x64", 0x01, U, true},       {"nt6-x64", 0x0B, A, true},        {"nt6-x64", 0x21, U, true},
      {"nt6-x64", 0x23, A, true},       {"nt6-x64", 0x42, A, false},       {"nt6-x64", 0x12, U, false},
      {"nt6-x64", 0x82, U, false},      {"nt6-x64", 0x08, U, false},       {"nt6-x64", 0x20, F, false},
      {"nt62-x86", 0x00, F, false},     {"nt62-x64", 0x06, A, false},
  };
  for (const TypeRow& row : rows) {
    const PoolHeaderLayout& layout = *FindPoolHeaderLayout(row.layout);
    EXPECT_EQ(StateOfPoolType(layout, row.type), row.state) << row.layout << " type " << row.type;
    if (row.state == A || row.state == L) {
      EXPECT_EQ(IsPagedPoolType(layout, row.type), row.paged) << row.layout << " type " << row.type;
    }
  }
}

TEST(BlockStateName, AreTheReportsWords) {
  EXPECT_STREQ(BlockStateName(BlockState::kAllocated), "allocated");
  EXPECT_STREQ(BlockStateName(BlockState::kFree), "free");
  EXPECT_STREQ(BlockStateName(BlockState::kLookaside), "lookaside");
  EXPECT_STREQ(BlockStateName(BlockState::kBig), "big");
  EXPECT_STREQ(BlockStateName(BlockState::kUnknown), "unknown");
}

}  // namespace
}  // namespace poolblame
