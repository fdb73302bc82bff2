// nt!ExPoolState written by hand: two heaps known from their segments lead to it, and nothing else is taken for it.
#include "parser/pool/pool_state.h"

#include <gtest/gtest.h>

#include "tests/kernel/fake_memory.h"

namespace poolblame {
namespace {

constexpr VirtAddr kKernel{0xFFFFF80012000000};
constexpr std::uint64_t kKernelBytes = 0x8000;
constexpr VirtAddr kState = kKernel + 0x1040;
constexpr VirtAddr kGlobals = kKernel + 0x100;
constexpr VirtAddr kFailure = kKernel + 0x400;
constexpr VirtAddr kFirstHeap = kKernel + kKernelBytes;  // one heap a page

class PoolStateTest : public ::testing::Test {
 protected:
  PoolStateTest() : memory_(Machine::kX64, kKernel, 16) {
    system_.modules.push_back({"ntoskrnl.exe", "", kKernel, kKernelBytes, 0, false});
    for (std::uint32_t i = 0; i < 3; ++i) PutHeap(Heap(i));
    memory_.PutPointer(kState, kGlobals);
    memory_.Put(kState + 0x38D0, 1, 4);
    for (std::uint32_t i = 0; i < 3; ++i) memory_.PutPointer(kState + 0x3900 + 8 * i, Heap(i));
    memory_.Put(kGlobals, 0x1122334455667788, 8).Put(kGlobals + 8, 0x99AABBCCDDEEFF00, 8);
    memory_.PutPointer(kGlobals + 0x10, kFailure);
  }
  static VirtAddr Heap(std::uint32_t i) { return kFirstHeap + i * kPageSize; }
  void PutHeap(VirtAddr heap) {
    memory_.Put(heap + 0x10, 0xDDEEDDEE, 4);
    memory_.PutPointer(heap + 0x100 + 0x38, heap).PutPointer(heap + 0x1C0 + 0x38, heap);
  }
  std::optional<PoolState> Find(const std::vector<VirtAddr>& heaps) {
    return FindPoolState(memory_.Space(19041), system_, *FindSegmentHeapLayout(19041), heaps);
  }

  FakeMemory memory_;
  System system_;
};

TEST_F(PoolStateTest, OneHeapLeadsToTheKeysAndTheOtherHeaps) {
  const auto state = Find({Heap(1)});
  ASSERT_TRUE(state);
  EXPECT_EQ(state->address, kState);
  EXPECT_EQ(state->heap_key, 0x1122334455667788U);
  EXPECT_EQ(state->lfh_key, 0x99AABBCCDDEEFF00U);
  EXPECT_EQ(state->KindOf(Heap(0)), PoolKind::kNonPaged);
  EXPECT_EQ(state->KindOf(Heap(1)), PoolKind::kNonPagedNx);
  EXPECT_EQ(state->KindOf(Heap(2)), PoolKind::kPaged);
  EXPECT_EQ(state->KindOf(Heap(3)), PoolKind::kUnknown);
  EXPECT_FALSE(state->failure);
}

TEST_F(PoolStateTest, TheFailureIsReadWhereOneIsWrittenDown) {
  memory_.Put(kFailure + 8, 0x12, 4).PutPointer(kFailure + 0x10, Heap(2)).Put(kFailure + 0x18, 0xFFFF800000001230, 8);
  memory_.Put(kFailure + 0x20, 7, 8).Put(kFailure + 0x38, 0xFFFF800000001000, 8);
  const auto state = Find({Heap(0), Heap(2)});
  ASSERT_TRUE(state && state->failure);
  EXPECT_EQ(state->failure->type, 0x12U);
  EXPECT_EQ(state->failure->heap, Heap(2));
  EXPECT_EQ(state->failure->address.value, 0xFFFF800000001230U);
  EXPECT_EQ(state->failure->parameters[0], 7U);
  EXPECT_EQ(state->failure->previous.value, 0xFFFF800000001000U);
}

TEST_F(PoolStateTest, AHeapThatDoesNotNameItselfMakesNoState) {
  memory_.PutPointer(Heap(0) + 0x100 + 0x38, Heap(1));
  EXPECT_FALSE(Find({Heap(1)}));
}

TEST_F(PoolStateTest, AListOfOneHeapTwiceMakesNoState) {
  memory_.PutPointer(kState + 0x3900, Heap(1));
  EXPECT_FALSE(Find({Heap(1)}));
}

TEST_F(PoolStateTest, NothingIsLookedForWithoutHeapsOrKernel) {
  EXPECT_FALSE(Find({}));
  system_.modules.clear();
  EXPECT_FALSE(Find({Heap(1)}));
}

TEST_F(PoolStateTest, AContextLeadsToItsHeap) {
  const SegmentHeapLayout& layout = *FindSegmentHeapLayout(19041);
  const AddressSpace& space = memory_.Space(19041);
  EXPECT_EQ(HeapOfContext(space, layout, Heap(1) + 0x100), Heap(1));
  EXPECT_EQ(HeapOfContext(space, layout, Heap(1) + 0x1C0), Heap(1));
  EXPECT_FALSE(HeapOfContext(space, layout, Heap(1) + 0x140));
}

}  // namespace
}  // namespace poolblame
