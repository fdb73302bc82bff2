// Driver Verifier's log of pool calls, written by hand for both record sizes.
#include "parser/pool/pool_trace.h"

#include <gtest/gtest.h>

#include "tests/kernel/fake_memory.h"

namespace poolblame {
namespace {

constexpr VirtAddr kNtoskrnl{0xFFFFF80012000000}, kDriver = kNtoskrnl + 0x4000, kLog = kNtoskrnl + 0x8000;
constexpr VirtAddr kBlock{0xFFFFA80001234560}, kThread{0xFFFFA80001000080};

class PoolTraceTest : public ::testing::TestWithParam<std::pair<std::uint32_t, std::uint32_t>> {
 protected:
  PoolTraceTest() : memory_(Machine::kX64, kNtoskrnl, 12) {
    system_.machine = Machine::kX64;
    system_.build = GetParam().first;
    system_.modules.push_back({"ntoskrnl.exe", "", kNtoskrnl, 0x4000, 0, false});
    system_.modules.push_back({"caller.sys", "", kDriver, 0x4000, 0, false});
    memory_.PutPointer(kNtoskrnl + 0x1230, kLog);
    for (std::uint32_t i = 0; i < 5; ++i) PutCall(i, kBlock + 0x100 * i, 0x40 + i);
    PutCall(7, kBlock, 0x60);  // an empty record or two do not end the log
  }
  void PutCall(std::uint32_t index, VirtAddr block, std::uint64_t bytes) {
    const VirtAddr at = kLog + std::uint64_t{index} * GetParam().second;
    memory_.PutPointer(at, block).Put(at + 8, bytes, 8).PutPointer(at + 0x10, kThread);
    memory_.PutPointer(at + 0x18, kNtoskrnl + 0x500);
    memory_.PutPointer(at + 0x20, kDriver + 0x444).PutPointer(at + 0x28, kNtoskrnl + 0x600);
  }
  PoolTraceLog Read() { return {memory_.Space(GetParam().first), system_}; }

  FakeMemory memory_;
  System system_;
};

TEST_P(PoolTraceTest, ThePointerOfTheKernelLeadsToTheLog) {
  const PoolTraceLog log = Read();
  EXPECT_EQ(log.size(), 6U);
  const auto calls = log.Of(kBlock);
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0].bytes, 0x40U);
  EXPECT_EQ(calls[1].bytes, 0x60U);
  EXPECT_EQ(calls[0].thread, kThread);
  EXPECT_EQ(calls[0].caller, kDriver + 0x444);
  EXPECT_TRUE(log.Of(kBlock + 8).empty());
}

TEST_P(PoolTraceTest, FramesThatAreNoCodeMakeNoLog) {
  memory_.PutPointer(kLog + GetParam().second + 0x20, kBlock);
  EXPECT_EQ(Read().size(), 0U);
}

TEST_P(PoolTraceTest, NobodyNamesItThenItIsNotLookedFor) {
  memory_.Put(kNtoskrnl + 0x1230, 0, 8);
  EXPECT_EQ(Read().size(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Records, PoolTraceTest,
                         ::testing::Values(std::pair(19041U, 0x80U), std::pair(22621U, 0x1A8U)));

}  // namespace
}  // namespace poolblame
