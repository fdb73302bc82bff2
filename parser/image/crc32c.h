// CRC-32C (Castagnoli), the checksum of snappy's framing format. Boost has it a byte at a time, which takes longer than
// the unpacking. Private to parser/image.
#pragma once

#include <cstdint>

#include "parser/base/byte_view.h"

namespace poolblame {

/// As RFC 3720 defines it: 32 bytes of zero have 0x8A9136AA.
std::uint32_t Crc32c(ByteView bytes);

}  // namespace poolblame
