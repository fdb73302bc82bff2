// The last step of every command: a finished result to where it belongs, a complaint to standard error.
#pragma once

#include <string>
#include <string_view>

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

/// The built-in table with the user's pooltag.txt over it (none when `file` is empty). Fails with kIo, or kLimit for a
/// file that is no pooltag.txt by its size.
Result<TagDatabase> LoadTags(const std::string& file);

}  // namespace poolblame::cli
