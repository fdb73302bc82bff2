// Every case is code as compilers write it, typed by hand: bytes and, beside them, the instructions they are.
#include "pooltag/driver_code.h"

#include <gmock/gmock.h>

#include "tests/kernel/hand_made_driver.h"

namespace poolblame {
namespace {

using ::testing::SizeIs;

constexpr VirtAddr kBase{0xFFFFF80100000000};
constexpr VirtAddr kBase32{0x8B000000};
const PoolTag kTag = PoolTag::FromText("Hand");

/// A driver whose first two imports are the allocator and the free, and a machine that has only it.
class OneDriver {
 public:
  explicit OneDriver(Machine machine)
      : base_(machine == Machine::kX86 ? kBase32 : kBase),
        memory_(machine, base_, 8),
        driver_(memory_, base_, "hand.sys") {
    driver_.Import({"ExAllocatePoolWithTag", "ExFreePoolWithTag", "KeBugCheckEx", "ExInitializeNPagedLookasideList"});
    // Some sound instructions in front, as any function has before it allocates.
    for (std::uint64_t i = 0; i < 0x100; ++i) memory_.Put(driver_.code(i), 0x90, 1);
  }

  /// Puts the bytes down; a negative number -n stands for the four bytes that call or load through import slot n - 1.
  OneDriver& Code(std::initializer_list<int> bytes) {
    for (const int byte : bytes) {
      if (byte < 0) {
        const VirtAddr slot = driver_.slot(static_cast<std::size_t>(-byte - 1));
        Put32(memory_.is_32bit() ? slot.value : slot - (at_ + 4));
      } else {
        memory_.Put(at_, static_cast<std::uint64_t>(byte), 1);
        at_ = at_ + 1;
      }
    }
    return *this;
  }
  OneDriver& Tag() { return Put32(kTag.value), *this; }
  OneDriver& To(VirtAddr place) { return Put32(memory_.is_32bit() ? place.value : place - (at_ + 4)), *this; }

  DriverTagUses Search() {
    System system;
    system.machine = memory_.is_32bit() ? Machine::kX86 : Machine::kX64;
    Module kernel;
    kernel.name = "ntoskrnl.exe";
    kernel.base = base_ + 0x1000000;
    kernel.size = 0x1000;
    system.modules = {kernel, driver_.module()};
    const CodeSearch search = SearchDriverCode(memory_.Space(), system, {kTag});
    const auto& uses = search.uses.at(kTag);
    return uses.empty() ? DriverTagUses{} : uses.front();
  }

  FakeMemory& memory() { return memory_; }
  HandMadeDriver& driver() { return driver_; }

 private:
  void Put32(std::uint64_t value) {
    memory_.Put(at_, value, 4);
    at_ = at_ + 4;
  }

