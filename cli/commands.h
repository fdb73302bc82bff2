// The commands, one file each. Each adds itself to the program and, when it is the one chosen, leaves in `chosen` what
// is to be done.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "cli/exit_status.h"

namespace poolblame::cli {

using ChosenCommand = std::function<ExitStatus()>;

void AddAnalyzeCommand(CLI::App& program, ChosenCommand& chosen);
void AddCorrelateCommand(CLI::App& program, ChosenCommand& chosen);
void AddFindCommand(CLI::App& program, ChosenCommand& chosen);
void AddInfoCommand(CLI::App& program, ChosenCommand& chosen);
void AddPageCommand(CLI::App& program, ChosenCommand& chosen);
void AddTagCommand(CLI::App& program, ChosenCommand& chosen);
void AddUsageCommand(CLI::App& program, ChosenCommand& chosen);
void AddSynthCommand(CLI::App& program, ChosenCommand& chosen);

}  // namespace poolblame::cli
