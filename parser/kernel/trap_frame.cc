// _KTRAP_FRAME of x64, whose first part is the same from Windows 7 to 11. The registers that a callee must keep are not
// in it on this way into the kernel. Source: PDB-derived headers (Vergilius).
#include "parser/kernel/trap_frame.h"

#include <array>

#include "parser/kernel/bugcheck_sentence.h"

namespace poolblame {
namespace {

struct SavedRegister {
  std::uint32_t offset;
  const char* role;
};
constexpr std::array<SavedRegister, 7> kVolatile = {{{0x30, "rax at the failed check"},
                                                     {0x38, "rcx at the failed check"},
                                                     {0x40, "rdx at the failed check"},
                                                     {0x48, "r8 at the failed check"},
                                                     {0x50, "r9 at the failed check"},
                                                     {0x58, "r10 at the failed check"},
                                                     {0x60, "r11 at the failed check"}}};

constexpr std::uint32_t kSecurityCheckFailure = 0x139;
constexpr std::uint64_t kCorruptListEntry = 3, kInvalidBalancedTree = 0x1D;  // FAST_FAIL_ codes of winnt.h

}  // namespace

void AddTrapFrameRegisters(const AddressSpace& space, BugCheck& bugcheck) {
  if (bugcheck.code != kSecurityCheckFailure || space.machine() != Machine::kX64) return;
  if (bugcheck.parameters[0] != kCorruptListEntry && bugcheck.parameters[0] != kInvalidBalancedTree) return;
  const VirtAddr frame{bugcheck.parameters[1]};
  if (!IsKernelAddress(frame.value, space.machine())) return;
  for (const SavedRegister& saved : kVolatile) {
    const auto value = space.ReadPointer(frame + saved.offset);
    if (value && IsKernelAddress(value->value, space.machine()))
      bugcheck.registers.push_back({saved.role, *value, AddressUse::kDataReference});
  }
}

}  // namespace poolblame
