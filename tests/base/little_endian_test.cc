#include "parser/base/little_endian.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace poolblame {
namespace {

template <typename T, std::size_t N>
void ExpectBytes(T value, const std::array<std::uint8_t, N>& bytes) {
  const Le<T> wire = value;
  static_assert(sizeof(wire) == N && alignof(Le<T>) == 1);
  EXPECT_EQ(std::memcmp(&wire, bytes.data(), N), 0);
  Le<T> back;
  std::memcpy(&back, bytes.data(), N);
  EXPECT_EQ(static_cast<T>(back), value);
}

TEST(Le, LowByteComesFirst) {
  ExpectBytes<std::uint16_t>(0x1234, std::array<std::uint8_t, 2>{0x34, 0x12});
  ExpectBytes<std::uint32_t>(0x80000001, std::array<std::uint8_t, 4>{1, 0, 0, 0x80});
  ExpectBytes<std::uint64_t>(0xFFFFF80112345678,
                             std::array<std::uint8_t, 8>{0x78, 0x56, 0x34, 0x12, 1, 0xF8, 0xFF, 0xFF});
}

TEST(Le, HoldsTheExtremes) {
  ExpectBytes<std::uint16_t>(0xFFFF, std::array<std::uint8_t, 2>{0xFF, 0xFF});
  ExpectBytes<std::uint64_t>(~std::uint64_t{0}, std::array<std::uint8_t, 8>{255, 255, 255, 255, 255, 255, 255, 255});
  EXPECT_EQ(static_cast<std::uint32_t>(Le32{}), 0U);
}

TEST(Le, AStructOfThemHasNoPadding) {
  struct Wire {
    Le16 a;
    Le64 b;
    Le32 c;
  };
  static_assert(sizeof(Wire) == 14 && alignof(Wire) == 1);
  Wire wire;
  wire.b.set(7);
  EXPECT_EQ(static_cast<std::uint64_t>(wire.b), 7U);
}

}  // namespace
}  // namespace poolblame
