// Xpress as [MS-XCA] describes it, packed greedily by ourselves so that no library's version decides the bytes.
#pragma once

#include "samples/bytes.h"

namespace poolblame::samples {

/// Plain LZ77 (2.3).
Bytes PackXpress(const Bytes& plain);
/// LZ77 with Huffman codes (2.1), 65,536 bytes at most. All codes have nine bits, which is a complete code, if a poor
/// one; what comes out may be longer than what went in.
Bytes PackXpressHuffman(const Bytes& plain);

}  // namespace poolblame::samples
