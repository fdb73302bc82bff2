// What a file is packed in: compression, archives, and both. Private to parser/image.
#pragma once

#include <optional>
#include <string>

#include "parser/image/unpack.h"

namespace poolblame {

struct Unwrapped {
  std::optional<UnpackedBytes> content;  // nothing when the file is not packed
  std::string layers = "none";           // "gzip", "zip", "gzip/tar", "zip/gzip": outermost first
  std::string member;                    // the file in the archive
  UnpackNote cut;                        // the first thing that was not whole
};

/// Takes off every layer, up to three, each up to `limit` bytes. Fails as Unpack and UnpackArchive do, and with
/// kUnsupported when there are more layers.
Result<Unwrapped> Unwrap(ByteView bytes, std::uint64_t limit);

}  // namespace poolblame
