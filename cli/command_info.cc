// `poolblame info IMAGE`: what kind of image is this, and what did the system say as it died?
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/render_info.h"
#include "cli/render_json.h"

namespace poolblame::cli {
namespace {

struct InfoOptions {
  ImageOptions image;
  OutputOptions output;
  std::string format;
};

ExitStatus RunInfo(const InfoOptions& options) {
  const Result<std::unique_ptr<Analysis>> analysis = ScanShowingProgress(options.image);
  if (!analysis) return Failed(options.image.path, analysis.error());
  const ImageReport& facts = (*analysis)->facts;
  const std::string content = options.format == "json" ? RenderInfoJson(facts, JsonForm::kIndented)
                                                       : RenderInfoText(facts, options.output.ToTextOptions());
  return Deliver(content, options.output.file, ExitStatus::kClean);
}

}  // namespace

void AddInfoCommand(CLI::App& program, ChosenCommand& chosen) {
  auto options = std::make_shared<InfoOptions>();
  CLI::App& command = *program.add_subcommand("info", "container, system, bug check, coverage and modules of an image");
  AddImageOptions(command, options->image);
  AddFormatOption(command, options->format, {"text", "json"});
  AddOutputOptions(command, options->output);
  command.callback([options, &chosen] { chosen = [options] { return RunInfo(*options); }; });
}

}  // namespace poolblame::cli
