#include "parser/pool/kernel_image.h"

#include <algorithm>

namespace poolblame {

void LookThroughKernel(const AddressSpace& space, const System& system,
                       const std::function<bool(VirtAddr page, ByteView bytes)>& found) {
  if (system.modules.empty() || system.modules.front().unloaded) return;
  const Module& kernel = system.modules.front();  // the kernel loads itself first
  if (kernel.base < space.kernel_base() || kernel.base.page_offset() != 0) return;
  for (std::uint64_t at = 0; at < std::min(kernel.size, kMostKernelImage); at += kPageSize) {
    const PageBytes page = space.Page(kernel.base + at);
    if (page.presence == Presence::kPresent && found(kernel.base + at, page.bytes)) return;
  }
}

}  // namespace poolblame
