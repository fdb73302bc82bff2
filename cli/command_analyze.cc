// `poolblame analyze IMAGE`: who corrupted the pool?
#include <fmt/format.h>

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
  std::string format;
  std::vector<std::string> pooltag;
  ExplainChoice explain;
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
  if (options.format == "json") return RenderReportJson(facts, JsonForm::kIndented, options.explain);
  if (options.format == "jsonl") return RenderReportJson(facts, JsonForm::kOneLine, options.explain);
  TextOptions text = options.output.ToTextOptions();
  text.explain = options.explain;
  return RenderReportText(facts, text);
}

ExitStatus RunAnalyze(const AnalyzeOptions& options) {
  const LoadedTags tags = LoadTags(options.pooltag);
  if (!tags) return tags.error();
  const Result<std::unique_ptr<Analysis>> analysis = AnalyseShowingProgress(options.image, *tags);
  if (!analysis) return Failed(options.image.path, analysis.error());
  const ImageReport& facts = (*analysis)->facts;
  if (const std::size_t incidents = facts.report.incidents.size(); options.explain.incident.value_or(0) > incidents) {
    Complain(fmt::format("there is no incident {} to explain: this image has {}", *options.explain.incident,
                         incidents == 0 ? "none" : std::to_string(incidents)));
    return ExitStatus::kUsage;
  }
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
  AddExplainOption(command, options->explain);
  AddPoolTagOption(command, options->pooltag);
  AddOutputOptions(command, options->output);
  command.callback([options, &chosen] { chosen = [options] { return RunAnalyze(*options); }; });
}

}  // namespace poolblame::cli
