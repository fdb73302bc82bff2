// Offsets: KUSER_SHARED_DATA from ntddk.h, resources from "PE Format" and VS_VERSIONINFO's page, the start block from
// what MemProcFS tests of it.
#include "samples/boot_traces.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace poolblame::samples {
namespace {

constexpr std::uint64_t kResourcesAt = 0xB000;   // in the kernel's image, behind all that the image writers put there
constexpr std::uint64_t kResourceDirectory = 2;  // IMAGE_DIRECTORY_ENTRY_RESOURCE

struct Version {
  std::uint32_t first_build, major, minor;
};
constexpr std::array kVersions = {Version{10240, 10, 0}, Version{9600, 6, 3}, Version{9200, 6, 2}, Version{7600, 6, 1},
                                  Version{6000, 6, 0},   Version{3790, 5, 2}, Version{2195, 5, 1}};

const Version& VersionOf(const WindowsProfile& profile) {
  return *std::ranges::find_if(kVersions, [&](const Version& row) { return profile.build >= row.first_build; });
}

void PutWide(Bytes& out, std::size_t at, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) Put16(out, at + 2 * i, static_cast<std::uint8_t>(text[i]));
}

Bytes SharedData(const Recipe& recipe) {
  constexpr std::uint32_t kX86 = 0, kX64 = 9, kArm64 = 12;  // PROCESSOR_ARCHITECTURE
  const Version& version = VersionOf(recipe.profile);
  Bytes page(0x400, 0);
  Put16(page, 0x02C, PeMachine(recipe));
  Put16(page, 0x02E, PeMachine(recipe));
  PutWide(page, 0x030, "C:\\Windows");
  if (version.major >= 10) Put32(page, 0x260, 0xF0000000U | recipe.profile.build);
  Put32(page, 0x264, 1);
  Put8(page, 0x268, 1);
  if (recipe.profile.build >= 9200) Put16(page, 0x26A, recipe.arm64 ? kArm64 : recipe.profile.x64 ? kX64 : kX86);
  Put32(page, 0x26C, version.major);
  Put32(page, 0x270, version.minor);
  return page;
}

/// Type, name and language, one entry each, the row of the resource, VS_VERSIONINFO.
Bytes VersionResource(const WindowsProfile& profile) {
  constexpr std::uint32_t kDirectory = 0x80000000, kDataAt = 0x60;
  const Version& version = VersionOf(profile);
  Bytes page(0x100, 0);
  const auto level = [&](std::size_t at, std::uint32_t id, std::uint32_t next) {
    Put16(page, at + 0x0E, 1);
    Put32(page, at + 0x10, id);
    Put32(page, at + 0x14, next);
  };
  level(0x00, 16, kDirectory | 0x18);
  level(0x18, 1, kDirectory | 0x30);
  level(0x30, 0x409, 0x48);
  Put32(page, 0x48, kResourcesAt + kDataAt);
  Put32(page, 0x4C, 0x5C);
  Put16(page, kDataAt, 0x5C);
  Put16(page, kDataAt + 2, 0x34);
  PutWide(page, kDataAt + 6, "VS_VERSION_INFO");
  Put32(page, kDataAt + 0x28, 0xFEEF04BD);
  Put32(page, kDataAt + 0x2C, 0x10000);
  Put32(page, kDataAt + 0x30, version.major << 16 | version.minor);
  Put32(page, kDataAt + 0x34, profile.build << 16 | 1);
  return page;
}

}  // namespace

void WriteBootTraces(Machine& machine) {
  KernelMemory& memory = machine.memory();
  const bool x64 = machine.profile().x64;
  const std::uint64_t shared = x64 ? 0xFFFFF78000000000 : 0xFFDF0000, kernel = machine.layout().nt_base;
  if (memory.MapNew(shared)) memory.Write(shared, SharedData(machine.recipe()));
  if (!memory.Mapped(kernel) || !memory.MapNew(kernel + kResourcesAt)) return;
  const std::uint64_t directory = kernel + 0x98 + (x64 ? 0x70 : 0x60) + kResourceDirectory * 8;
  memory.Write32(directory, kResourcesAt);
  memory.Write32(directory + 4, 0x100);
  memory.Write(kernel + kResourcesAt, VersionResource(machine.profile()));
}

void WriteStartBlock(Machine& machine, std::uint64_t cr3) {
  constexpr std::uint64_t kEndOfLowMemory = 0x100;  // pages
  if (!machine.profile().x64 || machine.recipe().arm64) return;
  std::uint8_t* page = machine.memory().Frame(machine.memory().TakeFrameBelow(kEndOfLowMemory));
  if (page == nullptr) return;
  Store(page, std::uint64_t{0x00000001000654E9});  // jmp, and words that never differ
  Store(page + 0x70, machine.layout().nt_base + 0x1000);
  Store(page + 0xA0, cr3);
}

}  // namespace poolblame::samples
