// The tables of a triage dump. Names lie in the dump's string pool: a u32 that sources call characters (and one calls
// bytes), then UTF-16 that ends with NUL; reading characters up to the NUL is right either way (30 real dumps of
// Windows 10 and 11 count characters).
#include <algorithm>

#include "parser/base/little_endian.h"
#include "parser/format/loader_entry.h"
#include "parser/kernel/module_name.h"
#include "parser/kernel/modules.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kMaxNameCharacters = 512;  // a path has up to 260

bool Is32Bit(const AddressSpace& space) { return PointerSize(space.machine()) == 4; }

std::uint64_t PointerAt(ByteView bytes, std::uint64_t offset, bool is_32bit) {
  if (is_32bit) return bytes.TryRead<Le32>(offset).value_or(Le32{});
  return bytes.TryRead<Le64>(offset).value_or(Le64{});
}

std::string NameAt(ByteView file, std::uint64_t offset) {
  const auto length = file.TryRead<Le32>(offset);
  if (offset == 0 || !length) return {};
  const std::uint64_t room = file.size() - offset - sizeof(Le32);
  const std::uint64_t bytes = std::min<std::uint64_t>({std::uint64_t{*length} * 2, kMaxNameCharacters * 2, room});
  return PrintableUtf16({file.data() + offset + sizeof(Le32), static_cast<std::size_t>(bytes)});
}

/// An unloaded driver from the bytes of its entry; its name is cut to 12 characters by the dump's writer.
std::optional<Module> UnloadedEntry(const AddressSpace& space, ByteView entry, const UnloadedDriverLayout& layout) {
  Module module;
  module.unloaded = true;
  module.base = VirtAddr{PointerAt(entry, layout.start, Is32Bit(space))};
  const std::uint64_t end = PointerAt(entry, layout.end, Is32Bit(space));
  module.size = end - module.base.value;
  if (end < module.base.value || !PlausibleModule(space, module.base, module.size)) return std::nullopt;
  const std::uint32_t length = entry.TryRead<Le16>(layout.string.length).value_or(Le16{});
  const std::uint32_t kept = std::min(length, kTriageUnloadedNameBytes);
  if (entry.Contains(layout.name_characters, kept))
    module.name = PrintableUtf16({entry.data() + layout.name_characters, kept});
  if (module.name.empty()) return std::nullopt;
  return module;
}

}  // namespace

std::vector<Module> ReadTriageModules(const AddressSpace& space, const TriageTables& tables) {
  std::vector<Module> modules;
  const ByteView file = space.image().bytes();
  const TriageDriverLayout& layout = Is32Bit(space) ? kTriageDriver32 : kTriageDriver64;
  for (std::uint64_t i = 0; i < tables.driver_count; ++i) {
    const std::uint64_t at = tables.driver_list.value + i * layout.stride;
    if (!file.Contains(at, layout.stride)) break;
    Module module;
    module.base = VirtAddr{PointerAt(file, at + layout.dll_base, Is32Bit(space))};
    module.size = file.TryRead<Le32>(at + layout.size_of_image).value_or(Le32{});
    if (!PlausibleModule(space, module.base, module.size)) continue;
    module.path = NameAt(file, file.TryRead<Le32>(at + layout.name_offset).value_or(Le32{}));
    module.name = LastComponent(module.path);
    if (module.name == module.path) module.path.clear();  // newer writers keep the bare name only
    module.timestamp = file.TryRead<Le32>(at + layout.timestamp).value_or(Le32{});
    modules.push_back(std::move(module));
  }
  return modules;
}

std::vector<Module> ReadTriageUnloaded(const AddressSpace& space, const TriageTables& tables) {
  std::vector<Module> modules;
  if (tables.unloaded_drivers.value == 0) return modules;
  const ByteView file = space.image().bytes();
  const UnloadedDriverLayout& layout = Is32Bit(space) ? kTriageUnloaded32 : kTriageUnloaded64;
  const std::uint32_t count = file.TryRead<Le32>(tables.unloaded_drivers.value).value_or(Le32{});
  for (std::uint64_t i = 0; i < std::min(count, kUnloadedDriverSlots); ++i) {
    const std::uint64_t at = tables.unloaded_drivers.value + layout.count_size + i * layout.stride;
    if (!file.Contains(at, layout.stride)) break;
    auto module = UnloadedEntry(space, {file.data() + at, layout.stride}, layout);
    if (module) modules.push_back(std::move(*module));
  }
  return modules;
}

std::vector<Module> ReadUnloadedRing(const AddressSpace& space, VirtAddr variable) {
  std::vector<Module> modules;
  const UnloadedDriverLayout& layout = Is32Bit(space) ? kMmUnloaded32 : kMmUnloaded64;
  const auto ring = space.ReadPointer(variable);
  if (!ring || *ring < space.kernel_base()) return modules;
  for (std::uint64_t i = 0; i < kUnloadedDriverSlots; ++i) {
    const VirtAddr slot = *ring + i * layout.stride;
    const auto start = space.ReadPointer(slot + layout.start);
    const auto end = space.ReadPointer(slot + layout.end);
    if (!start || !end || *end < *start || !PlausibleModule(space, *start, *end - *start)) continue;
    std::string name = ReadUnicodeString(space, slot, layout.string);
    if (name.empty()) continue;
    modules.push_back({std::string(LastComponent(name)), {}, *start, *end - *start, 0, true});
  }
  return modules;
}

}  // namespace poolblame
