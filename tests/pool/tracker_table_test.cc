// nt!PoolTrackTable, bytes typed by hand from the structure tables: each layout, its end, and what is no table.
#include "parser/pool/tracker_table.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/pool/opened_image.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kBase64 = 0xFFFFF80000010000, kBase32 = 0x80010000;

/// An image of a few pages: PoolTrackTable at +0x100 of the first, its size before it, the table from the second on.
class TableImage {
 public:
  TableImage(bool x64, std::uint32_t build) : x64_(x64), build_(build), bytes_(4 * 4096) {
    Put(0x100, base() + 0x1000, pointer());
  }
  TableImage& Size(std::uint64_t entries) { return Put(0x100 - pointer(), entries, pointer()); }
  TableImage& Put(std::size_t at, std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) bytes_[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
    return *this;
  }
  TableImage& Tag(std::size_t at, const std::string& tag) {
    for (std::size_t i = 0; i < 4; ++i) bytes_[at + i] = static_cast<std::uint8_t>(tag[i]);
    return *this;
  }
  [[nodiscard]] std::uint64_t base() const { return x64_ ? kBase64 : kBase32; }
  [[nodiscard]] std::size_t pointer() const { return x64_ ? 8 : 4; }
  [[nodiscard]] TrackerReading Read() const {
    OpenOptions options;
    options.base = VirtAddr{base()};
    options.machine = x64_ ? Machine::kX64 : Machine::kX86;
    options.build = build_;
    auto image = Image::FromBytes({bytes_.data(), bytes_.size()}, "pages", options);
    EXPECT_TRUE(image.has_value());
    const AddressSpace space(*image);
    System system = ReadSystem(space);
    system.pool_track_table = VirtAddr{base() + 0x100};
    return ReadTrackerTable(space, system);
  }

 private:
  bool x64_;
  std::uint32_t build_;
  std::vector<std::uint8_t> bytes_;
};

struct Row {
  const char* name;
  bool x64;
  std::uint32_t build;
  std::size_t stride, counter;
  std::size_t np_allocs, np_frees, np_bytes, p_allocs, p_frees, p_bytes;
};

class TrackerTableOf : public ::testing::TestWithParam<Row> {
 protected:
  static TableImage Table() {
    const Row& row = GetParam();
    TableImage image(row.x64, row.build);
    for (std::size_t i = 0; i < 12; ++i) {
      const std::size_t at = 0x1000 + (3 * i + 1) * row.stride;
      image.Tag(at, std::string("Tag") + static_cast<char>('a' + i));
      image.Put(at + row.np_allocs, 100 + i, row.counter).Put(at + row.np_frees, 40, row.counter);
      image.Put(at + row.np_bytes, 0x1234560 + i, image.pointer());
      image.Put(at + row.p_allocs, 7, row.counter).Put(at + row.p_frees, 7 - i % 2, row.counter);
      image.Put(at + row.p_bytes, 0x40 * (i % 2), image.pointer());
    }
    return image;
  }
};

TEST_P(TrackerTableOf, HasTheNumbersOfEachTag) {
  const TrackerReading reading = Table().Read();
  ASSERT_TRUE(reading.table.has_value()) << reading.why_not;
  ASSERT_EQ(reading.table->tags.size(), 12U);
  const TrackedTag& tag = reading.table->tags[5];
  EXPECT_EQ(tag.tag.text(), "Tagf");
  EXPECT_EQ(tag.nonpaged.allocs, 105U);
  EXPECT_EQ(tag.nonpaged.frees, 40U);
  EXPECT_EQ(tag.nonpaged.outstanding, 65);
  EXPECT_EQ(tag.nonpaged.bytes, 0x1234565U);
  EXPECT_EQ(tag.paged.outstanding, 1);
  EXPECT_EQ(tag.paged.bytes, 0x40U);
}

