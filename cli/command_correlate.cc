// `poolblame correlate REPORT…`: who keeps standing next to the victims, over many dumps?
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/escape.h"
#include "cli/fleet_input.h"
#include "cli/fleet_state.h"
#include "cli/options.h"
#include "cli/render_correlate.h"
#include "heuristics/correlate.h"

namespace poolblame::cli {
namespace {

struct CorrelateOptions {
  std::vector<std::string> files;
  OutputOptions output;
  std::string format;
  std::vector<std::string> pooltag;
  bool partial = false;
};

Result<bool> ReadFile(const std::string& file, FleetInput& input) {
  if (file == "-") {
    input.ReadAll(std::cin, "standard input");
    return true;
  }
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) return Fail(ErrorKind::kIo, std::string("cannot be opened: ") + std::strerror(errno));
  input.ReadAll(in, file);
  if (in.bad()) return Fail(ErrorKind::kIo, "cannot be read");
  return true;
}

void TellUnreadable(const FleetInput& input) {
  if (input.unreadable_count == 0) return;
  for (const UnreadableLine& line : input.unreadable)
    Complain(fmt::format("{}: line {}: {}", Escaped(line.file), line.line, Escaped(line.what)));
  Complain(fmt::format("{} left out, {} used", input.unreadable_count, input.read));
}

ExitStatus StatusOf(FleetVerdict verdict) {
  switch (verdict) {
    case FleetVerdict::kCulprit:
    case FleetVerdict::kHardware:
      return ExitStatus::kFound;
    case FleetVerdict::kNobody:
      return ExitStatus::kClean;
    case FleetVerdict::kUndecided:
      break;
  }
  return ExitStatus::kInconclusive;
}

ExitStatus RunCorrelate(const CorrelateOptions& options) {
  const LoadedTags tags = LoadTags(options.pooltag);
  if (!tags) return tags.error();
  FleetInput input;
  for (const std::string& file : options.files)
    if (const auto read = ReadFile(file, input); !read) return Failed(file, read.error());
  TellUnreadable(input);
  const bool whole = input.unreadable_count == 0;
  if (options.partial)
    return Deliver(FleetStateLines(input.fleet), options.output.file,
                   whole ? ExitStatus::kClean : ExitStatus::kUnreadable);
  const Ranking ranking = Correlate(input.fleet, *tags);
  const std::string content = options.format == "json" ? RenderRankingJson(ranking)
                                                       : RenderRankingText(ranking, options.output.ToTextOptions());
  return Deliver(content, options.output.file, whole ? StatusOf(ranking.verdict) : ExitStatus::kUnreadable);
}

}  // namespace

void AddCorrelateCommand(CLI::App& program, ChosenCommand& chosen) {
  auto options = std::make_shared<CorrelateOptions>();
  CLI::App& command = *program.add_subcommand("correlate", "rank drivers and tags over the reports of many dumps");
  command
      .add_option("REPORT", options->files,
                  "files of reports (analyze --format jsonl or json) and of partial results; - is standard input")
      ->required()
      ->type_name("");
  AddFormatOption(command, options->format, {"text", "json"});
  command.add_flag("--partial", options->partial,
                   "write what these reports say as lines that correlate takes beside reports, in any order and "
                   "grouping with the same ranking");
  command.add_option("--top", options->output.top, "candidates shown (text; JSON has all; default 3)")
      ->check(CLI::Range(1, 1000).description(""))
      ->type_name("N");
  AddPoolTagOption(command, options->pooltag);
  AddOutputOptions(command, options->output);
  command.callback([options, &chosen] { chosen = [options] { return RunCorrelate(*options); }; });
}

}  // namespace poolblame::cli
