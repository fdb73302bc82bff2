// Pool ranges and list heads: believed only when they look right.
#include "parser/kernel/pool_globals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kernel/fake_memory.h"

namespace poolblame {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

struct GlobalsCase {
  Machine machine;
  VirtAddr base;
  std::uint32_t build;
  std::uint64_t list_heads;  // offset in the descriptor, typed by hand from the PDB tables
  std::uint32_t count;
};
constexpr GlobalsCase kWindows7x64{Machine::kX64, {0xFFFFF80000010000}, 7601, 0x140, 256};
constexpr GlobalsCase kWindows7x86{Machine::kX86, {0x80410000}, 7601, 0x140, 512};
constexpr GlobalsCase kXp{Machine::kX86, {0x80410000}, 2600, 0x28, 512};
constexpr GlobalsCase kVistaX64{Machine::kX64, {0xFFFFF80000010000}, 6001, 0x48, 256};

class PoolGlobals : public testing::TestWithParam<GlobalsCase> {
 protected:
  PoolGlobals() : memory_(GetParam().machine, GetParam().base, 8) {
    block_.NonPagedPoolDescriptor = SignExtended(Nonpaged());
    block_.ExpPagedPoolDescriptor = SignExtended(PagedArray());
  }
  [[nodiscard]] static VirtAddr Nonpaged() { return GetParam().base + 0x1000; }
  [[nodiscard]] static VirtAddr Paged() { return GetParam().base + 0x4000; }
  [[nodiscard]] static VirtAddr PagedArray() { return GetParam().base + 0x100; }
  [[nodiscard]] static VirtAddr Head(VirtAddr descriptor, std::uint32_t i) {
    return descriptor + GetParam().list_heads + std::uint64_t{i} * (0x1000 / GetParam().count);
  }
  /// The block holds x86 pointers sign-extended.
  [[nodiscard]] static std::uint64_t SignExtended(VirtAddr a) {
    return GetParam().machine == Machine::kX86 ? a.value | 0xFFFFFFFF00000000 : a.value;
  }
  void PutEmptyHeads(VirtAddr descriptor) {
    for (std::uint32_t i = 0; i < GetParam().count; ++i) {
      const VirtAddr head = Head(descriptor, i);
      memory_.PutPointer(head, head).PutPointer(head + memory_.pointer_size(), head);
    }
  }
  std::vector<PoolListHeads> ReadHeads() {
    return ReadPoolListHeads(memory_.Space(GetParam().build), block_, GetParam().build);
  }

  FakeMemory memory_;
  DebuggerBlock block_{};
};
INSTANTIATE_TEST_SUITE_P(Windows, PoolGlobals, testing::Values(kWindows7x64, kWindows7x86, kXp, kVistaX64));

TEST_P(PoolGlobals, HeadsOfBothPools) {
  PutEmptyHeads(Nonpaged());
  PutEmptyHeads(Paged());
  memory_.PutPointer(PagedArray(), Paged());
  const auto heads = ReadHeads();
  ASSERT_THAT(heads, SizeIs(2));
  EXPECT_EQ(heads[0].first, Head(Nonpaged(), 0));
  EXPECT_EQ(heads[0].count, GetParam().count);
  EXPECT_EQ(heads[0].kind, PoolKind::kNonPaged);
  EXPECT_EQ(heads[1].first, Head(Paged(), 0));
  EXPECT_EQ(heads[1].kind, PoolKind::kPaged);
}

TEST_P(PoolGlobals, NonEmptyAndDamagedHeadsAreStillHeads) {
  PutEmptyHeads(Nonpaged());
  const VirtAddr entry = GetParam().base + 0x7000;
  memory_.PutPointer(entry, Head(Nonpaged(), 3)).PutPointer(entry + memory_.pointer_size(), Head(Nonpaged(), 3));
  memory_.PutPointer(Head(Nonpaged(), 3), entry).PutPointer(Head(Nonpaged(), 3) + memory_.pointer_size(), entry);
  for (std::uint32_t i = 10; i < 20; ++i) memory_.PutPointer(Head(Nonpaged(), i), VirtAddr{0x41414141});
  EXPECT_THAT(ReadHeads(), SizeIs(1));
}

TEST_P(PoolGlobals, MemoryThatIsNoListIsIgnored) {
  EXPECT_THAT(ReadHeads(), IsEmpty());  // zeros
  for (std::uint32_t i = 0; i < GetParam().count; ++i)
    memory_.PutPointer(Head(Nonpaged(), i), GetParam().base)
        .PutPointer(Head(Nonpaged(), i) + memory_.pointer_size(), GetParam().base);
  EXPECT_THAT(ReadHeads(), IsEmpty());  // kernel pointers that do not come back
  PutEmptyHeads(Nonpaged() + memory_.pointer_size() / 2);
  EXPECT_THAT(ReadHeads(), IsEmpty());  // heads of another layout
}

TEST_P(PoolGlobals, RegionsNeedVariablesThatMakeSense) {
  const VirtAddr variables = GetParam().base + 0x200;
  const std::uint64_t step = memory_.pointer_size();
  block_.MmNonPagedPoolStart = SignExtended(variables);
  block_.MmNonPagedPoolEnd = SignExtended(variables + step);
  block_.MmPagedPoolStart = SignExtended(variables + 2 * step);
  block_.MmPagedPoolEnd = SignExtended(variables + 3 * step);
  memory_.PutPointer(variables, GetParam().base + 0x100000).PutPointer(variables + step, GetParam().base + 0x300000);
  auto regions = ReadPoolRegions(memory_.Space(), block_);
  ASSERT_THAT(regions, SizeIs(1));  // the paged variables are zero
  EXPECT_EQ(regions[0].begin, GetParam().base + 0x100000);
  EXPECT_EQ(regions[0].end, GetParam().base + 0x300000);
  EXPECT_EQ(regions[0].kind, PoolKind::kNonPaged);

  memory_.PutPointer(variables + step, GetParam().base);  // ends before it begins
  EXPECT_THAT(ReadPoolRegions(memory_.Space(), block_), IsEmpty());
  memory_.PutPointer(variables, VirtAddr{0x1000}).PutPointer(variables + step, VirtAddr{0x2000});  // user half
  EXPECT_THAT(ReadPoolRegions(memory_.Space(), block_), IsEmpty());
  EXPECT_THAT(ReadPoolRegions(memory_.Space(), DebuggerBlock{}), IsEmpty());
}

}  // namespace
}  // namespace poolblame
