// Driver Verifier's log of pool calls, found without symbols: a pointer in the kernel's data leads to it, and its
// records look like nothing else (a kernel address, a size, a thread, code addresses inside of loaded modules).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "parser/image/address_space.h"
#include "parser/kernel/system.h"

namespace poolblame {

/// One allocation or free; the log does not say which.
struct PoolTrace {
  VirtAddr address{};  // what the caller was given, or gave back
  std::uint64_t bytes = 0;
  VirtAddr thread{};
  VirtAddr caller{};  // the first return address outside of the kernel; the first one where there is none
};

class PoolTraceLog {
 public:
  PoolTraceLog() = default;
  /// Looks for the log in the kernel's image. Empty without one. Cost: each page of ntoskrnl is looked at once, and
  /// what its pointers lead to, at most kMostPointers of them.
  PoolTraceLog(const AddressSpace& space, const System& system);

  /// The calls about the block at `address`, in the order of the log, which is a ring.
  [[nodiscard]] std::span<const PoolTrace> Of(VirtAddr address) const;
  [[nodiscard]] std::size_t size() const { return traces_.size(); }

  static constexpr std::size_t kMostRecords = std::size_t{1} << 16;  // 2 MiB here; Windows keeps as many
  static constexpr std::uint32_t kMostPointers = 1 << 17;            // seen: some 30,000 in ntoskrnl's data

 private:
  std::vector<PoolTrace> traces_;  // by address, those of one in the log's order
};

}  // namespace poolblame
