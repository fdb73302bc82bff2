// Addresses from the user's symbols: filled in where the image says nothing, of this kernel only.
#include "parser/kernel/kernel_symbols.h"

#include <gmock/gmock.h>

#include "parser/base/little_endian.h"
#include "tests/kernel/hand_made_driver.h"

namespace poolblame {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

constexpr VirtAddr kKernelAt{0xFFFFF80100000000};
constexpr VirtAddr kKernelAt32{0x8B000000};
constexpr const char* kGuid = "a3a2a1a0A5A4A7A6A8A9AAABACADAEAF";

/// A kernel whose debug directory names the PDB of kGuid, or none.
class Kernel {
 public:
  explicit Kernel(bool with_pdb, Machine machine = Machine::kX64)
      : base_(machine == Machine::kX86 ? kKernelAt32 : kKernelAt),
        memory_(machine, base_, 8),
        driver_(memory_, base_, "") {
    system_.modules.push_back(driver_.module());
    memory_.Put(base_ + 0x80 + 0x50, HandMadeDriver::kSize, 4);
    if (!with_pdb) return;
    const VirtAddr debug = driver_.data(0x200), directory = base_ + 0x80 + 0x18 + 0x70 + 6 * 8;
    memory_.Put(directory, debug - base_, 4).Put(directory + 4, 0x1C, 4);
    memory_.Put(debug + 0x0C, 2, 4).Put(debug + 0x14, debug + 0x40 - base_, 4).Put(debug + 0x40, 0x53445352, 4);
    for (std::uint64_t i = 0; i < 16; ++i) memory_.Put(debug + 0x44 + i, 0xA0 + i, 1);
  }

  std::optional<DebuggerBlock> With(const std::string& guid, std::optional<DebuggerBlock> block = std::nullopt) {
    return WithSymbols(memory_.Space(),
                       {guid, {{"NtBuildLab", 0x123}, {"PoolBigPageTable", 0x456}, {"PoolTrackTable", ~0U}}}, block,
                       system_);
  }
  System& system() { return system_; }

 private:
  VirtAddr base_;
  FakeMemory memory_;
  HandMadeDriver driver_;
  System system_;
};

TEST(KernelSymbols, StandInForTheBlock) {
  for (const Machine machine : {Machine::kX64, Machine::kX86}) {
    Kernel kernel(false, machine);
    const VirtAddr base = machine == Machine::kX86 ? kKernelAt32 : kKernelAt;
    const auto block = kernel.With(kGuid);
    ASSERT_TRUE(block);
    EXPECT_EQ(block->KernBase, base.value);
    EXPECT_EQ(block->NtBuildLab, (base + 0x123).value);
    EXPECT_EQ(block->PoolTrackTable, 0U) << "behind the image's end: not of this kernel";
    EXPECT_EQ(kernel.system().pool_big_page_table, base + 0x456);
    EXPECT_THAT(kernel.system().notes,
                ElementsAre("addresses of 2 of the kernel's variables are from the symbols; whether they are this "
                            "kernel's is not known"));
  }
}

TEST(KernelSymbols, OfTheSamePdbAreBelievedOfAnotherNot) {
  Kernel same(true), other(true);
  EXPECT_TRUE(same.With(kGuid));
  EXPECT_THAT(same.system().notes,
              ElementsAre("addresses of 2 of the kernel's variables are from the symbols, whose PDB is the kernel's"));
  EXPECT_FALSE(other.With("00112233445566778899AABBCCDDEEFF"));
  EXPECT_FALSE(other.system().pool_big_page_table);
  EXPECT_THAT(other.system().notes,
              ElementsAre("the symbols are not used: they are of PDB 00112233445566778899AABBCCDDEEFF, the kernel's is "
                          "A3A2A1A0A5A4A7A6A8A9AAABACADAEAF"));
}

TEST(KernelSymbols, WhatTheBlockSaysStays) {
  Kernel kernel(true);
  DebuggerBlock own{};
  own.KernBase = Le64{kKernelAt.value};
  own.NtBuildLab = Le64{kKernelAt.value + 0x777};
  const auto block = kernel.With(kGuid, own);
  ASSERT_TRUE(block);
  EXPECT_EQ(block->NtBuildLab, kKernelAt.value + 0x777);
  EXPECT_THAT(kernel.system().notes, ElementsAre(StartsWith("addresses of 1 of the kernel's variables")));
}

TEST(KernelSymbols, WithoutAKernelTheyAreNotUsed) {
  Kernel kernel(false);
  DebuggerBlock wrong{};
  wrong.KernBase = Le64{kKernelAt.value + 0x40000000};
  EXPECT_TRUE(kernel.With(kGuid, wrong));
  EXPECT_THAT(kernel.system().notes,
              ElementsAre("the symbols are not used: where the kernel's image begins is not known"));
}

}  // namespace
}  // namespace poolblame
