// Snappy in its framing format (framing_format.txt and format_description.txt of google/snappy). Only runs of one byte
// are packed: what comes out must be the same on every machine and for every version of a library.
#pragma once

#include "samples/bytes.h"

namespace poolblame::samples {

/// A whole stream: identifier, then chunks of up to 65,536 bytes with their checksums.
Bytes SnappyStream(const Bytes& plain);

}  // namespace poolblame::samples
