// Driver Verifier's records of blocks, written by hand: blocks with a pointer at their end, and pages of records.
#include "parser/pool/verifier_records.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/kernel/fake_memory.h"
#include "tests/pool/opened_image.h"

namespace poolblame {
namespace {

struct Kind {
  Machine machine;
  std::uint64_t base;
  const char* layout;
};

constexpr PoolTag kTag{0x706C7543};  // "Culp"
constexpr std::uint32_t kBlocks = 20, kBlockBytes = 0x60, kRequest = 0x44;

class VerifierRecordsTest : public ::testing::TestWithParam<Kind> {
 protected:
  VerifierRecordsTest()
      : memory_(GetParam().machine, VirtAddr{GetParam().base}, 4), layout_(*FindPoolHeaderLayout(GetParam().layout)) {
    for (std::uint32_t i = 0; i < kBlocks; ++i) {
      blocks_.push_back({memory_base() + i * kBlockBytes, kBlockBytes, kTag});
      PutRecord(i, DataOf(i), kTag);
      memory_.PutPointer(TailOf(i), RecordOf(i));
    }
    memory_.Put(RecordPage() + 2 * pointer(), kSignature, 4);
  }
  [[nodiscard]] VirtAddr memory_base() const { return VirtAddr{GetParam().base}; }
  [[nodiscard]] std::uint64_t pointer() const { return memory_.pointer_size(); }
  [[nodiscard]] VirtAddr RecordPage() const { return memory_base() + kPageSize; }
  [[nodiscard]] VirtAddr RecordOf(std::uint32_t i) const { return RecordPage() + (i + 1) * 4 * pointer(); }
  [[nodiscard]] VirtAddr DataOf(std::uint32_t i) const { return blocks_[i].header + layout_.header_size; }
  [[nodiscard]] VirtAddr TailOf(std::uint32_t i) const { return blocks_[i].header + (kBlockBytes - pointer()); }
  void PutRecord(std::uint32_t i, VirtAddr data, PoolTag tag) {
    memory_.PutPointer(RecordOf(i), data).PutPointer(RecordOf(i) + pointer(), memory_base() + 0x444);
    memory_.Put(RecordOf(i) + 2 * pointer(), kRequest, pointer()).Put(RecordOf(i) + 3 * pointer(), tag.value, 4);
  }
  VerifierRecords Read() { return {memory_.Space(), layout_, blocks_}; }
  [[nodiscard]] std::uint64_t Capacity() const { return kBlockBytes - layout_.header_size - pointer(); }

