// Which pool routine a call in a driver's code leads to: through a slot of the import table, through a jump thunk, or
// straight into the kernel.
#pragma once

#include <unordered_map>

#include "parser/base/little_endian.h"
#include "parser/kernel/driver_image.h"
#include "pooltag/pool_routines.h"

namespace poolblame {

/// Addresses of the pool routines that the drivers of an image export. Made once an image.
class ExportedRoutines {
 public:
  ExportedRoutines() = default;
  ExportedRoutines(const AddressSpace& space, const System& system);
  [[nodiscard]] const PoolRoutine* At(VirtAddr code) const;

 private:
  std::unordered_map<VirtAddr, const PoolRoutine*> routines_;
};

/// The same for one driver: adds its import table by name, for where the exporter's own tables are not in the image.
class RoutineFinder {
 public:
  RoutineFinder(const AddressSpace& space, const DriverImage& image, const ExportedRoutines& exports);

  /// The routine behind the pointer at `slot`; nullptr where that is no pool routine or not known.
  [[nodiscard]] const PoolRoutine* AtSlot(VirtAddr slot) const;
  /// The routine that begins at `code`; a thunk (`jmp [slot]`, or its ARM64 form) counts as what it jumps to.
  [[nodiscard]] const PoolRoutine* AtCode(VirtAddr code) const;

  [[nodiscard]] const AddressSpace& space() const { return *space_; }
  [[nodiscard]] const DriverImage& image() const { return *image_; }

 private:
  const AddressSpace* space_;
  const DriverImage* image_;
  const ExportedRoutines* exports_;
  std::unordered_map<VirtAddr, const PoolRoutine*> slots_;
};

}  // namespace poolblame
