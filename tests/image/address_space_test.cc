// Translation on x86, PAE, x64 and ARM64: every page size, every answer at every level, and transition entries.
#include "parser/image/address_space.h"

#include <gmock/gmock.h>

#include "parser/base/little_endian.h"
#include "tests/image/open.h"

namespace poolblame::testing {
namespace {

constexpr std::uint64_t kLarge = 0x80;
constexpr std::uint64_t kValid = 0x63;
constexpr std::uint64_t kTransition = 0x800;
constexpr std::uint64_t kPrototype = 0x400;

/// An image of one machine whose tables start at page 0x10.
struct Machine1 {
  TableKind kind;
  std::uint64_t kernel;     // an address in its kernel half
  std::vector<int> shifts;  // of its tables, top first
  OpenedImage Open(const PhysicalMemory& memory) const {
    const TestHeader header{.table_base = 0x10000, .pae = kind == TableKind::kPae};
    if (kind == TableKind::kX64) return testing::Open(FullDump64(memory, RunsOf(memory), header));
    return testing::Open(FullDump32(memory, RunsOf(memory), header));
  }
};

const Machine1 kMachines[] = {
    {TableKind::kX86, 0x81234000, {22, 12}},
    {TableKind::kPae, 0x81234000, {30, 21, 12}},
    {TableKind::kX64, 0xFFFFFA8001234000, {39, 30, 21, 12}},
};

Translation TranslateOn(const Machine1& machine, const PhysicalMemory& memory, std::uint64_t address) {
  const OpenedImage opened = machine.Open(memory);
  return AddressSpace(opened.image).Translate(VirtAddr{address});
}

TEST(AddressSpace, SmallPages) {
  for (const Machine1& machine : kMachines) {
    PhysicalMemory memory;
    PageTables tables(memory, machine.kind, 0x10);
    tables.Map(machine.kernel, 0x80).Map(machine.kernel + 0x1000, 0x90);
    memory.Add(0x80, 0xAA).Add(0x90, 0xBB);
    const OpenedImage opened = machine.Open(memory);
    const AddressSpace space(opened.image);
    EXPECT_TRUE(space.can_translate());
    EXPECT_TRUE(space.maps_kernel());
    const Translation found = space.Translate(VirtAddr{machine.kernel + 0x123});
    EXPECT_EQ(found.presence, Presence::kPresent);
    EXPECT_EQ(found.physical, PhysAddr{0x80123});
    EXPECT_EQ(found.mapping_size, 4096u);
    const PageBytes page = space.Page(VirtAddr{machine.kernel + 0x1FFF});
    EXPECT_EQ(page.presence, Presence::kPresent);
    EXPECT_EQ(page.pfn, 0x90u);
    EXPECT_EQ(page.bytes[0], 0xBB);
    std::array<std::uint8_t, 4> across{};
    EXPECT_EQ(space.Read(VirtAddr{machine.kernel + 0xFFE}, across), Presence::kPresent);
    EXPECT_THAT(across, ::testing::ElementsAre(0xAA, 0xAA, 0xBB, 0xBB));
  }
}

TEST(AddressSpace, ThreeAnswersAtEveryLevel) {
  for (const Machine1& machine : kMachines) {
    PhysicalMemory memory;
    PageTables tables(memory, machine.kind, 0x10);
    tables.Map(machine.kernel, 0x80);
    memory.Add(0x80, 0xAA);
    for (const int shift : machine.shifts) {
      PhysicalMemory without_entry = memory;
      without_entry.Write(tables.EntryPlace(machine.kernel, shift), 0, machine.kind == TableKind::kX86 ? 4 : 8);
      EXPECT_EQ(TranslateOn(machine, without_entry, machine.kernel).presence, Presence::kNotPresent) << shift;
      PhysicalMemory without_table = memory;
      without_table.Remove(tables.TableOf(machine.kernel, shift));
      const Translation lost = TranslateOn(machine, without_table, machine.kernel);
      EXPECT_EQ(lost.presence, Presence::kNotInDump) << shift;
      EXPECT_EQ(lost.mapping_size, 0u) << shift;
    }
    PhysicalMemory without_page = memory;
    without_page.Remove(0x80);
    const Translation left_out = TranslateOn(machine, without_page, machine.kernel + 8);
    EXPECT_EQ(left_out.presence, Presence::kNotInDump);
    EXPECT_EQ(left_out.physical, PhysAddr{0x80008});
    EXPECT_EQ(left_out.mapping_size, 4096u);
    EXPECT_EQ(TranslateOn(machine, memory, machine.kernel + 0x1000).presence, Presence::kNotPresent);
  }
}

TEST(AddressSpace, TransitionPagesArePresentAndPrototypesAreNot) {
  for (const Machine1& machine : kMachines) {
    PhysicalMemory memory;
    PageTables tables(memory, machine.kind, 0x10);
    memory.Add(0x80, 0xAA);
    tables.Set(machine.kernel, 12, 0x80000 | kTransition | 0x80);  // bit 7 is protection here, not "large"
    tables.Set(machine.kernel + 0x1000, 12, 0x80000 | kTransition | kPrototype);
    tables.Set(machine.kernel + 0x2000, 12, 0x80000 | 0xE0);  // paged out
    EXPECT_EQ(TranslateOn(machine, memory, machine.kernel).physical, PhysAddr{0x80000});
    EXPECT_EQ(TranslateOn(machine, memory, machine.kernel).presence, Presence::kPresent);
    EXPECT_EQ(TranslateOn(machine, memory, machine.kernel + 0x1000).presence, Presence::kNotPresent);
    EXPECT_EQ(TranslateOn(machine, memory, machine.kernel + 0x2000).presence, Presence::kNotPresent);
    // Above the last level bit 11 means nothing: a large page in transition does not exist.
    const int upper = machine.shifts[machine.shifts.size() - 2];
    tables.Set(machine.kernel, upper, 0x80000 | kTransition);
    EXPECT_EQ(TranslateOn(machine, memory, machine.kernel).presence, Presence::kNotPresent);
  }
}

TEST(AddressSpace, TheDecoyBitOfAnX64TransitionEntryIsMasked) {
  PhysicalMemory memory;
  PageTables tables(memory, TableKind::kX64, 0x10);
  memory.Add(0x80, 0xAA);
  tables.Set(kMachines[2].kernel, 12, std::uint64_t{1} << 45 | 0x80000 | kTransition);
  EXPECT_EQ(TranslateOn(kMachines[2], memory, kMachines[2].kernel).physical, PhysAddr{0x80000});
}

TEST(AddressSpace, LargePages) {
  const struct {
    int machine;
    int shift;
    std::uint64_t entry, address, physical;
  } cases[] = {
      {0, 22, 0x00400000 | kValid | kLarge, 0x81345678, 0x745678},
      {0, 22, 0x00400000 | kValid | kLarge | 0x1000, 0x81345678, 0x745678},     // bit 12 is PAT
      {0, 22, 0x00400000 | kValid | kLarge | 0x2000, 0x81345678, 0x100745678},  // PSE-36: bit 13 is bit 32
      {1, 21, 0x00600000 | kValid | kLarge | 0x1000, 0x81345678, 0x745678},
      {2, 21, 0x00600000 | kValid | kLarge | 0x1000, 0xFFFFFA8001345678, 0x745678},
      {2, 30, 0x80000000 | kValid | kLarge | 0x1000, 0xFFFFFA8001345678, 0x81345678},
      {2, 21, 0x8000000000600000 | kValid | kLarge, 0xFFFFFA8001345678, 0x745678},  // no-execute is no address
  };
  for (const auto& test : cases) {
    PhysicalMemory memory;
    PageTables tables(memory, kMachines[test.machine].kind, 0x10);
    tables.Set(test.address, test.shift, test.entry);
    memory.Add(test.physical / 4096, 0xEE);
    const Translation found = TranslateOn(kMachines[test.machine], memory, test.address);
    EXPECT_EQ(found.physical, PhysAddr{test.physical}) << std::hex << test.entry;
    EXPECT_EQ(found.presence, test.physical < 0x100000000 ? Presence::kPresent : found.presence);
    EXPECT_EQ(found.mapping_size, std::uint64_t{1} << test.shift);
  }
}

/// Of ARM64, `entry` in the table of `1 << shift` bytes for an address of the kernel.
Translation TranslateOnArm64(int shift, std::uint64_t entry) {
  constexpr std::uint64_t kAddress = 0xFFFFFA8001345678;
  PhysicalMemory memory;
  PageTables tables(memory, TableKind::kX64, 0x10);
  tables.Set(kAddress, shift, entry);
  memory.Add(0x645, 0xEE).Add(0x745, 0xEE);
  Bytes file = FullDump64(memory, RunsOf(memory), {.table_base = 0x10000});
  file.U32(0x30, 0xAA64);
  const OpenedImage opened = Open(file);
  return AddressSpace(opened.image).Translate(VirtAddr{kAddress});
}

TEST(AddressSpace, Arm64MarksPagesAndBlocks) {
  constexpr std::uint64_t kPage = 3, kBlock = 1, kAttributes = 0x0060000000000F40;  // user may not execute, accessed
  const Translation page = TranslateOnArm64(12, 0x645000 | kPage | kAttributes);
  EXPECT_EQ(page.presence, Presence::kPresent);
  EXPECT_EQ(page.physical, PhysAddr{0x645678});
  EXPECT_EQ(page.mapping_size, 0x1000u);
  const Translation block = TranslateOnArm64(21, 0x600000 | kBlock | kAttributes);
  EXPECT_EQ(block.physical, PhysAddr{0x745678});
  EXPECT_EQ(block.mapping_size, 0x200000u);
  for (const std::uint64_t reserved : {0x645000 | kBlock, std::uint64_t{0x645802}})  // no page; not valid
    EXPECT_EQ(TranslateOnArm64(12, reserved).presence, Presence::kNotPresent) << std::hex << reserved;
  EXPECT_EQ(TranslateOnArm64(39, 0x8000000000 | kBlock).presence, Presence::kNotPresent) << "no block is that large";
}

TEST(AddressSpace, Arm64DeniesTheKernelExecutionByABitOfItsOwn) {
  constexpr std::uint64_t kNoExecute = std::uint64_t{1} << 53, kOfOthers = std::uint64_t{1} << 63;
  EXPECT_TRUE(TranslateOnArm64(12, 0x645003 | kNoExecute).no_execute);
  EXPECT_FALSE(TranslateOnArm64(12, 0x645003 | kOfOthers).no_execute);
}

TEST(AddressSpace, PaeTablesMayLieInsideAPage) {
  PhysicalMemory memory;
  PageTables tables(memory, TableKind::kPae, 0x10);
  tables.Map(0x81234000, 0x80);
  memory.Add(0x80, 0xAA);
  for (std::uint64_t i = 0; i < 4; ++i) {
    memory.Write(0x20FE0 + i * 8, memory.Read(0x10000 + i * 8, 8), 8);
    memory.Write(0x10000 + i * 8, 0, 8);
  }
  const OpenedImage opened = Open(FullDump32(memory, RunsOf(memory), {.table_base = 0x20FE0, .pae = true}));
  const AddressSpace space(opened.image);
  EXPECT_EQ(space.Translate(VirtAddr{0x81234000}).physical, PhysAddr{0x80000});
  EXPECT_TRUE(space.maps_kernel());
}

TEST(AddressSpace, AddressesThatCannotBeAreNotPresent) {
  for (const Machine1& machine : kMachines) {
    PhysicalMemory memory;
    PageTables tables(memory, machine.kind, 0x10);
    tables.Map(machine.kernel, 0x80);
    memory.Add(0x80, 0xAA);
    const std::uint64_t twin = machine.kind == TableKind::kX64 ? machine.kernel ^ std::uint64_t{1} << 55
                                                               : machine.kernel | std::uint64_t{1} << 32;
    EXPECT_EQ(TranslateOn(machine, memory, twin).presence, Presence::kNotPresent);
  }
}

TEST(AddressSpace, PointersHaveTheMachinesSize) {
  for (const Machine1& machine : kMachines) {
    PhysicalMemory memory;
    PageTables tables(memory, machine.kind, 0x10);
    tables.Map(machine.kernel, 0x80);
    memory.Write(0x80010, 0xFFFFFA8081112222, 8);
    const OpenedImage opened = machine.Open(memory);
    const AddressSpace space(opened.image);
    const bool x64 = machine.kind == TableKind::kX64;
    EXPECT_EQ(space.ReadPointer(VirtAddr{machine.kernel + 0x10}), VirtAddr{x64 ? 0xFFFFFA8081112222 : 0x81112222});
    EXPECT_EQ(space.ReadPointer(VirtAddr{machine.kernel + 0xFFE}), std::nullopt);  // its end is not mapped
    EXPECT_EQ(*space.Read<Le32>(VirtAddr{machine.kernel + 0x10}), 0x81112222u);
    EXPECT_EQ(space.kernel_base(), VirtAddr{x64 ? 0xFFFF800000000000 : 0x80000000});
  }
}

TEST(AddressSpace, TablesThatMapNoKernelPageSaySo) {
  for (const Machine1& machine : kMachines) {
    PhysicalMemory memory;
    PageTables tables(memory, machine.kind, 0x10);
    tables.MapSelf().Map(0x401000, 0x80);  // a user page, and the tables themselves
    memory.Add(0x80, 0xAA);
    const OpenedImage opened = machine.Open(memory);
    const AddressSpace space(opened.image);
    EXPECT_TRUE(space.can_translate());
    EXPECT_FALSE(space.maps_kernel());
    EXPECT_EQ(space.Translate(VirtAddr{0x401000}).presence, Presence::kPresent);
  }
}

TEST(AddressSpace, TablesThatLoopEnd) {
  for (const Machine1& machine : kMachines) {
    PhysicalMemory memory;
    PageTables tables(memory, machine.kind, 0x10);
    tables.Map(machine.kernel, 0x80);
    // The table above the last one leads to itself.
    const int upper = machine.shifts[machine.shifts.size() - 2];
    const std::uint64_t looping = tables.TableOf(machine.kernel, upper);
    tables.Set(machine.kernel, upper, looping * 4096 | kValid);
    const OpenedImage opened = machine.Open(memory);
    const AddressSpace space(opened.image);
    EXPECT_NE(space.Translate(VirtAddr{machine.kernel}).presence, Presence::kNotInDump);
  }
}

}  // namespace
}  // namespace poolblame::testing