  static constexpr std::uint32_t kSignature = 0x5E51A3B2;
  FakeMemory memory_;
  const PoolHeaderLayout& layout_;
  std::vector<TrackedBlock> blocks_;
};

TEST_P(VerifierRecordsTest, SoundPointersLeadToAllRecords) {
  const VerifierRecords records = Read();
  EXPECT_EQ(records.size(), kBlocks);
  EXPECT_TRUE(records.lost().empty());
  const VerifierRecord* record = records.Of(DataOf(3), Capacity(), kTag);
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->at, RecordOf(3));
  EXPECT_EQ(record->entry.caller, memory_base() + 0x444);
  EXPECT_EQ(record->entry.bytes, kRequest);
  EXPECT_EQ(records.Of(DataOf(3) + 8, Capacity(), kTag), nullptr);
  EXPECT_EQ(records.Of(DataOf(3), kRequest - 1, kTag), nullptr);
  EXPECT_EQ(records.Of(DataOf(3), Capacity(), PoolTag{0x20706C75}), nullptr);
}

TEST_P(VerifierRecordsTest, AnOverwrittenPointerIsToldByItsRecord) {
  memory_.Put(TailOf(7), 0x41414141, 4);
  const VerifierRecords records = Read();
  ASSERT_EQ(records.lost().size(), 1U);
  EXPECT_EQ(records.lost()[0].at, TailOf(7));
  EXPECT_EQ(records.lost()[0].expected, RecordOf(7).value);
}

TEST_P(VerifierRecordsTest, ARecordGivenBackAccusesNobody) {
  memory_.Put(TailOf(7), 0x41414141, 4);
  memory_.PutPointer(RecordOf(7), RecordOf(8));  // the block was being freed
  EXPECT_TRUE(Read().lost().empty());
}

TEST_P(VerifierRecordsTest, TwoRecordsOfOneBlockSayNothing) {
  memory_.Put(TailOf(7), 0x41414141, 4);
  PutRecord(kBlocks + 2, DataOf(7), kTag);
  EXPECT_TRUE(Read().lost().empty());
}

TEST_P(VerifierRecordsTest, ManyOddPointersAreAnotherRule) {
  for (std::uint32_t i = 0; i < 4; ++i) memory_.Put(TailOf(i), 0x41414141, 4);
  const VerifierRecords records = Read();
  EXPECT_TRUE(records.lost().empty());
  EXPECT_NE(records.Of(DataOf(3), Capacity(), kTag), nullptr);
}

TEST_P(VerifierRecordsTest, FewSoundPointersAreNoRule) {
  memory_.Put(TailOf(0), 0x41414141, 4);
  blocks_.resize(8);
  EXPECT_TRUE(Read().lost().empty());
}

TEST_P(VerifierRecordsTest, ThePagesOfRecordsAreAChain) {
  memory_.Put(TailOf(7), 0x41414141, 4);
  PutRecord(7, VirtAddr{0}, kTag);
  const VirtAddr next = RecordPage() + kPageSize, record = next + 4 * pointer();
  memory_.PutPointer(RecordPage(), next).Put(next + 2 * pointer(), kSignature, 4).PutPointer(next, RecordPage());
  memory_.PutPointer(record, DataOf(7)).Put(record + 2 * pointer(), kRequest, pointer());
  memory_.Put(record + 3 * pointer(), kTag.value, 4);
  const VerifierRecords records = Read();
  ASSERT_EQ(records.lost().size(), 1U);
  EXPECT_EQ(records.lost()[0].expected, record.value);
  memory_.Put(next + 2 * pointer(), kSignature + 1, 4);  // no such page
  EXPECT_TRUE(Read().lost().empty());
}

TEST_P(VerifierRecordsTest, HostileBlocksAreLeftOut) {
  blocks_.push_back({memory_base() + 4 * kPageSize - 8, kBlockBytes, kTag});
  blocks_.push_back({memory_base(), 4, kTag});
  blocks_.push_back({VirtAddr{~std::uint64_t{0} - 8}, kBlockBytes, kTag});
  EXPECT_TRUE(Read().lost().empty());
}

INSTANTIATE_TEST_SUITE_P(Machines, VerifierRecordsTest,
                         ::testing::Values(Kind{Machine::kX64, 0xFFFFFA8001000000, "nt6-x64"},
                                           Kind{Machine::kX86, 0x84C00000, "nt6-x86"}));

class TrackedBlocksTest : public ::testing::TestWithParam<const char*> {};

/// Seed 1 of Windows 11 has a tracked slot in front of one that crosses a page.
TEST_P(TrackedBlocksTest, OfAHealthyImageHaveTheirRecords) {
  const test::Opened opened =
      test::FromRecipe(std::string(GetParam()) + " verifier=third-party fault=none pages=160 seed=1");
  ASSERT_TRUE(opened.image.has_value());
  const PoolCensus census = test::Scan(opened);
  const AddressSpace space(*opened.image);
  const VerifierRecords records(space, *census.layout, census.tracked);
  EXPECT_GT(census.tracked.size(), 20U);
  EXPECT_TRUE(records.lost().empty());
  // Freed chunks on a lookaside list keep their headers, but not their records.
  const auto has_record = [&](const TrackedBlock& block) {
    return records.Of(block.header + census.layout->header_size, block.bytes, block.tag) != nullptr;
  };
  const auto found = std::count_if(census.tracked.begin(), census.tracked.end(), has_record);
  EXPECT_GT(found * 4, std::ssize(census.tracked) * 3);
}

TEST_P(TrackedBlocksTest, AnOverrunIntoThePointerIsFoundWhereItHappened) {
  const test::Opened opened =
      test::FromRecipe(std::string(GetParam()) + " verifier=third-party fault=tail-overrun bytes=4 pages=160 seed=1");
  ASSERT_TRUE(opened.image.has_value());
  const PoolCensus census = test::Scan(opened);
  const AddressSpace space(*opened.image);
  const VerifierRecords records(space, *census.layout, census.tracked);
  ASSERT_EQ(records.lost().size(), 1U);
  EXPECT_EQ(records.lost()[0].at.value, opened.truth.damage_start);
}

INSTANTIATE_TEST_SUITE_P(Windows, TrackedBlocksTest,
                         ::testing::Values("windows=2600 machine=x86 paging=plain", "windows=7601", "windows=17134",
                                           "windows=19041", "windows=win11", "windows=26100"));

}  // namespace
}  // namespace poolblame
