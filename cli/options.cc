#include "cli/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "cli/escape.h"
#include "cli/platform.h"
#include "cli/suggest.h"
#include "cli/symbol_file.h"
#include "cli/text_writer.h"
#include "cli/usage_view.h"
#include "parser/format/pool_header.h"

namespace poolblame::cli {
namespace {

constexpr unsigned kMostThreads = 256;
constexpr std::size_t kFewestColumns = 60;  // narrower, sentences fall apart

std::vector<std::string> LayoutNames() {
  std::vector<std::string> names;
  for (const PoolHeaderLayout& layout : PoolHeaderLayouts()) names.emplace_back(layout.name);
  return names;
}

}  // namespace

std::optional<std::uint64_t> ParseAddress(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  std::string digits(text);
  if (const std::size_t tick = digits.find('`'); tick != std::string::npos) digits.erase(tick, 1);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<ExplainChoice> ParseExplainChoice(const std::string& text) {
  if (text.empty() || text == "all") return ExplainChoice{true, std::nullopt};
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0) return std::nullopt;
  return ExplainChoice{true, number};
}

CLI::Validator IsAddress() {
  const auto check = [](std::string& value) -> std::string {
    if (ParseAddress(value)) return "";
    return fmt::format("'{}' is no address (hexadecimal, for example 0xfffff80012345000)", Escaped(value));
  };
  return CLI::Validator(check, "");
}

CLI::Validator IsTagPattern() {
  const auto check = [](std::string& value) -> std::string {
    if (ParseTagPattern(value)) return "";
    return fmt::format("'{}' is no tag: one to four characters, ? any one of them, * any rest", Escaped(value));
  };
  return CLI::Validator(check, "");
}

CLI::Validator OneOf(const std::vector<std::string>& choices) {
  const auto check = [choices](std::string& value) -> std::string {
    if (std::find(choices.begin(), choices.end(), value) != choices.end()) return "";
    return fmt::format("'{}' is none of {}{}", Escaped(value), fmt::join(choices, ", "), DidYouMean(value, choices));
  };
  return CLI::Validator(check, "");
}

namespace {

Machine MachineOf(const std::string& name) {
  for (const Machine machine : {Machine::kX86, Machine::kX64, Machine::kArm64})
    if (name == MachineName(machine)) return machine;
  return Machine::kUnknown;
}

}  // namespace

Result<AnalysisOptions> ImageOptions::ToAnalysisOptions() const {
  AnalysisOptions options;
  if (const auto address = ParseAddress(base)) options.open.base = VirtAddr{*address};
  if (!machine.empty()) options.open.machine = MachineOf(machine);
  options.open.build = build;
  options.scan.threads = threads;
  if (!layout.empty()) options.scan.forced_layout = layout;
  if (symbols.empty()) return options;
  Result<KernelSymbols> read = ReadSymbolFile(symbols);
  if (!read) return tl::unexpected(read.error());
  options.symbols = std::move(*read);
  return options;
}

void AddImageOptions(CLI::App& command, ImageOptions& options) {
  command.add_option("IMAGE", options.path, "crash dump or memory image, may be .zst, .gz, .xz or .bz2")
      ->required()
      ->type_name("");
  command.add_option("--base", options.base, "the file is bare pool pages that start at this address")
      ->check(IsAddress())
      ->type_name("ADDRESS");
  command.add_option("--machine", options.machine, "machine, where the image does not say")
      ->check(OneOf({"x86", "x64", "arm64"}))
      ->type_name("x86|x64|arm64");
  command.add_option("--build", options.build, "Windows build, where the image does not say")->type_name("N");
  command
      .add_option(
          "--layout", options.layout,
          "read pool headers this way, whatever the image says: " + fmt::format("{}", fmt::join(LayoutNames(), ", ")))
      ->check(OneOf(LayoutNames()))
      ->type_name("NAME");
  command
      .add_option("--symbols", options.symbols,
                  "the kernel's symbols (JSON of Volatility 3, may be .xz), where the image does not say where its "
                  "variables are")
      ->type_name("FILE");
  command.add_option("--threads", options.threads, "threads of the scan; the report does not depend on it")
      ->check(CLI::Range(1U, kMostThreads).description(""))
      ->type_name("N");
}

TextOptions OutputOptions::ToTextOptions() const {
  const bool terminal = file.empty() && IsTerminal(stdout);
  ColorChoice choice = ColorChoice::kAuto;
  if (color == "always") choice = ColorChoice::kAlways;
  if (color == "never") choice = ColorChoice::kNever;
  TextOptions text;
  text.palette = Palette(WantsColor(choice, terminal, std::getenv("NO_COLOR")));
  text.columns = kMaxColumns;
  if (terminal) text.columns = std::clamp(TerminalColumns(stdout), kFewestColumns, kMaxColumns);
  text.verbose = verbose;
  text.top = top;
  return text;
}

void AddOutputOptions(CLI::App& command, OutputOptions& options) {
  command.add_option("--output", options.file, "write the result to this file instead of standard output")
      ->type_name("FILE");
  command.add_option("--color", options.color, "colour; auto: on a terminal, unless NO_COLOR is set")
      ->check(OneOf({"auto", "always", "never"}))
      ->type_name("auto|always|never");
  command.add_flag("--verbose", options.verbose, "say everything: weights, all incidents, all notes");
}

void AddFormatOption(CLI::App& command, std::string& format, const std::vector<std::string>& choices) {
  format = choices.front();
  command.add_option("--format", format, "form of the result (default " + choices.front() + ")")
      ->check(OneOf(choices))
      ->type_name(fmt::format("{}", fmt::join(choices, "|")));
}

void AddExplainOption(CLI::App& command, ExplainChoice& choice) {
  const auto check = [](std::string& value) -> std::string {
    if (ParseExplainChoice(value)) return "";
    return fmt::format("'{}' is no incident's number (write --explain=N, or --explain behind IMAGE)", Escaped(value));
  };
  const auto set = [&choice](const std::string& value) { choice = *ParseExplainChoice(value); };
  command
      .add_option_function<std::string>(
          "--explain", set, "show how incident N was weighed, all without N: hypotheses, signals, weights, sums")
      ->expected(0, 1)
      ->check(CLI::Validator(check, ""))
      ->type_name("[N]");
}

void AddPoolTagOption(CLI::App& command, std::vector<std::string>& files) {
  command
      .add_option(
          "--pooltag", files,
          "a pooltag.txt, localtag.txt or C header with tags (DRIVER: whose those are that name none); wins over "
          "the built-in table; may be given several times")
      ->expected(1)
      ->allow_extra_args(false)  // what follows a file is an argument of its own
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("FILE[=DRIVER]");
}

}  // namespace poolblame::cli
