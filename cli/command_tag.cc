// `poolblame tag TAG…`: whose tag is it?
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/render_tag.h"

namespace poolblame::cli {
namespace {

struct TagOptions {
  std::vector<std::string> tags;
  std::string pooltag;
};

ExitStatus RunTag(const TagOptions& options) {
  const Result<TagDatabase> tags = LoadTags(options.pooltag);
  if (!tags) return Failed(options.pooltag, tags.error());
  std::string content;
  bool all_known = true;
  for (const std::string& typed : options.tags) {
    const TagAnswer answer = RenderTag(typed, *tags);
    content += answer.text;
    all_known = all_known && answer.known;
  }
  return Deliver(content, "", all_known ? ExitStatus::kClean : ExitStatus::kFound);
}

}  // namespace

void AddTagCommand(CLI::App& program, ChosenCommand& chosen) {
  auto options = std::make_shared<TagOptions>();
  CLI::App& command = *program.add_subcommand("tag", "who owns a pool tag");
  command.add_option("TAG", options->tags, "one to four characters as they lie in memory, or eight hex digits")
      ->required()
      ->type_name("");
  AddPoolTagOption(command, options->pooltag);
  command.callback([options, &chosen] { chosen = [options] { return RunTag(*options); }; });
}

}  // namespace poolblame::cli
