// `poolblame analyze IMAGE`: who corrupted the pool?
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/render_json.h"

namespace poolblame::cli {
namespace {

struct AnalyzeOptions {
  ImageOptions image;
  OutputOptions output;
  std::string format, pooltag;
};

ExitStatus StatusOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kCorrupt:
      return ExitStatus::kFound;
    case Verdict::kClean:
      return ExitStatus::kClean;
    case Verdict::kInconclusive:
      return ExitStatus::kInconclusive;
  }
  return ExitStatus::kDefect;
}

std::string Render(const ImageReport& facts, const AnalyzeOptions& options) {
  if (options.format == "json") return RenderReportJson(facts, JsonForm::kIndented);
  if (options.format == "jsonl") return RenderReportJson(facts, JsonForm::kOneLine);
  return RenderReportText(facts, options.output.ToTextOptions());
}

ExitStatus RunAnalyze(const AnalyzeOptions& options) {
  const Result<TagDatabase> tags = LoadTags(options.pooltag);
  if (!tags) return Failed(options.pooltag, tags.error());
  const Result<std::unique_ptr<Analysis>> analysis = AnalyseShowingProgress(options.image, *tags);
  if (!analysis) return Failed(options.image.path, analysis.error());
  const ImageReport& facts = (*analysis)->facts;
  return Deliver(Render(facts, options), options.output.file, StatusOf(facts.report.verdict));
}

}  // namespace

void AddAnalyzeCommand(CLI::App& program, ChosenCommand& chosen) {
  auto options = std::make_shared<AnalyzeOptions>();
  CLI::App& command = *program.add_subcommand("analyze", "find pool corruption in an image and name the culprit");
  AddImageOptions(command, options->image);
  AddFormatOption(command, options->format, {"text", "json", "jsonl"});
  command.add_option("--top", options->output.top, "suspects shown for an incident (text; JSON has all; default 3)")
      ->check(CLI::Range(1, 1000).description(""))
      ->type_name("N");
  AddPoolTagOption(command, options->pooltag);
  AddOutputOptions(command, options->output);
  command.callback([options, &chosen] { chosen = [options] { return RunAnalyze(*options); }; });
}

}  // namespace poolblame::cli
