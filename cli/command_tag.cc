// `poolblame tag TAG…`: whose tag is it? With --image also by the code of the drivers in that image.
#include <algorithm>

#include "cli/analysis.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/render_tag.h"
#include "cli/render_tag_code.h"
#include "parser/kernel/mapped_drivers.h"

namespace poolblame::cli {
namespace {

struct TagOptions {
  std::vector<std::string> tags, pooltag;
  std::string image;
};

/// The drivers of an open image, and what its code says of the tags that were asked for.
struct DriversOfImage {
  explicit DriversOfImage(Image opened)
      : image(std::move(opened)), space(image), system(WithMappedDrivers(space, ReadSystem(space))) {}
  Image image;
  AddressSpace space;  // holds a pointer to `image`
  System system;
};

ExitStatus AnswerWithImage(const TagOptions& options, const TagDatabase& tags) {
  Result<Image> image = Image::Open(options.image, {});
  if (!image) return Failed(options.image, image.error());
  const DriversOfImage drivers(std::move(*image));
  std::vector<PoolTag> wanted;
  for (const std::string& typed : options.tags)
    if (const auto tag = TypedTag(typed)) wanted.push_back(*tag);
  const CodeSearch search = SearchDriverCode(drivers.space, drivers.system, wanted);
  std::string content;
  bool all_known = true;
  for (const std::string& typed : options.tags) {
    const TagAnswer answer = RenderTag(typed, tags);
    content += answer.text;
    const auto tag = TypedTag(typed);
    if (tag) content += RenderTagCode(*tag, search, drivers.system, tags);
    all_known =
        all_known && tag && (answer.known || NamedByCode(RankByCode(*tag, search, drivers.system, tags)) != nullptr);
  }
  return Deliver(content, "", all_known ? ExitStatus::kClean : ExitStatus::kFound);
}

/// All tags of the pool, those of most blocks first.
ExitStatus AnswerForPool(const TagOptions& options, const TagDatabase& tags) {
  const Result<std::unique_ptr<Analysis>> analysis = ScanImage(options.image, {});
  if (!analysis) return Failed(options.image, analysis.error());
  const ImageReport& facts = (*analysis)->facts;
  std::vector<TagCount> counts;
  std::vector<PoolTag> wanted;
  for (const auto& [tag, statistics] : facts.census.tags) {
    if (statistics.allocated == 0 || !tag.plausible()) continue;
    counts.push_back({tag, statistics.allocated});
    wanted.push_back(tag);
  }
  std::stable_sort(counts.begin(), counts.end(),
                   [](const TagCount& a, const TagCount& b) { return a.allocated > b.allocated; });
  const System system = WithMappedDrivers((*analysis)->space, facts.system);
  const CodeSearch search = SearchDriverCode((*analysis)->space, system, wanted);
  return Deliver(RenderAllTagCode(counts, search, system, tags), "", ExitStatus::kClean);
}

ExitStatus AnswerByTable(const TagOptions& options, const TagDatabase& tags) {
  std::string content;
  bool all_known = true;
  for (const std::string& typed : options.tags) {
    const TagAnswer answer = RenderTag(typed, tags);
    content += answer.text;
    all_known = all_known && answer.known;
  }
  return Deliver(content, "", all_known ? ExitStatus::kClean : ExitStatus::kFound);
}

ExitStatus RunTag(const TagOptions& options) {
  const LoadedTags tags = LoadTags(options.pooltag);
  if (!tags) return tags.error();
  if (options.tags.empty() && options.image.empty()) {
    Complain("tag: TAG or --image is required");
    return ExitStatus::kUsage;
  }
  if (options.image.empty()) return AnswerByTable(options, *tags);
  return options.tags.empty() ? AnswerForPool(options, *tags) : AnswerWithImage(options, *tags);
}

}  // namespace

void AddTagCommand(CLI::App& program, ChosenCommand& chosen) {
  auto options = std::make_shared<TagOptions>();
  CLI::App& command = *program.add_subcommand("tag", "who owns a pool tag");
  command
      .add_option(
          "TAG", options->tags,
          "one to four characters as they lie in memory, or eight hex digits; none with --image: all of its pool")
      ->type_name("");
  command.add_option("--image", options->image, "search the drivers' code in this image for the tag")
      ->type_name("FILE");
  AddPoolTagOption(command, options->pooltag);
  command.callback([options, &chosen] { chosen = [options] { return RunTag(*options); }; });
}

}  // namespace poolblame::cli
