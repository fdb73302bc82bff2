// The last step of every command: a finished result to where it belongs, a complaint to standard error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/exit_status.h"
#include "parser/base/error.h"
#include "pooltag/tag_database.h"

namespace poolblame::cli {

/// "poolblame: SENTENCE" on standard error. The sentence is escaped already.
void Complain(std::string_view sentence);

/// Complains about `error` and returns its status.
ExitStatus Failed(const std::string& file, const Error& error);

/// Writes a result to `file`, or to standard output where it is empty; returns `status`, or kUnreadable after a
/// complaint when it could not be written.
ExitStatus Deliver(std::string_view content, const std::string& file, ExitStatus status);

/// Or the status to end with: what is wrong has been said.
using LoadedTags = tl::expected<TagDatabase, ExitStatus>;

/// The built-in table with the user's files over it, each FILE or FILE=DRIVER. Says how many malformed lines of a file
/// were left out. Ends with kUnreadable for a file that cannot be read or is too large to be a table of tags.
LoadedTags LoadTags(const std::vector<std::string>& files);

}  // namespace poolblame::cli
