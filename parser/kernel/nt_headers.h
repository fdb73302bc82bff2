// Where the headers of a loaded driver's image say that they are: the first page of every image in kernel memory.
// Source: Microsoft, "PE Format" (MS-DOS stub, signature, COFF and optional header).
#pragma once

#include <cstdint>
#include <optional>

#include "parser/image/address_space.h"

namespace poolblame {

/// The IMAGE_NT_HEADERS of the image that begins at `base`; nothing where none begins there, or its page is not in the
/// image. Reads ten bytes.
std::optional<VirtAddr> FindNtHeaders(const AddressSpace& space, VirtAddr base);
/// Bytes of the image in memory (SizeOfImage), as its headers say.
std::optional<std::uint32_t> ReadSizeOfImage(const AddressSpace& space, VirtAddr base);

}  // namespace poolblame
