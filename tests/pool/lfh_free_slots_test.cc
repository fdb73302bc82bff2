// Pages of slots by hand: what the other slots of a page say of an odd free one.
#include "parser/pool/lfh_free_slots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "parser/format/pool_header.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kSlot = 0x80, kSlots = 32;

class PageOfSlots {
 public:
  PageOfSlots() {
    for (std::uint32_t i = 0; i < kSlots; ++i) slots_.push_back({i * kSlot, kSlot, false});
  }
  /// A POOL_HEADER of the slot's size and `Test`, and some payload to the slot's end.
  PageOfSlots& Header(std::uint32_t slot, bool busy) {
    slots_[slot].busy = busy;
    const std::array<std::uint8_t, 8> header = {0, 0, kSlot / 16, 2, 'T', 'e', 's', 't'};
    std::copy(header.begin(), header.end(), page_.begin() + slot * kSlot);
    std::fill_n(page_.begin() + slot * kSlot + 16, kSlot - 16, std::uint8_t{0x11});
    return *this;
  }
  PageOfSlots& Write(std::uint32_t at, std::string_view text) {
    std::copy(text.begin(), text.end(), page_.begin() + at);
    return *this;
  }
  [[nodiscard]] std::vector<ExpectedContent> Expected() const {
    return ExpectedOfOddSlots({page_.data(), page_.size()}, slots_, kSlot, *FindPoolHeaderLayout("nt62-x64"));
  }
  [[nodiscard]] SlotContent Content(std::uint32_t slot) const {
    return ContentOf({page_.data(), page_.size()}, slots_[slot], kSlot, *FindPoolHeaderLayout("nt62-x64"));
  }

 private:
  std::array<std::uint8_t, kPageSize> page_{};
  std::vector<LfhSlot> slots_;
};

TEST(LfhFreeSlots, HoldAHeaderZerosOrNeither) {
  PageOfSlots page;
  page.Header(1, false).Write(3 * kSlot + 0x40, "x");
  EXPECT_EQ(page.Content(0), SlotContent::kZero);
  EXPECT_EQ(page.Content(1), SlotContent::kHeader);
  EXPECT_EQ(page.Content(3), SlotContent::kOdd);
}

TEST(LfhFreeSlots, AWriteOverASlotThatNobodyHadIsSeen) {
  PageOfSlots page;
  page.Header(8, true).Write(9 * kSlot, "overrun of slot 8");
  EXPECT_EQ(page.Expected()[9], ExpectedContent::kZero);
  EXPECT_EQ(page.Expected()[10], ExpectedContent::kUnknown);
}

TEST(LfhFreeSlots, AWriteOverTheHeaderOfAFreedSlotIsSeen) {
  PageOfSlots page;
  page.Header(8, true).Header(9, false).Write(9 * kSlot, "overrun of slot");
  EXPECT_EQ(page.Expected()[9], ExpectedContent::kHeader);
}

TEST(LfhFreeSlots, OldBytesThatBeginWithThePageSayNothing) {
  PageOfSlots page;
  page.Header(0, true).Write(1 * kSlot, "what was here before");
  EXPECT_EQ(page.Expected()[1], ExpectedContent::kUnknown);
}

TEST(LfhFreeSlots, TwoRowsOfOddSlotsAreOldBytes) {
  PageOfSlots page;
  page.Header(8, true).Write(9 * kSlot, "one").Header(12, true).Write(13 * kSlot, "two");
  EXPECT_EQ(page.Expected()[9], ExpectedContent::kUnknown);
  EXPECT_EQ(page.Expected()[13], ExpectedContent::kUnknown);
}

TEST(LfhFreeSlots, BehindASlotThatNobodyHadNobodyWrote) {
  PageOfSlots page;
  page.Write(9 * kSlot, "who could have written this?");
  EXPECT_EQ(page.Expected()[9], ExpectedContent::kUnknown);
}

TEST(LfhFreeSlots, TextThatRunsIntoADamagedHeaderRanThroughTheFreeSlotBefore) {
  PageOfSlots page;
  for (std::uint32_t i = 0; i < kSlots; ++i) page.Header(i, true);
  page.Header(9, false);
  for (std::uint32_t at = 9 * kSlot; at < 10 * kSlot + 12; at += 4) page.Write(at, "text");
  EXPECT_EQ(page.Expected()[9], ExpectedContent::kHeader);
  page.Write(10 * kSlot - 4, {"\0\0\0\0", 4});
  EXPECT_EQ(page.Expected()[9], ExpectedContent::kUnknown);
}

}  // namespace
}  // namespace poolblame
