// The options that several commands share, and how their values are read.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/analysis.h"
#include "cli/render_text.h"

namespace poolblame::cli {

struct ImageOptions {
  std::string path;
  std::string base, machine, layout, symbols;
  std::optional<std::uint32_t> build;
  unsigned threads = 0;  // 0 = as many as the machine has

  /// Reads the file of --symbols; fails as that does.
  [[nodiscard]] Result<AnalysisOptions> ToAnalysisOptions() const;
};
/// IMAGE, --base, --machine, --build, --layout, --symbols, --threads.
void AddImageOptions(CLI::App& command, ImageOptions& options);

struct OutputOptions {
  std::string file;  // empty = standard output
  std::string color = "auto";
  bool verbose = false;
  std::size_t top = 3;

  /// Colour and width as the options, the environment and the terminal say.
  [[nodiscard]] TextOptions ToTextOptions() const;
};
/// --output, --color, --verbose.
void AddOutputOptions(CLI::App& command, OutputOptions& options);

/// --format with these choices; the first is the default.
void AddFormatOption(CLI::App& command, std::string& format, const std::vector<std::string>& choices);
/// --explain [N].
void AddExplainOption(CLI::App& command, ExplainChoice& choice);
/// --pooltag FILE[=DRIVER], as often as there are files.
void AddPoolTagOption(CLI::App& command, std::vector<std::string>& files);

/// A kernel address as people write it: 0xfffff80012345678, fffff80012345678, fffff800`12345678. Always hexadecimal.
std::optional<std::uint64_t> ParseAddress(std::string_view text);
/// The number of an incident; "all" or nothing for all.
std::optional<ExplainChoice> ParseExplainChoice(const std::string& text);
/// Accepts what ParseAddress accepts.
CLI::Validator IsAddress();
/// Accepts what ParseTagPattern (usage_view.h) accepts.
CLI::Validator IsTagPattern();
/// Accepts one of `choices`; else says which are right and which is near.
CLI::Validator OneOf(const std::vector<std::string>& choices);

}  // namespace poolblame::cli
