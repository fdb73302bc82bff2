// Snappy's framing format, as AVML writes it. Private to parser/image.
#pragma once

#include <cstdint>
#include <string>

#include "parser/base/byte_view.h"
#include "parser/image/unpack.h"

namespace poolblame {

/// How one framed stream ended.
struct SnappyStream {
  std::uint64_t packed_bytes = 0;  // read of the file, whole chunks
  std::uint64_t plain_bytes = 0;   // given to the sink
  std::string objection;           // what is wrong with the chunk behind them, as the end of a note; empty = nothing
};

/// Unpacks the stream at the start of `packed` until `wanted` bytes have come, or as far as it is sound: each chunk's
/// checksum is tested. Stops, too, when the sink is full (no objection: the sink knows).
SnappyStream UnpackSnappyStream(ByteView packed, std::uint64_t wanted, UnpackSink& sink);

}  // namespace poolblame
