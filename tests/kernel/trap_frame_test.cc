#include "parser/kernel/trap_frame.h"

#include <gtest/gtest.h>

#include "tests/kernel/fake_memory.h"

namespace poolblame {
namespace {

constexpr VirtAddr kFrame{0xFFFFF80000001000};
constexpr std::uint64_t kNode = 0xFFFFA80012345678;

BugCheck After(std::uint32_t code, std::uint64_t sub_code, VirtAddr frame) {
  FakeMemory memory(Machine::kX64, kFrame, 1);
  memory.Put(kFrame + 0x30, 0x41414141, 8).Put(kFrame + 0x38, kNode, 8);  // rax, rcx
  BugCheck bugcheck;
  bugcheck.code = code;
  bugcheck.parameters = {sub_code, frame.value, 0, 0};
  AddTrapFrameRegisters(memory.Space(), bugcheck);
  return bugcheck;
}

TEST(TrapFrame, KernelAddressesInRegistersOfADamagedListOrTreeAreKept) {
  for (const std::uint64_t sub_code : {3U, 0x1DU}) {
    const BugCheck bugcheck = After(0x139, sub_code, kFrame);
    ASSERT_EQ(bugcheck.registers.size(), 1U) << sub_code;
    EXPECT_EQ(bugcheck.registers[0].address.value, kNode);
    EXPECT_EQ(bugcheck.registers[0].role, "rcx at the failed check");
  }
}

TEST(TrapFrame, OtherFailuresAndAbsentFramesSayNothing) {
  EXPECT_TRUE(After(0x139, 2, kFrame).registers.empty());
  EXPECT_TRUE(After(0x13A, 3, kFrame).registers.empty());
  EXPECT_TRUE(After(0x139, 3, kFrame + 0x100000).registers.empty());
  EXPECT_TRUE(After(0x139, 3, VirtAddr{0x1000}).registers.empty());
}

}  // namespace
}  // namespace poolblame