// Where the size is known, what lies behind it is not read; else the first entry that is none ends the table.
TEST_P(TrackerTableOf, EndsWhereItsSizeSaysOrEntriesStop) {
  const Row& row = GetParam();
  const bool known = row.build >= 6000 && row.build <= 19045;
  TableImage image = Table();
  image.Put(0x1000 + 30 * row.stride, 0x8181818181818181, 8).Size(29);
  const TrackerReading reading = image.Read();
  ASSERT_TRUE(reading.table.has_value()) << reading.why_not;
  EXPECT_EQ(reading.table->size_known, known);
  EXPECT_EQ(reading.table->entries, known ? 29U : 30U);
  EXPECT_EQ(reading.table->tags.size(), 10U);
  image.Size(36);
  EXPECT_EQ(image.Read().table.has_value(), !known) << "one odd entry among twelve is too many";
}

INSTANTIATE_TEST_SUITE_P(Windows, TrackerTableOf,
                         ::testing::Values(Row{"XpX86", false, 2600, 0x1C, 4, 4, 8, 0xC, 0x10, 0x14, 0x18},
                                           Row{"Seven", true, 7601, 0x28, 4, 4, 8, 0x10, 0x18, 0x1C, 0x20},
                                           Row{"TenX86", false, 17134, 0x30, 8, 8, 0x10, 4, 0x20, 0x28, 0x18},
                                           Row{"Ten", true, 19041, 0x38, 8, 0x10, 0x18, 8, 0x28, 0x30, 0x20},
                                           Row{"Eleven", true, 22621, 0x50, 8, 0x10, 0x18, 8, 0x28, 0x30, 0x20}),
                         [](const auto& row) { return row.param.name; });

TEST(TrackerTable, AWrappedCounterStillHasItsDifference) {
  TableImage image(true, 7601);
  for (std::size_t i = 0; i < 9; ++i)
    image.Tag(0x1000 + i * 0x28, "Abc" + std::to_string(i)).Put(0x1004 + i * 0x28, 3, 4);
  image.Put(0x1004, 5, 4).Put(0x1008, 0xFFFFFFF0, 4);
  const TrackerReading reading = image.Read();
  ASSERT_TRUE(reading.table.has_value()) << reading.why_not;
  EXPECT_EQ(reading.table->tags[0].nonpaged.outstanding, 21);
}

TEST(TrackerTable, TwoEntriesOfATagAreOne) {
  TableImage image(true, 22621);
  for (std::size_t i = 0; i < 9; ++i)
    image.Tag(0x1000 + i * 0x50, "Abc" + std::to_string(i % 8)).Put(0x1010 + i * 0x50, 2 + i, 8);
  const TrackerReading reading = image.Read();
  ASSERT_TRUE(reading.table.has_value()) << reading.why_not;
  ASSERT_EQ(reading.table->tags.size(), 8U);
  EXPECT_EQ(reading.table->tags[0].nonpaged.allocs, 12U);
}

TEST(TrackerTable, OtherMemoryIsNone) {
  EXPECT_FALSE(TableImage(true, 7601).Read().table.has_value()) << "zeros";
  TableImage text(true, 7601);
  for (std::size_t i = 0; i < 0x3000; ++i) text.Put(0x1000 + i, 'a' + i % 26, 1);
  EXPECT_FALSE(text.Read().table.has_value()) << "text";
  TableImage other(true, 7601);
  for (std::size_t i = 0; i < 30; ++i) other.Tag(0x1000 + i * 0x38, "Abcd").Put(0x1008 + i * 0x38, 0x10, 8);
  EXPECT_FALSE(other.Read().table.has_value()) << "another Windows' table";
  EXPECT_NE(other.Read().why_not, "");
}

TEST(TrackerTable, AVariableAtAnEdgeLeadsNowhere) {
  const auto opened = test::FromRecipe("windows=7601 machine=x64 fault=none tracker=yes pages=120 activity=100 seed=5");
  const AddressSpace space(*opened.image);
  System system = ReadSystem(space);
  EXPECT_TRUE(ReadTrackerTable(space, system).table.has_value());
  for (const std::uint64_t at : {space.kernel_base().value, ~std::uint64_t{0}, std::uint64_t{0}, ~std::uint64_t{7}}) {
    system.pool_track_table = VirtAddr{at};
    EXPECT_FALSE(ReadTrackerTable(space, system).table.has_value()) << std::hex << at;
  }
  system.pool_track_table.reset();
  EXPECT_FALSE(ReadTrackerTable(space, system).table.has_value());
}

}  // namespace
}  // namespace poolblame
