#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <new>
#include <sstream>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/escape.h"
#include "cli/suggest.h"
#include "cli/version.h"

namespace poolblame::cli {
namespace {

std::vector<std::string> CommandNames(const CLI::App& program) {
  std::vector<std::string> names;
  for (const CLI::App* command : program.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

std::vector<std::string> OptionNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

/// What is wrong where no command was recognised.
std::string NoCommandText(const CLI::App& program) {
  const std::vector<std::string> names = CommandNames(program);
  for (const std::string& word : program.remaining()) {
    if (word.starts_with("-"))
      return fmt::format("unknown option '{}'{}", Escaped(word), DidYouMean(word, OptionNames(program)));
    const std::string near = DidYouMean(word, names);
    return fmt::format("unknown command '{}'{}", Escaped(word),
                       near.empty() ? fmt::format("; there are {}", fmt::join(names, ", ")) : near);
  }
  return fmt::format("a command is needed: {} (--help explains them)", fmt::join(names, ", "));
}

/// What is wrong with the words behind a command; CLI11's own words where ours would not be better.
std::string UsageText(const CLI::App& program, const CLI::ParseError& error) {
  const std::vector<CLI::App*> chosen = program.get_subcommands();
  if (chosen.empty()) return NoCommandText(program);
  const CLI::App& command = *chosen.front();
  const std::vector<std::string> unexpected = command.remaining();
  for (const std::string& word : unexpected) {
    if (word.size() > 1 && word.front() == '-')
      return fmt::format("unknown option '{}'{}", Escaped(word), DidYouMean(word, OptionNames(command)));
  }
  if (!unexpected.empty())
    return fmt::format("'{}' is one argument too many for '{}'", Escaped(unexpected.front()), command.get_name());
  return fmt::format("{}: {}", command.get_name(), Escaped(error.what()));
}

ExitStatus Help(const CLI::App& program, const CLI::ParseError& error) {
  std::ostringstream out, err;
  program.exit(error, out, err);
  return Deliver(out.str(), "", ExitStatus::kClean);
}

ExitStatus Run(int argc, const char* const* argv) {
  CLI::App program("Reads a Windows kernel crash dump or memory image and says who corrupted the pool.", "poolblame");
  program.set_version_flag("--version", std::string("poolblame ") + kVersion);
  program.require_subcommand(1);
  program.footer(kExitStatusHelp);
  ChosenCommand chosen;
  AddAnalyzeCommand(program, chosen);
  AddCorrelateCommand(program, chosen);
  AddFindCommand(program, chosen);
  AddInfoCommand(program, chosen);
  AddPageCommand(program, chosen);
  AddTagCommand(program, chosen);
  AddUsageCommand(program, chosen);
  AddSynthCommand(program, chosen);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return Help(program, error);
    Complain(UsageText(program, error));
    return ExitStatus::kUsage;
  }
  return chosen();
}

}  // namespace

ExitStatus RunCommandLine(int argc, const char* const* argv) {
  try {
    return Run(argc, argv);
  } catch (const std::bad_alloc&) {
    Complain("a defect of poolblame: out of memory");
  } catch (const std::exception& error) {
    Complain("a defect of poolblame: " + Escaped(error.what()));
  } catch (...) {
    Complain("a defect of poolblame: unknown exception");
  }
  return ExitStatus::kDefect;
}

}  // namespace poolblame::cli
