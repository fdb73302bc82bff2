#include "parser/kernel/mapped_drivers.h"

#include <algorithm>
#include <optional>

#include "parser/format/pe_image.h"
#include "parser/image/reverse_map.h"
#include "parser/kernel/driver_image.h"
#include "parser/kernel/module_name.h"
#include "parser/kernel/modules.h"
#include "parser/kernel/nt_headers.h"

namespace poolblame {
namespace {

constexpr std::size_t kMostHeaders = 65536;  // pages that begin like an image, programs' and stale ones too
constexpr std::size_t kMostDrivers = 1024;   // as of the list of loaded ones

std::vector<Pfn> PagesThatBeginAnImage(const PageMap& pages) {
  std::vector<Pfn> found;
  pages.ForEachStoredRun(0, pages.stored_count(), [&](const PageRun& run) {
    const ByteView bytes = pages.Bytes(run);
    for (std::uint64_t i = 0; i < run.count && found.size() < kMostHeaders; ++i) {
      const auto signature = bytes.TryRead<Le16>(i * kPageSize);
      if (signature && *signature == kImageDosSignature) found.push_back(run.first + i);
    }
  });
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<Module> DriverAt(const AddressSpace& space, VirtAddr base) {
  const auto size = ReadSizeOfImage(space, base);
  if (!size || !PlausibleModule(space, base, *size)) return std::nullopt;
  Module module;
  module.base = base;
  module.size = *size;
  const auto image = ReadDriverImage(space, module);
  if (!image || image->is_64bit != (PointerSize(space.machine()) == 8)) return std::nullopt;
  module.name = ReadOwnName(space, *image);
  if (module.name.empty()) module.name = UnknownModuleName(base);
  module.timestamp = PeTimestamp(space, base);
  return module;
}

}  // namespace

std::vector<Module> FindMappedDrivers(const AddressSpace& space) {
  std::vector<Module> drivers;
  if (!space.maps_kernel()) return drivers;
  const std::vector<Pfn> headers = PagesThatBeginAnImage(space.image().pages());
  const ReverseMap addresses = ReverseMap::Build(space, headers);
  for (const Pfn pfn : headers) {
    const auto address = addresses.Find(pfn);
    if (!address || drivers.size() >= kMostDrivers) continue;
    if (auto driver = DriverAt(space, *address)) drivers.push_back(std::move(*driver));
  }
  std::sort(drivers.begin(), drivers.end(), [](const Module& a, const Module& b) { return a.base < b.base; });
  return drivers;
}

System WithMappedDrivers(const AddressSpace& space, System system) {
  const auto is_loaded = [](const Module& module) { return !module.unloaded; };
  if (std::any_of(system.modules.begin(), system.modules.end(), is_loaded)) return system;
  std::vector<Module> drivers = FindMappedDrivers(space);
  const auto kernel =
      std::find_if(drivers.begin(), drivers.end(), [](const Module& module) { return module.name == "ntoskrnl.exe"; });
  if (kernel != drivers.end()) {
    if (!system.kernel_image_base) system.kernel_image_base = kernel->base;
    std::rotate(drivers.begin(), kernel, kernel + 1);
  }
  system.modules.insert(system.modules.begin(), drivers.begin(), drivers.end());
  return system;
}

}  // namespace poolblame
