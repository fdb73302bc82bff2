// What drivers added to a crash dump from their bug check callbacks. Private to parser/image.
#pragma once

#include <cstdint>

#include "parser/base/byte_view.h"
#include "parser/image/image.h"

namespace poolblame {

/// Lists the blocks that begin at file offset `at`, behind the last page (or, of a triage dump, where it says that it
/// ends) into `facts`. Nothing where none begin there: a dump may end with anything. What is cut or cannot be becomes
/// one note and ends the list; memory has nothing to do with it, so nothing fails. Reads the blocks' headers only.
void ReadSecondaryData(ByteView bytes, std::uint64_t at, ImageFacts& facts);

}  // namespace poolblame
