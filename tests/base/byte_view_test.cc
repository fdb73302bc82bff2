// Every edge of the one bounds test: offsets and lengths at, before and behind the end, and sums that would wrap.
#include "parser/base/byte_view.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "parser/base/little_endian.h"

namespace poolblame {
namespace {

constexpr std::array<std::uint8_t, 8> kBytes = {1, 2, 3, 4, 5, 6, 7, 8};
constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

struct SliceRow {
  std::uint64_t offset, length;
  bool fits;
};

constexpr SliceRow kRows[] = {
    {0, 0, true},     {0, 8, true},     {0, 9, false},    {8, 0, true},        {8, 1, false},        {7, 1, true},
    {7, 2, false},    {9, 0, false},    {4, 4, true},     {4, 5, false},       {kMax, 0, false},     {kMax, 1, false},
    {0, kMax, false}, {1, kMax, false}, {8, kMax, false}, {kMax, kMax, false}, {kMax - 3, 8, false},
};

TEST(ByteView, SlicesExactlyWhatIsThere) {
  const ByteView view(kBytes);
  for (const SliceRow& row : kRows) {
    EXPECT_EQ(view.Contains(row.offset, row.length), row.fits) << row.offset << "+" << row.length;
    const auto slice = view.Slice(row.offset, row.length, "part");
    ASSERT_EQ(slice.has_value(), row.fits) << row.offset << "+" << row.length;
    if (row.fits) {
      EXPECT_EQ(slice->data(), kBytes.data() + row.offset);
      EXPECT_EQ(slice->size(), row.length);
    }
  }
}

TEST(ByteView, AFailedSliceSaysBothNumbers) {
  const auto slice = ByteView(kBytes).Slice(6, 4, "page map");
  ASSERT_FALSE(slice.has_value());
  EXPECT_EQ(slice.error().kind, ErrorKind::kTruncated);
  EXPECT_EQ(slice.error().what, "page map");
  EXPECT_EQ(slice.error().offset, 6U);
  EXPECT_EQ(slice.error().wanted, 4U);
  EXPECT_EQ(slice.error().have, 2U);
  EXPECT_EQ(ByteView(kBytes).Slice(100, 1, "x").error().have, 0U);
}

TEST(ByteView, ReadsWireIntegersAtAnyOffsetThatHoldsThem) {
  const ByteView view(kBytes);
  for (std::uint64_t offset = 0; offset <= 10; ++offset) {
    EXPECT_EQ(view.TryRead<Le32>(offset).has_value(), offset <= 4) << offset;
    EXPECT_EQ(view.Read<Le32>(offset, "field").has_value(), offset <= 4) << offset;
  }
  EXPECT_EQ(*view.TryRead<Le32>(1), 0x05040302U);
  EXPECT_EQ(*view.TryRead<Le64>(0), 0x0807060504030201U);
  EXPECT_FALSE(view.TryRead<Le64>(1).has_value());
}

TEST(ByteView, AnEmptyViewHoldsOnlyNothing) {
  EXPECT_TRUE(ByteView().empty());
  EXPECT_TRUE(ByteView().Contains(0, 0));
  EXPECT_FALSE(ByteView().Contains(0, 1));
  EXPECT_FALSE(ByteView().TryRead<Le16>(0).has_value());
}

}  // namespace
}  // namespace poolblame
