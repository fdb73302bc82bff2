// `poolblame synth "RECIPE" -o FILE`: makes an image whose truth is known, to see what poolblame says of it.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/output.h"
#include "samples/builder.h"

namespace poolblame::cli {
namespace {

struct SynthOptions {
  std::vector<std::string> words;
  std::string output, truth;
};

ExitStatus RunSynth(const SynthOptions& options) {
  const std::string recipe = fmt::format("{}", fmt::join(options.words, " "));
  Result<FileReplacement> file = FileReplacement::Create(options.output);
  if (!file) return Failed(options.output, file.error());
  const Result<samples::Truth> truth = samples::WriteSample(recipe, file->stream());
  if (!truth) return Failed("recipe", truth.error());
  if (const WriteResult written = file->Commit(); !written) return Failed(options.output, written.error());
  if (options.truth.empty()) return ExitStatus::kClean;
  return Deliver(samples::TruthJson(*truth, recipe) + "\n", options.truth, ExitStatus::kClean);
}

}  // namespace

void AddSynthCommand(CLI::App& program, ChosenCommand& chosen) {
  auto options = std::make_shared<SynthOptions>();
  CLI::App& command = *program.add_subcommand("synth", "make an image with known damage from one line");
  command.add_option("RECIPE", options->words, "words of the form key=value, in one argument or several")
      ->required()
      ->type_name("");
  command.add_option("-o,--output", options->output, "the image to write")->required()->type_name("FILE");
  command.add_option("--truth", options->truth, "write what was really done to this file, as JSON")->type_name("FILE");
  command.footer(samples::RecipeHelp());
  command.callback([options, &chosen] { chosen = [options] { return RunSynth(*options); }; });
}

}  // namespace poolblame::cli
