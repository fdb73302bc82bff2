// Pool headers against bytes typed by hand from published dumps.
#include "samples/pool_block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples/bytes.h"

namespace poolblame::samples {
namespace {

using ::testing::ElementsAre;

// A File object of a real Windows 8.1 x64 page: first block, 0x150 bytes, nonpaged and busy.
TEST(PoolBlock, X64HeaderBytes) {
  const HeaderFields fields{0, 0, 0x15, 2, TagOf("File")};
  EXPECT_THAT(EncodeHeader(fields, true), ElementsAre(0x00, 0x00, 0x15, 0x02, 'F', 'i', 'l', 'e'));
  const HeaderFields freed{0x22, 1, 4, 4, TagOf("ReTa")};
  EXPECT_THAT(EncodeHeader(freed, true), ElementsAre(0x22, 0x01, 0x04, 0x04, 'R', 'e', 'T', 'a'));
}

// A HEVD buffer on Windows 7 x86: dt shows PreviousSize 0x17, BlockSize 0x40, PoolType 2; Ulong1 is 0x04400017.
TEST(PoolBlock, X86HeaderBytes) {
  const HeaderFields fields{0x17, 0, 0x40, 2, TagOf("Hack")};
  EXPECT_THAT(EncodeHeader(fields, false), ElementsAre(0x17, 0x00, 0x40, 0x04, 'H', 'a', 'c', 'k'));
}

// PreviousSize has nine bits on x86, so its top bit shares a byte with PoolIndex; BlockSize shares with PoolType.
TEST(PoolBlock, X86NineBitSizes) {
  const HeaderFields fields{0x1FE, 3, 0x101, 5, TagOf("MmSt")};
  EXPECT_THAT(EncodeHeader(fields, false), ElementsAre(0xFE, 0x07, 0x01, 0x0B, 'M', 'm', 'S', 't'));
}

TEST(PoolBlock, DecodeUndoesEncode) {
  for (const bool x64 : {false, true}) {
    const HeaderFields in{0x7F, 2, 0x81, 0x2B, TagOf("Ntfx")};
    const auto bytes = EncodeHeader(in, x64);
    const HeaderFields out = DecodeHeader(bytes.data(), x64);
    EXPECT_EQ(out.previous_units, 0x7FU);
    EXPECT_EQ(out.index, 2U);
    EXPECT_EQ(out.units, 0x81U);
    EXPECT_EQ(out.type, 0x2BU);
    EXPECT_EQ(out.tag, TagOf("Ntfx"));
  }
}

TEST(PoolBlock, InUseEncodings) {
  EXPECT_EQ(BusyType(InUseEncoding::kBasePlusOneBit4, 0, false), 5U);
  EXPECT_EQ(BusyType(InUseEncoding::kBasePlusOneBit4, 1, false), 6U);
  EXPECT_EQ(BusyType(InUseEncoding::kBasePlusOne, 1, false), 2U);
  EXPECT_EQ(BusyType(InUseEncoding::kBit2, 0, false), 2U);
  EXPECT_EQ(BusyType(InUseEncoding::kBit2, 1, true), 0x0BU);
  EXPECT_EQ(BusyType(InUseEncoding::kBit2, 0x21, false), 0x23U);
  EXPECT_EQ(ListedType(InUseEncoding::kBasePlusOneBit4, 0), 1U);
  EXPECT_EQ(ListedType(InUseEncoding::kBit2, 0), 4U);
  EXPECT_EQ(ListedType(InUseEncoding::kBit2, 1), 5U);
}

TEST(PoolBlock, TagsAreInMemoryOrderAndPadded) {
  EXPECT_EQ(TagOf("Proc"), 0x636F7250U);
  EXPECT_EQ(TagOf("Io"), 0x20206F49U);
}

}  // namespace
}  // namespace poolblame::samples
