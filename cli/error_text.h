// The one place where an Error becomes a sentence. Libraries return facts; the words are chosen here.
#pragma once

#include <string>

#include "cli/exit_status.h"
#include "parser/base/error.h"

namespace poolblame::cli {

/// One sentence without "poolblame:" and without a line end: "dump.dmp: page map needs 4096 bytes at 0x2000, file has
/// 812 left". Safe for a terminal.
std::string ErrorText(const std::string& file, const Error& error);

/// kUsage for a misuse of options, else kUnreadable.
ExitStatus ErrorStatus(const Error& error);

}  // namespace poolblame::cli
