#include <array>
#include <cstdio>
#include <set>

#include "parser/base/little_endian.h"
#include "parser/format/loader_entry.h"
#include "parser/format/pe_image.h"
#include "parser/kernel/module_name.h"
#include "parser/kernel/modules.h"
#include "parser/kernel/nt_headers.h"

namespace poolblame {
namespace {

constexpr std::size_t kMaxModules = 1024;                         // seen: 300; a longer list is a loop or garbage
constexpr std::uint64_t kMaxModuleSize = std::uint64_t{1} << 30;  // the largest seen (a display driver) has 73 MiB

std::optional<Module> ReadEntry(const AddressSpace& space, VirtAddr entry, const LoaderEntryLayout& layout,
                                std::optional<std::uint32_t> build) {
  const auto base = space.ReadPointer(entry + layout.dll_base);
  const auto size = space.Read<Le32>(entry + layout.size_of_image);
  if (!base || !size || !PlausibleModule(space, *base, *size)) return std::nullopt;
  Module module;
  module.base = *base;
  module.size = *size;
  module.path = ReadUnicodeString(space, entry + layout.full_name, layout.string);
  module.name = ReadUnicodeString(space, entry + layout.base_name, layout.string);
  if (module.name.empty()) module.name = LastComponent(module.path);
  if (module.name.empty()) module.name = UnknownModuleName(*base);
  module.timestamp = PeTimestamp(space, *base);
  if (module.timestamp == 0 && build && *build < kFirstBuildWithoutEntryTimestamp) {
    if (const auto stamp = space.Read<Le32>(entry + layout.timestamp)) module.timestamp = *stamp;
  }
  return module;
}

std::string Stopped(std::size_t count, const char* why) {
  return "the list of loaded modules was left after " + std::to_string(count) + " entries: " + why;
}

}  // namespace

std::string UnknownModuleName(VirtAddr base) {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "Unknown_Module_%llx", static_cast<unsigned long long>(base.value));
  return name.data();
}

bool PlausibleModule(const AddressSpace& space, VirtAddr base, std::uint64_t size) {
  return base >= space.kernel_base() && base.page_offset() == 0 && size != 0 && size <= kMaxModuleSize &&
         size <= ~base.value;
}

std::uint32_t PeTimestamp(const AddressSpace& space, VirtAddr base) {
  const auto headers = FindNtHeaders(space, base);
  const auto timestamp = headers ? space.Read<Le32>(*headers + offsetof(ImageNtHeaders, TimeDateStamp)) : std::nullopt;
  return timestamp ? std::uint32_t{*timestamp} : 0;
}

std::vector<Module> ReadLoadedModules(const AddressSpace& space, VirtAddr head, std::optional<std::uint32_t> build,
                                      std::vector<std::string>& notes) {
  std::vector<Module> modules;
  const LoaderEntryLayout& layout = PointerSize(space.machine()) == 4 ? kLoaderEntry32 : kLoaderEntry64;
  std::set<VirtAddr> seen;
  std::optional<VirtAddr> entry = space.ReadPointer(head);
  if (!entry) {
    notes.emplace_back("the head of the list of loaded modules is not in the image");
    return modules;
  }
  while (*entry != head) {
    if (seen.size() >= kMaxModules || !seen.insert(*entry).second) {
      notes.push_back(Stopped(seen.size(), "it does not come back to its head"));
      break;
    }
    if (auto module = ReadEntry(space, *entry, layout, build)) modules.push_back(std::move(*module));
    entry = space.ReadPointer(*entry);
    if (!entry) {
      notes.push_back(Stopped(seen.size(), "the next one is not in the image"));
      break;
    }
  }
  return modules;
}

}  // namespace poolblame
