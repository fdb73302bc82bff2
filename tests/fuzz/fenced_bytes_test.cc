#include "tests/fuzz/fenced_bytes.h"

#include <gtest/gtest.h>

namespace poolblame::fuzz {
namespace {

TEST(FencedBytes, EveryLengthEndsAtItsFence) {
  std::vector<std::uint8_t> bytes(1003, 7);
  bytes.resize(903);  // with 100 bytes in reserve
  FencedBytes fenced(std::move(bytes));
  for (const std::size_t length : {0U, 1U, 7U, 8U, 9U, 902U, 903U, 5U, 500U}) {
    const ByteView view = fenced.First(length);
    ASSERT_EQ(view.size(), length);
    EXPECT_TRUE(std::all_of(view.begin(), view.end(), [](std::uint8_t b) { return b == 7; }));
#ifdef __SANITIZE_ADDRESS__
    EXPECT_TRUE(__asan_address_is_poisoned(view.data() + length));
#endif
  }
}

TEST(FencedBytes, ThereIsNoMoreThanThereIs) {
  FencedBytes fenced({1, 2, 3});
  EXPECT_EQ(fenced.First(100).size(), 3U);
}

}  // namespace
}  // namespace poolblame::fuzz
