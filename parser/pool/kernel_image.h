// The kernel's own image, page by page: where its variables are looked for without symbols.
#pragma once

#include <functional>

#include "parser/base/address.h"
#include "parser/base/byte_view.h"
#include "parser/image/address_space.h"
#include "parser/kernel/system.h"

namespace poolblame {

/// Shows the pages of ntoskrnl's image that are there to `found`, ascending, until it returns true. Does nothing where
/// the image's place is not known. Cost: at most kMostKernelImage bytes.
void LookThroughKernel(const AddressSpace& space, const System& system,
                       const std::function<bool(VirtAddr page, ByteView bytes)>& found);

inline constexpr std::uint64_t kMostKernelImage = 32 << 20;  // ntoskrnl has 9 to 18 MiB

}  // namespace poolblame
