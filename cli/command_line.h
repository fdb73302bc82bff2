// From the words that were typed to an exit status.
#pragma once

#include "cli/exit_status.h"

namespace poolblame::cli {

/// Runs the program. Results go to standard output, complaints to standard error. Never throws.
ExitStatus RunCommandLine(int argc, const char* const* argv);

}  // namespace poolblame::cli
