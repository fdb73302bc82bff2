// The whole system read from one image: a triage dump typed by hand, a bare page, hostile bytes.
#include "parser/kernel/system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/kernel/fake_memory.h"
#include "tests/kernel/triage_file.h"

namespace poolblame {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct Case {
  bool is_64bit;
  std::uint64_t kernel, driver;
  const char* os;
};

class TriageSystem : public testing::TestWithParam<Case> {
 protected:
  [[nodiscard]] static TriageFile File() {
    TriageFile file(GetParam().is_64bit);
    file.Driver("\\SystemRoot\\system32\\ntoskrnl.exe", GetParam().kernel, 0x5E0000);
    file.Driver("\\??\\C:\\tools\\myfault.sys", GetParam().driver, 0x8000);
    file.Unloaded("monitor.sys", GetParam().driver + 0x100000, GetParam().driver + 0x10E000);
    file.Unloaded("averylongdrivername.sys", GetParam().driver + 0x200000, GetParam().driver + 0x201000);
    file.DebuggerData(GetParam().is_64bit ? GetParam().kernel : GetParam().kernel | 0xFFFFFFFF00000000);
    return file;
  }
};
INSTANTIATE_TEST_SUITE_P(Machines, TriageSystem,
                         testing::Values(Case{true, 0xFFFFF80002A00000, 0xFFFFF88003000000, "x64"},
                                         Case{false, 0x82A00000, 0x8F000000, "x86"}));

TEST_P(TriageSystem, ModulesComeFromItsTables) {
  TriageFile file = File();
  const Image image = file.Open();
  const System system = ReadSystem(AddressSpace(image));
  EXPECT_STREQ(MachineName(system.machine), GetParam().os);
  EXPECT_EQ(system.build, 7601u);
  EXPECT_EQ(system.os, "Windows 7 / Server 2008 R2");
  ASSERT_THAT(system.modules, SizeIs(4));
  EXPECT_EQ(system.modules[0].name, "ntoskrnl.exe");
  EXPECT_EQ(system.modules[1].path, "\\??\\C:\\tools\\myfault.sys");
  EXPECT_EQ(system.modules[1].name, "myfault.sys");
  EXPECT_EQ(system.modules[1].base, VirtAddr{GetParam().driver});
  EXPECT_EQ(system.modules[1].size, 0x8000u);
  EXPECT_EQ(system.modules[1].timestamp, 0x4CE7951Au);
  EXPECT_EQ(system.modules[2].name, "monitor.sys");
  EXPECT_TRUE(system.modules[2].unloaded);
  EXPECT_EQ(system.modules[2].size, 0xE000u);
  EXPECT_EQ(system.modules[3].name, "averylongdri");  // what the dump keeps
  EXPECT_EQ(system.kernel_image_base, VirtAddr{GetParam().kernel});
  EXPECT_THAT(system.notes, IsEmpty());
}

TEST_P(TriageSystem, ModuleAtKnowsLoadedOnesOnly) {
  TriageFile file = File();
  const Image image = file.Open();
  const System system = ReadSystem(AddressSpace(image));
  EXPECT_EQ(system.ModuleAt(VirtAddr{GetParam().driver + 0x7FFF}), &system.modules[1]);
  EXPECT_EQ(system.ModuleAt(VirtAddr{GetParam().driver + 0x8000}), nullptr);
  EXPECT_EQ(system.ModuleAt(VirtAddr{GetParam().driver - 1}), nullptr);
  EXPECT_EQ(system.ModuleAt(VirtAddr{GetParam().driver + 0x100000}), nullptr);  // unloaded
}

TEST_P(TriageSystem, ListHeadInTheKernelImageIsTold) {
  TriageFile file = File();
  file.BugCheck(0x19, {3, GetParam().kernel + 0x18D970, 0x4f4f4f4f, 0x4f4f4f4f});
  const Image image = file.Open();
  const System system = ReadSystem(AddressSpace(image));
  ASSERT_TRUE(system.bugcheck);
  ASSERT_THAT(system.bugcheck->addresses, SizeIs(1));
  EXPECT_EQ(system.bugcheck->addresses[0].use, AddressUse::kListHead);
  EXPECT_EQ(system.bugcheck->addresses[0].role, "list head");
}

TEST_P(TriageSystem, ListEntryInPoolStaysAnEntry) {
  TriageFile file = File();
  file.BugCheck(0x19, {3, GetParam().driver + 0x5000000, 0x4f4f4f4f, 0x4f4f4f4f});
  const Image image = file.Open();
  EXPECT_EQ(ReadSystem(AddressSpace(image)).bugcheck.value().addresses.at(0).use, AddressUse::kListEntry);
}

TEST_P(TriageSystem, WhatIsMissingIsANote) {
  TriageFile file(GetParam().is_64bit);
  const Image image = file.Open();
  const System system = ReadSystem(AddressSpace(image));
  EXPECT_THAT(system.modules, IsEmpty());
  EXPECT_FALSE(system.kernel_image_base);
  EXPECT_FALSE(system.bugcheck);
  EXPECT_THAT(system.notes, Contains(HasSubstr("no list of loaded modules")));
}

TEST_P(TriageSystem, DamagedCopyOfTheDebuggerBlockIsANote) {
  TriageFile file = File();
  file.Put(0x2810, 0x21212121, 4);
  const Image image = file.Open();
  const System system = ReadSystem(AddressSpace(image));
  EXPECT_THAT(system.notes, ElementsAre(HasSubstr("debugger data block")));
  EXPECT_EQ(system.kernel_image_base, VirtAddr{GetParam().kernel});  // from the first module instead
}

// Bytes of the tables replaced at random: whatever is read, every module is a driver that could be.
TEST_P(TriageSystem, HostileTables) {
  std::mt19937 random(11);
  for (int round = 0; round < 3000; ++round) {
    TriageFile file = File();
    file.BugCheck(0x19, {3, GetParam().kernel + 0x18D970, 1, 1});
    for (int i = 0; i < 40; ++i) {
      const std::size_t at = file.Block() + random() % (file.bytes().size() - file.Block());
      file.bytes()[at] = static_cast<std::uint8_t>(random());
    }
    for (int i = 0; i < 4; ++i) file.Put(file.Block() + 4 * (random() % 32), random() >> (random() % 32), 4);
    const auto image = Image::FromBytes({file.bytes().data(), file.bytes().size()}, "t.dmp", {});
    if (!image) continue;
    const AddressSpace space(*image);
    for (const Module& module : ReadSystem(space).modules) {
      ASSERT_GE(module.base, space.kernel_base());
      ASSERT_GT(module.size, 0u);
      for (const char c : module.path + module.name) ASSERT_TRUE(c >= 0x20 && c < 0x7F);
    }
  }
}

TEST(System, BarePagesSayWhatTheyAreAndNoMore) {
  FakeMemory memory(Machine::kX86, VirtAddr{0x85A00000}, 1);
  const System system = ReadSystem(memory.Space(9600));
  EXPECT_EQ(system.os, "Windows 8.1 / Server 2012 R2");
  EXPECT_EQ(system.machine, Machine::kX86);
  EXPECT_THAT(system.modules, IsEmpty());
  EXPECT_THAT(system.pool_regions, IsEmpty());
}

TEST(WindowsName, RangesNotEquality) {
  EXPECT_EQ(WindowsName(std::nullopt), "Windows (unknown version)");
  EXPECT_EQ(WindowsName(0), "Windows (unknown version)");
  EXPECT_EQ(WindowsName(2600), "Windows XP");
  EXPECT_EQ(WindowsName(6002), "Windows Vista / Server 2008");
  EXPECT_EQ(WindowsName(7601), "Windows 7 / Server 2008 R2");
  EXPECT_EQ(WindowsName(19045), "Windows 10 2004 to 22H2");
  EXPECT_EQ(WindowsName(26200), "Windows 11 24H2 or 25H2 / Server 2025");
}

TEST(UsesSegmentHeap, From1903On) {
  EXPECT_FALSE(UsesSegmentHeap(std::nullopt));
  EXPECT_FALSE(UsesSegmentHeap(17763));
  EXPECT_TRUE(UsesSegmentHeap(18362));
}

TEST(PoolKindName, WordsOfTheReport) {
  EXPECT_STREQ(PoolKindName(PoolKind::kNonPagedNx), "nonpaged-nx");
  EXPECT_STREQ(PoolKindName(PoolKind::kUnknown), "unknown");
}

}  // namespace
}  // namespace poolblame
