// What the registers held when a check failed (0x139): a damaged LIST_ENTRY or tree node is in one of them, and no
// parameter of the bug check names it.
#pragma once

#include "parser/image/address_space.h"
#include "parser/kernel/bugcheck.h"

namespace poolblame {

/// For 0x139 of a LIST_ENTRY or of a balanced tree on x64: fills `registers` with the kernel addresses that the trap
/// frame of parameter 2 holds in the volatile registers. Does nothing where the frame is not in the image.
void AddTrapFrameRegisters(const AddressSpace& space, BugCheck& bugcheck);

}  // namespace poolblame
