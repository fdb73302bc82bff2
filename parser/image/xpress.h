// The two Xpress algorithms of Windows, for hibernation files. Written from the public specification [MS-XCA], revision
// 9.0: section 2.4 (plain LZ77), section 2.2 (LZ77 with Huffman codes). Private to parser/image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "parser/base/byte_view.h"

namespace poolblame {

/// Unpacks plain LZ77 until `out` is full or `packed` ends; returns how many bytes there are now. Nothing when the data
/// cannot be: a match from before the beginning, or one whose parts are missing.
std::optional<std::size_t> UnpackXpress(ByteView packed, std::span<std::uint8_t> out);

/// The same for LZ77 with Huffman codes: one table of code lengths for every 65,536 bytes of `out`.
std::optional<std::size_t> UnpackXpressHuffman(ByteView packed, std::span<std::uint8_t> out);

}  // namespace poolblame
