// Where a finished result goes. A result is whole in memory before its first byte is written, so that a file is either
// the whole result or what it was before, and a full disk is an error, never a short report with status 0.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "parser/base/error.h"

namespace poolblame::cli {

/// Nothing, or why it could not be written.
using WriteResult = Result<std::monostate>;

/// Writes `content` to standard output and flushes it. Fails with kIo; `what` is empty when the reader has gone away
/// (`| head`), which is no reason to complain.
WriteResult WriteStandardOutput(std::string_view content);

/// Replaces `path` by `content`: a temporary file beside it, then a rename. A device or pipe is written as it is.
WriteResult WriteFile(const std::string& path, std::string_view content);

}  // namespace poolblame::cli
