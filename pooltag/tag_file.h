// A file of tags that the user brings: a pooltag.txt, a localtag.txt or a C header.
#pragma once

#include <string_view>

#include "parser/base/byte_view.h"
#include "pooltag/tag_entry.h"

namespace poolblame {

/// What kind of file it is, its content tells: it is read both ways, and the reading with more rows is right, the
/// text's where both have as many. Rows are marked as of the file `name`, and `driver`, where it is not empty, is the
/// driver of rows that name none. Never fails. Cost: linear in the file.
TagRows ReadTagFile(ByteView bytes, std::string_view name, std::string_view driver);

}  // namespace poolblame
