// Who tells the build number, and who is believed where several do.
#include "parser/kernel/build_sources.h"

#include <gtest/gtest.h>

#include <string_view>

#include "tests/kernel/fake_memory.h"
#include "tests/kernel/hand_made_driver.h"

namespace poolblame {
namespace {

struct Told {
  std::optional<std::uint32_t> build;
  BuildSource source;

  friend bool operator==(const Told&, const Told&) = default;
};
constexpr Told kNothing{std::nullopt, BuildSource::kNobody};

Told TakeFrom(const AddressSpace& space, const std::optional<DebuggerBlock>& block = {},
              std::optional<VirtAddr> kernel = {}) {
  System system;
  system.kernel_image_base = kernel;
  TakeBuild(space, block, system);
  EXPECT_EQ(system.os, WindowsName(system.build));
  return {system.build, system.build_source};
}

/// The shared page of Windows 10, build 19045.
FakeMemory SharedPage(Machine machine) {
  const VirtAddr at{machine == Machine::kX86 ? 0xFFDF0000 : 0xFFFFF78000000000};
  FakeMemory memory(machine, at, 1);
  memory.PutBytes(at + 0x30, {'C', 0, ':', 0, '\\', 0}).Put(at + 0x260, 0xF0004A65, 4);
  memory.Put(at + 0x26C, 10, 4);
  return memory;
}

constexpr VirtAddr kBareKernel{0xFFFFF80002A00000};

/// A kernel whose version resource lies behind its imports: one entry a level.
FakeMemory KernelWithVersion(std::uint32_t build) {
  FakeMemory memory(Machine::kX64, kBareKernel, 5);
  const HandMadeDriver kernel(memory, kBareKernel, "ntoskrnl.exe");
  constexpr std::uint64_t kAt = 0x4800;
  memory.Put(kBareKernel + 0x80 + 0x50, 0x5000, 4);                                        // SizeOfImage
  memory.Put(kBareKernel + 0x98 + 0x80, kAt, 4).Put(kBareKernel + 0x98 + 0x84, 0x200, 4);  // directory 2
  const VirtAddr tree = kBareKernel + kAt;
  memory.Put(tree + 0x0E, 2, 2);
  memory.Put(tree + 0x10, 3, 4).Put(tree + 0x14, 0x80000100, 4);  // icons are passed by
  memory.Put(tree + 0x18, 16, 4).Put(tree + 0x1C, 0x80000020, 4);
  memory.Put(tree + 0x20 + 0x0E, 1, 2).Put(tree + 0x30, 1, 4).Put(tree + 0x34, 0x80000038, 4);
  memory.Put(tree + 0x38 + 0x0E, 1, 2).Put(tree + 0x48, 0x409, 4).Put(tree + 0x4C, 0x50, 4);
  memory.Put(tree + 0x50, kAt + 0x80, 4).Put(tree + 0x54, 0x5C, 4);
  memory.Put(tree + 0x80 + 0x28, 0xFEEF04BD, 4).Put(tree + 0x80 + 0x34, std::uint64_t{build} << 16 | 17514, 4);
  return memory;
}

/// A debugger block whose NtBuildLab is on the kernel's first page.
DebuggerBlock BlockWithLab(FakeMemory& memory, std::string_view lab) {
  for (std::size_t i = 0; i < lab.size(); ++i)
    memory.Put(kBareKernel + 0x900 + i, static_cast<std::uint8_t>(lab[i]), 1);
  DebuggerBlock block{};
  block.NtBuildLab = Le64{(kBareKernel + 0x900).value};
  return block;
}

TEST(BuildSources, TheOptionIsBelievedFirst) {
  FakeMemory memory = SharedPage(Machine::kX64);
  EXPECT_EQ(TakeFrom(memory.Space(22621)), (Told{22621, BuildSource::kOption}));
}

TEST(BuildSources, SharedDataTellsItFromWindows10On) {
  for (const Machine machine : {Machine::kX64, Machine::kX86}) {
    FakeMemory memory = SharedPage(machine);
    EXPECT_EQ(TakeFrom(memory.Space()), (Told{19045, BuildSource::kSharedData}));
    const VirtAddr at{machine == Machine::kX86 ? 0xFFDF0000 : 0xFFFFF78000000000};
    EXPECT_EQ(TakeFrom(memory.Put(at + 0x26C, 6, 4).Space()), kNothing) << "the word means something else";
    EXPECT_EQ(TakeFrom(memory.Put(at + 0x26C, 10, 4).Put(at + 0x32, 'x', 2).Space()), kNothing) << "no shared page";
    EXPECT_EQ(TakeFrom(memory.Put(at + 0x32, ':', 2).Put(at + 0x260, 0xF0000100, 4).Space()), kNothing) << "too low";
  }
}

TEST(BuildSources, TheKernelsVersionResourceTellsIt) {
  FakeMemory memory = KernelWithVersion(7601);
  EXPECT_EQ(TakeFrom(memory.Space(), {}, kBareKernel), (Told{7601, BuildSource::kVersionResource}));
  EXPECT_EQ(TakeFrom(memory.Space()), kNothing) << "where the kernel is not known";
}

TEST(BuildSources, ABrokenResourceTellsNothing) {
  const struct {
    std::uint64_t offset, value;
    const char* what;
  } cases[] = {{0x0E, 1, "no version among the types"}, {0x1C, 0x20, "a row where a level must be"},
               {0x1C, 0x80000200, "outside the tree"},  {0x4C, 0x80000050, "a level where the row must be"},
               {0x50, 0x5000, "outside the image"},     {0xA8, 0xFEEF04BC, "signature"}};
  for (const auto& test : cases) {
    FakeMemory memory = KernelWithVersion(7601);
    memory.Put(kBareKernel + 0x4800 + test.offset, test.value, test.offset == 0x0E ? 2 : 4);
    EXPECT_EQ(TakeFrom(memory.Space(), {}, kBareKernel), kNothing) << test.what;
  }
}

TEST(BuildSources, TheDebuggerBlockIsBelievedBeforeTheResource) {
  FakeMemory memory = KernelWithVersion(7600);
  const DebuggerBlock block = BlockWithLab(memory, "7601.17514.amd64fre");
  EXPECT_EQ(TakeFrom(memory.Space(), block, kBareKernel), (Told{7601, BuildSource::kDebuggerBlock}));
  const DebuggerBlock silent = BlockWithLab(memory, "no build at all....");
  EXPECT_EQ(TakeFrom(memory.Space(), silent, kBareKernel), (Told{7600, BuildSource::kVersionResource}));
}

TEST(BuildSources, WhatIsKnownIsNotAskedAgain) {
  FakeMemory memory = SharedPage(Machine::kX64);
  const AddressSpace& space = memory.Space();
  System system;
  system.build = 7601;
  system.build_source = BuildSource::kHeader;
  TakeBuild(space, std::nullopt, system);
  EXPECT_EQ(system.build, 7601u);
  EXPECT_EQ(system.build_source, BuildSource::kHeader);
}

}  // namespace
}  // namespace poolblame