  VirtAddr base_;
  FakeMemory memory_;
  HandMadeDriver driver_;
  VirtAddr at_ = driver_.code(0x100);
};

void ExpectCall(OneDriver& one, std::string_view routine, unsigned argument) {
  const DriverTagUses uses = one.Search();
  ASSERT_THAT(uses.sites, SizeIs(1));
  EXPECT_EQ(uses.sites[0].use, TagUse::kCall);
  ASSERT_NE(uses.sites[0].routine, nullptr);
  EXPECT_EQ(uses.sites[0].routine->name, routine);
  EXPECT_EQ(uses.sites[0].argument, argument);
}

TEST(DriverCode64, TheThirdArgumentOfTheAllocator) {
  OneDriver one(Machine::kX64);
  one.Code({0x33, 0xC9, 0xBA, 0x48, 0x00, 0x00, 0x00, 0x41, 0xB8}).Tag();  // xor ecx, ecx; mov edx, 48h; mov r8d, tag
  one.Code({0xFF, 0x15, -1, 0x48, 0x85, 0xC0, 0xC3});  // call [ExAllocatePoolWithTag]; test rax, rax
  ExpectCall(one, "ExAllocatePoolWithTag", 3);
  EXPECT_EQ(one.Search().sites[0].address, one.driver().code(0x107));
}

TEST(DriverCode64, TheSecondOfTheFreeBehindOtherInstructions) {
  OneDriver one(Machine::kX64);
  one.Code({0xBA}).Tag().Code({0x48, 0x8B, 0xCB, 0x48, 0x83, 0x63, 0x10, 0x00});  // mov edx, tag; mov rcx, rbx; and ..
  one.Code({0x48, 0xFF, 0x15, -2, 0x0F, 0x1F, 0x44, 0x00, 0x00, 0xC3});           // rex.W call [..]; nop
  ExpectCall(one, "ExFreePoolWithTag", 2);
}

TEST(DriverCode64, ARegisterThatCallsKeepCarriesItOn) {
  OneDriver one(Machine::kX64);
  one.Code({0xBB}).Tag().Code({0xFF, 0x15, -3});                               // mov ebx, tag; call [KeBugCheckEx]
  one.Code({0x44, 0x8B, 0xC3, 0x8B, 0xD7, 0x33, 0xC9, 0xFF, 0x15, -1, 0xC3});  // mov r8d, ebx; ..; call
  ExpectCall(one, "ExAllocatePoolWithTag", 3);
}

TEST(DriverCode64, TheSixthArgumentLiesOnTheStack) {
  OneDriver one(Machine::kX64);
  one.Code({0x66, 0x89, 0x74, 0x24, 0x30, 0xC7, 0x44, 0x24, 0x28}).Tag();  // mov [rsp+30h], si; mov [rsp+28h], tag
  one.Code({0x48, 0xC7, 0x44, 0x24, 0x20, 0x80, 0x00, 0x00, 0x00});        // mov qword [rsp+20h], 80h
  one.Code({0x45, 0x33, 0xC9, 0x45, 0x33, 0xC0, 0x33, 0xD2, 0xFF, 0x15, -4, 0xC3});
  ExpectCall(one, "ExInitializeNPagedLookasideList", 6);
}

TEST(DriverCode64, ThroughARegisterAndThroughAThunk) {
  OneDriver loaded(Machine::kX64);
  loaded.Code({0x41, 0xB8}).Tag().Code({0x48, 0x8B, 0x05, -1, 0xFF, 0xD0, 0xC3});  // mov rax, [..]; call rax
  ExpectCall(loaded, "ExAllocatePoolWithTag", 3);
  OneDriver thunk(Machine::kX64);
  thunk.Code({0x41, 0xB8}).Tag().Code({0xE8}).To(thunk.driver().code(0x200)).Code({0xC3});  // call thunk
  for (int i = 0; i < 0x200 - 0x10C; ++i) thunk.Code({0xCC});
  thunk.Code({0xFF, 0x25, -1});  // jmp [..]
  ExpectCall(thunk, "ExAllocatePoolWithTag", 3);
  OneDriver tail(Machine::kX64);
  tail.Code({0xBA}).Tag().Code({0x48, 0x83, 0xC4, 0x28, 0x48, 0xFF, 0x25, -2});  // add rsp, 28h; jmp [..]
  ExpectCall(tail, "ExFreePoolWithTag", 2);
}

TEST(DriverCode64, ARoutineThatWasLoadedBeforeTheTag) {
  OneDriver one(Machine::kX64);
  one.Code({0x48, 0x8B, 0x35, -2, 0x33, 0xC0, 0xFF, 0x15, -3});                   // mov rsi, [ExFreePoolWithTag]; ..
  one.Code({0xBA}).Tag().Code({0x48, 0x8B, 0xCB, 0xFF, 0xD6, 0x75, 0xF0, 0xC3});  // mov edx, tag; ..; call rsi; jne
  ExpectCall(one, "ExFreePoolWithTag", 2);
}

TEST(DriverCode64, AWrapperIsLookedIntoWhetherCalledOrJumpedTo) {
  for (const int opcode : {0xE8, 0xE9}) {
    OneDriver one(Machine::kX64);
    one.Code({0xB9, 0x48, 0x00, 0x00, 0x00, 0xBA}).Tag().Code({opcode}).To(one.driver().code(0x400)).Code({0xC3});
    for (int i = 0x100 + 16; i < 0x400; ++i) one.Code({0xCC});
    one.Code({0x44, 0x8B, 0xC2, 0x8B, 0xD1, 0x33, 0xC9, 0x48, 0xFF, 0x25, -1});  // mov r8d, edx; ..; jmp [..]
    ExpectCall(one, "ExAllocatePoolWithTag", 3);
  }
}

TEST(DriverCode64, ASlotWithoutANameIsKnownByWhereItLeads) {
  FakeMemory memory(Machine::kX64, kBase, 32);
  HandMadeDriver kernel(memory, kBase, "ntkrnlmp.exe");
  kernel.Export("ExAllocatePool2", kernel.code(0x40));
  HandMadeDriver driver(memory, kBase + 0x10000, "hand.sys");
  memory.PutPointer(driver.slot(5), kernel.code(0x40));
  for (std::uint64_t i = 0; i < 0x100; ++i) memory.Put(driver.code(i), 0x90, 1);
  const VirtAddr at = driver.code(0x100);
  memory.PutBytes(at, {0x41, 0xB8}).Put(at + 2, kTag.value, 4).PutBytes(at + 6, {0xFF, 0x15});
  memory.Put(at + 8, driver.slot(5) - (at + 12), 4).PutBytes(at + 12, {0xC3});
  System system;
  system.kernel_image_base = kBase;
  system.modules = {kernel.module(), driver.module()};
  const CodeSearch search = SearchDriverCode(memory.Space(), system, {kTag});
  ASSERT_THAT(search.uses.at(kTag), SizeIs(1));
  EXPECT_EQ(search.uses.at(kTag)[0].best(), TagUse::kCall);
  EXPECT_EQ(search.uses.at(kTag)[0].driver, 1U);
}

TEST(DriverCode64, ATagInAGlobalIsAnArgumentOneLoadAway) {
  OneDriver one(Machine::kX64);
  one.memory().Put(one.driver().data(0x40), kTag.value, 4);
  one.Code({0x44, 0x8B, 0x05}).To(one.driver().data(0x40)).Code({0xFF, 0x15, -1, 0xC3});  // mov r8d, [global]; call
  const DriverTagUses uses = one.Search();
  EXPECT_EQ(uses.best(), TagUse::kCall);
  EXPECT_EQ(uses.counts[static_cast<std::size_t>(TagUse::kData)], 1U);
}

TEST(DriverCode64, TheAllocatorsOtherArgumentsAreNotTheTag) {
  OneDriver one(Machine::kX64);
  one.Code({0xBA}).Tag().Code({0x41, 0xB8, 0x41, 0x42, 0x43, 0x44, 0xFF, 0x15, -1, 0xC3});  // mov edx, tag: a size
  EXPECT_EQ(one.Search().best(), TagUse::kImmediate);
}

TEST(DriverCode64, AWrappersArgumentAndAComparison) {
  OneDriver wrapper(Machine::kX64);
  wrapper.Code({0xBA}).Tag().Code({0xE8}).To(wrapper.driver().code(0x10)).Code({0xC3});
  EXPECT_EQ(wrapper.Search().best(), TagUse::kArgument);
  OneDriver comparison(Machine::kX64);
  comparison.Code({0x81, 0x3B}).Tag().Code({0x75, 0x02, 0xFF, 0x15, -1, 0xC3});  // cmp dword [rbx], tag
  EXPECT_EQ(comparison.Search().best(), TagUse::kImmediate);
}

TEST(DriverCode64, ADistanceThatReadsLikeATagIsChance) {
  OneDriver one(Machine::kX64);
  one.Code({0x48, 0x8D, 0x0D}).Tag().Code({0xFF, 0x15, -1, 0xC3});  // lea rcx, [rip + ..]
  const DriverTagUses uses = one.Search();
  EXPECT_THAT(uses.sites, SizeIs(0));
  EXPECT_EQ(uses.counts[static_cast<std::size_t>(TagUse::kChance)], 1U);
}

TEST(DriverCode32, ThePushesBehindItCountTheArgument) {
  OneDriver one(Machine::kX86);
  one.Code({0x68}).Tag().Code({0x6A, 0x48, 0x6A, 0x00, 0xFF, 0x15, -1, 0xC3});  // push tag; push 48h; push 0; call
  ExpectCall(one, "ExAllocatePoolWithTag", 3);
  OneDriver free(Machine::kX86);
  free.Code({0x68}).Tag().Code({0x56, 0xFF, 0x15, -2, 0xC3});  // push tag; push esi; call
  ExpectCall(free, "ExFreePoolWithTag", 2);
  OneDriver wrong(Machine::kX86);
  wrong.Code({0x68}).Tag().Code({0x56, 0xFF, 0x15, -1, 0xC3});
  EXPECT_NE(wrong.Search().best(), TagUse::kCall);
}

TEST(DriverCode32, StackSlotsRegistersAndGlobals) {
  OneDriver slot(Machine::kX86);
  slot.Code({0x83, 0xEC, 0x0C, 0xC7, 0x44, 0x24, 0x08}).Tag();  // sub esp, 0Ch; mov [esp+8], tag
  slot.Code({0x89, 0x44, 0x24, 0x04, 0x89, 0x0C, 0x24, 0xFF, 0x15, -1, 0xC3});
  ExpectCall(slot, "ExAllocatePoolWithTag", 3);
  OneDriver kept(Machine::kX86);
  kept.Code({0xBE}).Tag().Code({0xFF, 0x15, -3, 0x56, 0x53, 0x6A, 0x00, 0xFF, 0x15, -1, 0xC3});  // mov esi, tag
  ExpectCall(kept, "ExAllocatePoolWithTag", 3);
  OneDriver global(Machine::kX86);
  global.memory().Put(global.driver().data(0x40), kTag.value, 4);
  global.Code({0xFF, 0x35}).To(global.driver().data(0x40)).Code({0x6A, 0x48, 0x6A, 0x00, 0xFF, 0x15, -1, 0xC3});
  EXPECT_EQ(global.Search().best(), TagUse::kCall);
  global.memory().Put(global.driver().data(0x44), PoolTag::FromText("Next").value, 4);  // letters behind it: text?
  EXPECT_EQ(global.Search().best(), TagUse::kCall);
}

/// The same driver with the words of `code` in its code section.
DriverTagUses SearchArm64(const std::vector<std::uint32_t>& code) {
  FakeMemory memory(Machine::kArm64, kBase, 8);
  HandMadeDriver driver(memory, kBase, "hand.sys");
  driver.Import({"ExAllocatePoolWithTag", "ExFreePoolWithTag"});
  memory.Put(kBase + 0x84, 0xAA64, 2);
  for (std::size_t i = 0; i < code.size(); ++i) memory.Put(driver.code(4 * i), code[i], 4);
  System system;
  system.modules = {{"ntoskrnl.exe", "", kBase + 0x1000000, 0x1000, 0, false}, driver.module()};
  const CodeSearch search = SearchDriverCode(memory.Space(), system, {kTag});
  const auto& uses = search.uses.at(kTag);
  return uses.empty() ? DriverTagUses{} : uses.front();
}

// "Hand" is 0x646E6148. The slots lie at the image's 0x3800.
constexpr std::uint32_t kMovzW2 = 0x528C2902, kMovkW2 = 0x72AC8DC2;  // mov w2, #6148h; movk w2, #646Eh, lsl #16
constexpr std::uint32_t kAdrpX8 = 0xD0000008, kLdrX8 = 0xF9440108;   // adrp x8, +2 pages; ldr x8, [x8, #800h]
constexpr std::uint32_t kBlrX8 = 0xD63F0100, kRet = 0xD65F03C0, kMovW1Size = 0x52800901;

TEST(DriverCodeArm64, APairOfMovesAndACallThroughTheTable) {
  const DriverTagUses uses = SearchArm64({kMovzW2, kMovW1Size, kMovkW2, kAdrpX8, kLdrX8, kBlrX8, kRet});
  ASSERT_THAT(uses.sites, SizeIs(1));
  EXPECT_EQ(uses.sites[0].use, TagUse::kCall);
  EXPECT_EQ(uses.sites[0].routine->name, "ExAllocatePoolWithTag");
  EXPECT_EQ(uses.sites[0].address, kBase + 0x1008);
}

TEST(DriverCodeArm64, TheSlotsPageMayBeLoadedBeforeTheTag) {
  EXPECT_EQ(SearchArm64({kAdrpX8, kMovzW2, kMovW1Size, kMovkW2, kLdrX8, kBlrX8, kRet}).best(), TagUse::kCall);
}

TEST(DriverCodeArm64, AKeptRegisterAndAThunk) {
  constexpr std::uint32_t kMovzW19 = 0x528C2913, kMovkW19 = 0x72AC8DD3, kMovW1W19 = 0x2A1303E1;
  constexpr std::uint32_t kBlPlus5 = 0x94000005, kBlPlus3 = 0x94000003;
  constexpr std::uint32_t kAdrpX16 = 0xD0000010, kLdrX16Slot1 = 0xF9440610, kBrX16 = 0xD61F0200;
  const DriverTagUses uses = SearchArm64({kMovzW19, kMovkW19, kBlPlus5, kMovW1W19, kBlPlus3, kRet, kRet,  //
                                          kAdrpX16, kLdrX16Slot1, kBrX16});
  EXPECT_EQ(uses.best(), TagUse::kCall);
  EXPECT_EQ(uses.sites[0].routine->name, "ExFreePoolWithTag");
}

TEST(DriverCodeArm64, OtherArgumentsAndHalvesOfTwoRegistersAreNoCall) {
  constexpr std::uint32_t kMovzW0 = 0x528C2900, kMovkW0 = 0x72AC8DC0;
  EXPECT_EQ(SearchArm64({kMovzW0, kMovkW0, kAdrpX8, kLdrX8, kBlrX8, kRet}).best(), TagUse::kImmediate);
  EXPECT_THAT(SearchArm64({kMovzW0, kMovkW2, kAdrpX8, kLdrX8, kBlrX8, kRet}).sites, SizeIs(0));
}

TEST(DriverCode, DataIsAlignedAndStandsAlone) {
  OneDriver one(Machine::kX64);
  const auto put = [&](std::uint64_t at, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i)
      one.memory().Put(one.driver().data(at + i), static_cast<std::uint8_t>(text[i]), 1);
  };
  put(0x10, "Hand");
  put(0x23, "Hand");
  put(0x40, "LeftHandSide");
  const DriverTagUses uses = one.Search();
  EXPECT_EQ(uses.counts[static_cast<std::size_t>(TagUse::kData)], 1U);
  EXPECT_EQ(uses.counts[static_cast<std::size_t>(TagUse::kChance)], 1U);
  EXPECT_EQ(uses.counts[static_cast<std::size_t>(TagUse::kText)], 1U);
}

TEST(DriverCode, ATagOverAPageBoundaryIsFound) {
  OneDriver one(Machine::kX64);
  for (int i = 0x100; i < 0xFFC; ++i) one.Code({0x90});
  one.Code({0x41, 0xB8}).Tag().Code({0xFF, 0x15, -1, 0xC3});
  ExpectCall(one, "ExAllocatePoolWithTag", 3);
}

TEST(DriverCode, WithoutTheImagesThereIsNoCode) {
  FakeMemory memory(Machine::kX64, kBase, 1);
  System system;
  system.modules.push_back({"gone.sys", "", kBase + 0x100000, 0x5000, 0, false});
  const CodeSearch search = SearchDriverCode(memory.Space(), system, {kTag});
  EXPECT_FALSE(search.has_code());
  EXPECT_THAT(search.drivers, SizeIs(1));
}

}  // namespace
}  // namespace poolblame
