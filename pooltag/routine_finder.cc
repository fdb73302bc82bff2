#include "pooltag/routine_finder.h"

#include <algorithm>
#include <set>
#include <string>

#include "parser/base/ascii.h"
#include "pooltag/arm64_code.h"

namespace poolblame {
namespace {

/// The name the table knows the exporter by: the kernel's file has several.
std::string ExporterName(const Module& module, const System& system) {
  const bool is_kernel =
      system.kernel_image_base ? *system.kernel_image_base == module.base : &module == system.modules.data();
  if (is_kernel) return "ntoskrnl.exe";
  return Lower(module.name);
}

/// `jmp [slot]`, FF 25: a displacement from the next instruction on x64, an address on x86 (Intel SDM, JMP).
std::optional<VirtAddr> SlotOfThunk(const AddressSpace& space, VirtAddr code, bool is_64bit) {
  const auto opcode = space.Read<Le16>(code);
  if (!opcode || *opcode != 0x25FF) return std::nullopt;
  const auto field = space.Read<Le32>(code + 2);
  if (!field) return std::nullopt;
  if (!is_64bit) return VirtAddr{*field};
  return code + 6 + static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int32_t>(+*field)));
}

}  // namespace

ExportedRoutines::ExportedRoutines(const AddressSpace& space, const System& system) {
  std::set<std::string> read;  // a name that comes again is no second kernel
  for (const Module& module : system.modules) {
    const std::string name = ExporterName(module, system);
    if (module.unloaded || !ExportsPoolRoutines(name) || !read.insert(name).second) continue;
    const auto image = ReadDriverImage(space, module);
    if (!image) continue;
    for (const NamedAddress& routine : ReadExports(space, *image))
      if (const PoolRoutine* known = FindPoolRoutine(routine.name)) routines_.emplace(routine.address, known);
  }
}

const PoolRoutine* ExportedRoutines::At(VirtAddr code) const {
  const auto found = routines_.find(code);
  return found == routines_.end() ? nullptr : found->second;
}

RoutineFinder::RoutineFinder(const AddressSpace& space, const DriverImage& image, const ExportedRoutines& exports)
    : space_(&space), image_(&image), exports_(&exports) {
  for (const NamedAddress& slot : ReadImports(space, image))
    if (const PoolRoutine* known = FindPoolRoutine(slot.name)) slots_.emplace(slot.address, known);
}

const PoolRoutine* RoutineFinder::AtSlot(VirtAddr slot) const {
  if (const auto named = slots_.find(slot); named != slots_.end()) return named->second;
  if (!image_->Contains(slot)) return nullptr;
  const auto target = space_->ReadPointer(slot);
  return target ? exports_->At(*target) : nullptr;
}

const PoolRoutine* RoutineFinder::AtCode(VirtAddr code) const {
  if (const PoolRoutine* exported = exports_->At(code)) return exported;
  if (!image_->Contains(code)) return nullptr;
  const auto slot = image_->is_arm64 ? SlotOfArm64Thunk(*space_, code) : SlotOfThunk(*space_, code, image_->is_64bit);
  return slot ? AtSlot(*slot) : nullptr;
}

}  // namespace poolblame
